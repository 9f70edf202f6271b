package ansible

import "strings"

// readArguments looks for jump hosts in the arguments that Ansible hands to ssh, in the order in which it does; as with ssh, the first one
// counts. Arguments that would lead elsewhere are refused, and those that do not change the way are passed over.
func (w *way) readArguments() {
	for _, name := range []string{"ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"} {
		_, line, ok := w.given(name)
		if !ok {
			continue
		}
		args, err := words(line, false)
		if err != nil {
			w.refuse(name, "cannot be read: %v", err)
			return
		}
		w.readOptions(name, args)
	}
}

// withValue are the options of ssh that take a value (ssh(1)).
const withValue = "BbcDEeFIiJLlmOopPQRSWw"

func (w *way) readOptions(name string, args []string) {
	for i := 0; i < len(args); i++ {
		letters, isOption := strings.CutPrefix(args[i], "-")
		if !isOption {
			w.refuse(name, "has %q, which is no option of ssh", shown(args[i]))
			return
		}
		for n := range len(letters) {
			letter := letters[n]
			if !strings.ContainsRune(withValue, rune(letter)) {
				continue
			}
			word := letters[n+1:]
			if word == "" && i+1 < len(args) {
				i++
				word = args[i]
			}
			w.readOption(name, letter, word)
			break
		}
	}
}

func (w *way) readOption(name string, letter byte, word string) {
	switch letter {
	case 'J':
		w.jump(name, word)
	case 'l', 'p', 'i':
		w.refuse(name, "has -%c: use %s in its place", letter, map[byte]string{
			'l': "ansible_user", 'p': "ansible_port", 'i': "ansible_ssh_private_key_file",
		}[letter])
	case 'F':
		w.refuse(name, "has -F: name the file by ssh.config in the inventory of replssl")
	case 'o':
		w.readSetting(name, word)
	}
}

// readSetting reads what stands behind -o, which is a line of ssh_config.
func (w *way) readSetting(name, line string) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, "= \t")
	if end < 0 {
		w.refuse(name, "has -o %q, which has no value", shown(line))
		return
	}
	word := strings.Trim(strings.TrimLeft(line[end:], "= \t"), `"`)
	switch key := strings.ToLower(line[:end]); key {
	case "proxyjump":
		w.jump(name, word)
	case "proxycommand":
		if strings.EqualFold(word, "none") {
			w.jump(name, "none")
			return
		}
		w.refuse(name, "has ProxyCommand, which replssl does not run: write -J [USER@]HOST[:PORT] in its place")
	case "hostkeyalias":
		if w.route.HostKeyAlias == "" {
			w.route.HostKeyAlias = word
		}
	case "user", "port", "hostname", "identityfile":
		w.refuse(name, "has %s: use %s in its place", line[:end], map[string]string{
			"user": "ansible_user", "port": "ansible_port", "hostname": "ansible_host", "identityfile": "ansible_ssh_private_key_file",
		}[key])
	default:
		if !keepsTheWay(key) {
			w.refuse(name, "has %s, which replssl does not take from there: write it into the ssh_config that ssh.config names", shown(line[:end]))
		}
	}
}

// keepsTheWay says of an option of ssh_config(5), in lower case, that a host is reached all the same without it. Host keys are always
// checked, whatever is said of that.
func keepsTheWay(key string) bool {
	switch key {
	case "controlmaster", "controlpath", "controlpersist",
		"stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile", "checkhostip", "hashknownhosts", "updatehostkeys", "verifyhostkeydns",
		"serveraliveinterval", "serveralivecountmax", "tcpkeepalive", "connecttimeout", "connectionattempts", "compression", "ipqos", "rekeylimit",
		"loglevel", "batchmode", "requesttty", "escapechar", "visualhostkey", "sendenv", "setenv", "permitlocalcommand",
		"forwardagent", "forwardx11", "forwardx11trusted", "clearallforwardings", "exitonforwardfailure",
		"preferredauthentications", "passwordauthentication", "pubkeyauthentication", "kbdinteractiveauthentication",
		"challengeresponseauthentication", "gssapiauthentication", "gssapidelegatecredentials", "numberofpasswordprompts", "addkeystoagent",
		"ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "casignaturealgorithms":
		return true
	}
	return false
}

func (w *way) jump(name, word string) {
	if w.route.Jump != nil {
		return
	}
	w.route.Jump = []string{}
	for hop := range strings.SplitSeq(word, ",") {
		hop = strings.TrimPrefix(strings.TrimSpace(hop), "ssh://")
		switch {
		case hop == "" || strings.EqualFold(hop, "none"):
		case strings.ContainsAny(hop, " %/"):
			w.refuse(name, "has the jump host %q, which is not [USER@]HOST[:PORT]", hop)
		default:
			w.route.Jump = append(w.route.Jump, hop)
		}
	}
}
