package ansible

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/replssl/replssl/orchestrate/topology"
)

// TestTheWayToAHost: what each variable makes of the way.
func TestTheWayToAHost(t *testing.T) {
	for vars, want := range map[string]topology.Route{
		"":                         {},
		"ansible_host=192.0.2.1":   {Address: "192.0.2.1"},
		"ansible_ssh_host=::1":     {Address: "::1"},
		"ansible_user=a":           {User: "a"},
		"ansible_ssh_user=b":       {User: "b"},
		"ansible_ssh_port=2222":    {Port: 2222},
		"ansible_connection=ssh":   {},
		"ansible_become=yes":       {Sudo: true},
		"ansible_become=True":      {Sudo: true},
		"ansible_become=1":         {Sudo: true},
		"ansible_become=no":        {},
		"ansible_password='{{x}}'": {},

		// As Ansible itself, of two names for the same thing it is the second that counts (tried with ansible-core 2.19).
		"ansible_ssh_user=b ansible_user=a ansible_ssh_host=h2 ansible_host=h1": {Address: "h2", User: "b"},
		"ansible_ssh_private_key_file=~/.ssh/k ansible_private_key_file=/other": {IdentityFiles: []string{"/home/dba/.ssh/k"}},

		// A user other than root matters to nobody where nobody becomes it.
		"ansible_become=no ansible_become_user=mysql":                                    {},
		"ansible_become=yes ansible_become_user=root ansible_become_method=sudo":         {Sudo: true},
		`ansible_ssh_common_args="-J ops@j1:2222,j2"`:                                    {Jump: []string{"ops@j1:2222", "j2"}},
		"ansible_become=yes ansible_become_exe=sudo ansible_become_flags='-H -S -n'":     {Sudo: true},
		`ansible_become=no ansible_become_exe=/opt/sudo`:                                 {},
		`ansible_ssh_executable=/usr/bin/ssh`:                                            {},
		`ansible_ssh_args='-o ControlMaster=auto -o ControlPersist=60s -C'`:              {},
		`ansible_ssh_args='-o HostKeyAlias=a -oHostKeyAlias=b'`:                          {HostKeyAlias: "a"},
		`ansible_ssh_extra_args="-vCJ j1 -o StrictHostKeyChecking=no"`:                   {Jump: []string{"j1"}},
		`ansible_ssh_common_args='-o ProxyJump=j1' ansible_ssh_extra_args='-Jj2'`:        {Jump: []string{"j1"}},
		`ansible_ssh_common_args='-o "ProxyJump j1" -o UserKnownHostsFile=/dev/null -4'`: {Jump: []string{"j1"}},
	} {
		got, err := wayTo(t, vars)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v %v\nwant %+v", vars, got, err, want)
		}
	}
}

// TestNoneSwitchesAJumpHostOff: an answer, which is more than no answer.
func TestNoneSwitchesAJumpHostOff(t *testing.T) {
	inv := readText(t, "hosts.ini", "db1 ansible_ssh_common_args='-o ProxyJump=none'\n", nil)
	if route, _, err := inv.Host("db1"); err != nil || route.Jump == nil || len(route.Jump) > 0 {
		t.Errorf("got %#v, %v", route.Jump, err)
	}
}

