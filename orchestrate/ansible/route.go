package ansible

import (
	"path"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/topology"
)

// Host is the way to a host, as far as the inventory tells it, and whether it has the host. The error says what replssl cannot know of the
// way, or cannot do as Ansible would.
func (inv *Inventory) Host(name string) (topology.Route, bool, error) {
	h, ok := inv.hosts[name]
	if !ok {
		return topology.Route{}, false, nil
	}
	if _, both := inv.groups[name]; both {
		return topology.Route{}, true, inv.file.place(0).fault("%s is the name of a host and of a group: rename one of them", name)
	}
	vars, fault := inv.variablesOf(h)
	if fault != nil {
		return topology.Route{}, true, fault
	}
	way := &way{host: name, vars: vars, home: inv.file.Home}
	way.read()
	if way.fault != nil {
		return topology.Route{}, true, way.fault
	}
	return way.route, true, nil
}

// way works the variables of a host into a route. The first fault stays.
type way struct {
	host  string
	vars  variables
	home  string
	route topology.Route
	fault *Fault
}

// given finds a variable under any of its names. Where several are set the last one wins, as in Ansible's own plugins.
func (w *way) given(names ...string) (name, word string, ok bool) {
	for _, name := range slices.Backward(names) {
		v, set := w.vars[name]
		if !set || v.kind == null {
			continue
		}
		word, err := v.plain()
		if err != nil {
			w.refuse(name, "%v", err)
			return name, "", false
		}
		return name, word, true
	}
	return "", "", false
}

func (w *way) refuse(name, format string, args ...any) {
	if w.fault == nil {
		w.fault = w.vars[name].fault("%s: %s "+format, append([]any{w.host, name}, args...)...)
	}
}

func (w *way) read() {
	w.readConnection()
	w.readExecutable()
	w.readAddress()
	w.readUser()
	w.readKey()
	w.readBecome()
	w.readArguments()
}

func (w *way) readConnection() {
	name, word, ok := w.given("ansible_connection")
	switch strings.TrimPrefix(word, "ansible.builtin.") {
	case "ssh", "smart", "paramiko", "paramiko_ssh":
		return
	}
	if ok {
		w.refuse(name, "is %q: replssl reaches hosts by SSH only", word)
	}
}

// areUsualFlags says that the flags of sudo are among Ansible's own, which change nothing that replssl does.
func areUsualFlags(flags string) bool {
	return !slices.ContainsFunc(strings.Fields(flags), func(flag string) bool { return flag != "-H" && flag != "-S" && flag != "-n" })
}

func (w *way) readAddress() {
	if name, word, ok := w.given("ansible_host", "ansible_ssh_host"); ok {
		if w.route.Address = word; !isAddress(word) {
			w.refuse(name, "is %q, which is neither a name nor an address", word)
		}
	}
	if name, word, ok := w.given("ansible_port", "ansible_ssh_port"); ok {
		port, err := portNumber(word)
		if w.route.Port = port; err != nil {
			w.refuse(name, "%v", err)
		}
	}
}

func isAddress(word string) bool {
	strange := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:-", r))
	}
	return word != "" && len(word) <= 255 && !strings.ContainsFunc(word, strange) && word[0] != '-' && word[0] != '.'
}

func (w *way) readUser() {
	name, word, ok := w.given("ansible_user", "ansible_ssh_user")
	if !ok {
		return
	}
	if w.route.User = word; word == "" || strings.ContainsAny(word, " @") || word[0] == '-' {
		w.refuse(name, "is %q, which is no user", word)
	}
}

func (w *way) readKey() {
	name, word, ok := w.given("ansible_private_key_file", "ansible_ssh_private_key_file")
	rest, inHome := strings.CutPrefix(word, "~/")
	switch {
	case !ok || word == "":
	case inHome && w.home != "":
		w.route.IdentityFiles = []string{path.Join(w.home, rest)}
	case path.IsAbs(word):
		w.route.IdentityFiles = []string{path.Clean(word)}
	default:
		w.refuse(name, "is %q, which Ansible takes from the folder that it is started in: write the whole path, or one that begins with ~/", word)
	}
	if _, set := w.vars["ansible_ssh_private_key"]; set {
		w.refuse("ansible_ssh_private_key", "holds a key: put it into a file and name that by ansible_ssh_private_key_file")
	}
}

func (w *way) readExecutable() {
	if name, word, ok := w.given("ansible_ssh_executable"); ok && word != "ssh" && word != "/usr/bin/ssh" {
		w.refuse(name, "is set: replssl speaks SSH itself, and runs no program for it")
	}
}

func (w *way) readBecome() {
	name, word, ok := w.given("ansible_become")
	if !ok {
		return
	}
	become, err := truth(word)
	if err != nil {
		w.refuse(name, "%v", err)
	}
	if w.route.Sudo = become; !become {
		return
	}
	if name, word, ok := w.given("ansible_become_user", "ansible_sudo_user"); ok && word != "root" {
		w.refuse(name, "is %q: replssl becomes root and nobody else", word)
	}
	if name, word, ok := w.given("ansible_become_method"); ok && strings.TrimPrefix(word, "ansible.builtin.") != "sudo" {
		w.refuse(name, "is %q: replssl becomes root by sudo only", word)
	}
	if name, word, ok := w.given("ansible_become_exe", "ansible_sudo_exe"); ok && word != "sudo" {
		w.refuse(name, "is set: replssl becomes root by the sudo of the PATH only")
	}
	if name, word, ok := w.given("ansible_become_flags", "ansible_sudo_flags"); ok && !areUsualFlags(word) {
		w.refuse(name, "is set: replssl hands sudo no flags of others")
	}
}