// TestRefusedByName: what replssl cannot know or do is told with file, line and the name of the variable.
func TestRefusedByName(t *testing.T) {
	for vars, want := range map[string]string{
		"ansible_host='{{ x }}'":                             "hosts.ini:2: db1: ansible_host is the template \"{{ x }}\", which replssl does not fill in",
		"ansible_host=a/b":                                   "hosts.ini:2: db1: ansible_host is \"a/b\", which is neither a name nor an address",
		"ansible_host=''":                                    "hosts.ini:2: db1: ansible_host is \"\", which is neither a name nor an address",
		"ansible_port=0":                                     "hosts.ini:2: db1: ansible_port is \"0\"; it must be from 1 to 65535",
		"ansible_port=0x16":                                  "hosts.ini:2: db1: ansible_port is \"0x16\", of which Ansible makes something else: write it as it is meant, in quotes if it is a text",
		"ansible_user=[a]":                                   "hosts.ini:2: db1: ansible_user must be a single value",
		"ansible_user=-oProxyCommand":                        "hosts.ini:2: db1: ansible_user is \"-oProxyCommand\", which is no user",
		"ansible_connection=local":                           "hosts.ini:2: db1: ansible_connection is \"local\": replssl reaches hosts by SSH only",
		"ansible_connection=docker":                          "hosts.ini:2: db1: ansible_connection is \"docker\": replssl reaches hosts by SSH only",
		"ansible_become=maybe":                               "hosts.ini:2: db1: ansible_become is \"maybe\", which is neither yes nor no",
		"ansible_become=1 ansible_become_user=mysql":         "hosts.ini:2: db1: ansible_become_user is \"mysql\": replssl becomes root and nobody else",
		"ansible_become=1 ansible_become_method=su":          "hosts.ini:2: db1: ansible_become_method is \"su\": replssl becomes root by sudo only",
		"ansible_ssh_private_key_file=keys/a":                "hosts.ini:2: db1: ansible_ssh_private_key_file is \"keys/a\", which Ansible takes from the folder that it is started in: write the whole path, or one that begins with ~/",
		"ansible_ssh_private_key=KEYTEXT":                    "hosts.ini:2: db1: ansible_ssh_private_key holds a key: put it into a file and name that by ansible_ssh_private_key_file",
		`ansible_ssh_common_args='-o ProxyCommand="ssh -W"'`: "hosts.ini:2: db1: ansible_ssh_common_args has ProxyCommand, which replssl does not run: write -J [USER@]HOST[:PORT] in its place",
		`ansible_ssh_extra_args='-oproxycommand=ssh'`:        "hosts.ini:2: db1: ansible_ssh_extra_args has ProxyCommand, which replssl does not run: write -J [USER@]HOST[:PORT] in its place",
		`ansible_ssh_extra_args='-l ops'`:                    "hosts.ini:2: db1: ansible_ssh_extra_args has -l: use ansible_user in its place",
		`ansible_ssh_extra_args='-o Port=22'`:                "hosts.ini:2: db1: ansible_ssh_extra_args has Port: use ansible_port in its place",
		"ansible_become=1 ansible_become_exe=/opt/sudo":      "hosts.ini:2: db1: ansible_become_exe is set: replssl becomes root by the sudo of the PATH only",
		"ansible_become=1 ansible_become_flags='-i'":         "hosts.ini:2: db1: ansible_become_flags is set: replssl hands sudo no flags of others",
		"ansible_ssh_executable=/opt/ssh":                    "hosts.ini:2: db1: ansible_ssh_executable is set: replssl speaks SSH itself, and runs no program for it",
		`ansible_ssh_args='-o Include=/x'`:                   "hosts.ini:2: db1: ansible_ssh_args has Include, which replssl does not take from there: write it into the ssh_config that ssh.config names",
		`ansible_ssh_args='-o Include'`:                      "hosts.ini:2: db1: ansible_ssh_args has -o \"Include\", which has no value",
		`ansible_ssh_args='-F /x'`:                           "hosts.ini:2: db1: ansible_ssh_args has -F: name the file by ssh.config in the inventory of replssl",
		`ansible_ssh_args='-J %h'`:                           "hosts.ini:2: db1: ansible_ssh_args has the jump host \"%h\", which is not [USER@]HOST[:PORT]",
	} {
		_, err := wayTo(t, vars)
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", vars, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "KEYTEXT") {
			t.Error("the key is shown")
		}
	}
}

// TestAVariableIsRefusedWhereItIsHeededOnly: of other hosts, and by other names, everything may be said.
func TestAVariableIsRefusedWhereItIsHeededOnly(t *testing.T) {
	inv := readText(t, "hosts.ini", "db1 motd='{{ x }}'\ndb2 ansible_connection=local\n", nil)
	if _, ok, err := inv.Host("db1"); !ok || err != nil {
		t.Errorf("db1: %v, %v", ok, err)
	}
	if _, ok, err := inv.Host("db2"); !ok || err == nil {
		t.Errorf("db2: %v, %v", ok, err)
	}
	if _, ok, err := inv.Host("db3"); ok || err != nil {
		t.Errorf("db3: %v, %v", ok, err)
	}
}

// TestVaults: a secret is refused where the way hangs on it, and a file that is a vault where it may.
func TestVaults(t *testing.T) {
	inv := readText(t, "hosts.yaml", "all:\n  hosts:\n    db1:\n      ansible_user: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n"+
		"    db2:\n      ansible_password: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n", nil)
	_, _, err := inv.Host("db1")
	if want := "hosts.yaml:4: db1: ansible_user is a secret of Ansible's vault, which replssl cannot read"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, _, err := inv.Host("db2"); err != nil {
		t.Error(err)
	}
	inv = readText(t, "hosts.ini", "[db]\ndb1\n[web]\nweb1\n", fstest.MapFS{"group_vars/db/vault.yml": {Data: []byte("$ANSIBLE_VAULT;1.1;AES256\n61\n")}})
	_, _, err = inv.Host("db1")
	if want := "group_vars/db/vault.yml: the file is a vault, and replssl cannot see"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, _, err := inv.Host("web1"); err != nil {
		t.Error(err)
	}
}

// TestAFileBesideIsNamed: its faults are told with its own name and line.
func TestAFileBesideIsNamed(t *testing.T) {
	inv := readText(t, "/srv/hosts.ini", "[db]\ndb1\ndb2\n", fstest.MapFS{
		"group_vars/db.yml": {Data: []byte("---\nansible_user: ops\nansible_host: '{{ x }}'\n")}, "host_vars/db2.yml": {Data: []byte("a: [\n")},
	})
	_, _, err := inv.Host("db1")
	if err == nil || !strings.HasPrefix(err.Error(), "/srv/group_vars/db.yml:3: db1: ansible_host is the template") {
		t.Errorf("got %v", err)
	}
	_, _, err = inv.Host("db2")
	if err == nil || !strings.HasPrefix(err.Error(), "/srv/host_vars/db2.yml:") {
		t.Errorf("got %v", err)
	}
}

// TestWhatOnlyAnsibleCanRun is refused with the command that makes a list of it.
func TestWhatOnlyAnsibleCanRun(t *testing.T) {
	for name, text := range map[string]string{
		"hosts.py": "#!/usr/bin/python3\n", "program": "\x7fELF\x00", "hosts.toml": "[all]\n", "aws.yaml": "plugin: amazon.aws.aws_ec2\n",
		"vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n",
	} {
		_, err := Read(File{Name: name, Data: []byte(text)})
		if want := "ansible-inventory -i " + name + " --list --yaml > hosts.yaml"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// TestFaultsNameFileAndLine goes through the files that Ansible refuses.
func TestFaultsNameFileAndLine(t *testing.T) {
	for file, want := range map[string]string{
		"bad-children.ini":  `bad-children.ini:2: the section names the group "nowhere", which is declared nowhere`,
		"bad-vars.ini":      `bad-vars.ini:3: the section gives variables to the group "b", which is declared nowhere`,
		"bad-spaces.ini":    `bad-spaces.ini:2: behind a host stands name=value, without spaces around =, and not "ansible_user"`,
		"bad-quote.ini":     `bad-quote.ini:2: a quote is not closed`,
		"bad-range.ini":     `bad-range.ini:2: "h[1:" has a bracket that is not closed`,
		"bad-width.ini":     `bad-width.ini:2: the range [01:100]: both ends must have as many digits`,
		"bad-circle.ini":    `bad-circle.ini:4: the group "a" would contain itself`,
		"bad-variable.ini":  `bad-variable.ini:4: a variable is name=value`,
		"bad-sequence.yaml": `bad-sequence.yaml:1: an inventory is groups, as in all: {hosts: {db1: }}`,
		"bad-list.yaml":     `bad-list.yaml:2: hosts must be keys, as in hosts: {db1: }`,
	} {
		if _, err := load(t, "testdata/inventories/"+file); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestAliasesWithoutEnd: files that would take all memory or never end are refused.
func TestAliasesWithoutEnd(t *testing.T) {
	bomb := "a: &a {hosts: {h: }}\n"
	for _, level := range []string{"ab", "bc", "cd", "de", "ef", "fg", "gh", "hi", "ij", "jk"} {
		bomb += level[1:] + ": &" + level[1:] + " {children: {"
		for _, n := range "0123456789" {
			bomb += level + string(n) + ": *" + level[:1] + ", "
		}
		bomb += "}}\n"
	}
	for name, text := range map[string]string{
		"bomb.yaml": bomb, "circle.yaml": "a: &a {children: {b: *a}}\n", "self.yaml": "a: &a *a\n", "deep.yaml": strings.Repeat("{a: ", 200),
		"many.ini": "h[1:300][1:300][1:300]\n", "more.ini": "h[1:4000000000]\n",
	} {
		if _, err := Read(File{Name: name, Data: []byte(text)}); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func FuzzINI(f *testing.F)  { fuzz(f, "hosts.ini") }
func FuzzYAML(f *testing.F) { fuzz(f, "hosts.yaml") }

// fuzz wants no panic and no end of time of any file, and a way or a reason for each of its hosts.
func fuzz(f *testing.F, name string) {
	for _, file := range inventories(f) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := Read(File{Name: name, Data: data, Home: "/home/dba", Beside: fstest.MapFS{"group_vars/all": {Data: data}}})
		if err != nil {
			return
		}
		names, _ := inv.Group(all)
		for _, host := range names[:min(len(names), 100)] {
			route, ok, err := inv.Host(host)
			if !ok || err == nil && route.Port < 0 {
				t.Errorf("%q: %v %+v", host, ok, route)
			}
		}
	})
}
