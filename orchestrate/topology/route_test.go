package topology

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// known is a list of hosts for tests.
type known struct {
	hosts  map[string]Route
	groups map[string][]string
}

func (k known) Host(name string) (Route, bool, error) {
	r, ok := k.hosts[name]
	return r, ok, nil
}

func (k known) Group(name string) ([]string, bool) {
	members, ok := k.groups[name]
	return members, ok
}

// configured is a person whose ssh_config says this of these aliases.
func configured(aliases map[string]Route) Defaults {
	env := person()
	env.SSHConfig = func(string) (func(string) (Route, error), error) {
		return func(alias string) (Route, error) { return aliases[alias], nil }, nil
	}
	return env
}

func parsed(t *testing.T, env Defaults, text string) Cluster {
	t.Helper()
	c, err := Parse("replssl.yaml", []byte(text), env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const two = "primary: db1\nreplicas: [db2]\naccount: {user: repl}\n"

func TestWhoWins(t *testing.T) {
	env := configured(map[string]Route{"db1": {User: "configured", Port: 1, Address: "c.example"}, "10.0.0.2": {User: "configured", Port: 2}})
	env.Hosts = func(file string) (Hosts, error) {
		if file != "/srv/inventories/hosts.ini" {
			t.Errorf("read %s", file)
		}
		return known{hosts: map[string]Route{"db1": {}, "db2": {Address: "10.0.0.2", User: "listed", Sudo: true}}}, nil
	}
	with := two + "hosts: hosts.ini\n"
	for name, test := range map[string]struct {
		text string
		want []SSH // of db1 and db2
	}{
		"the list over ssh_config": {with, []SSH{{User: "configured", Address: "c.example", Port: 1}, {User: "listed", Address: "10.0.0.2", Port: 2, Sudo: true}}},
		"the inventory over both": {
			with + "ssh: {user: said, sudo: false}\n",
			[]SSH{{User: "said", Address: "c.example", Port: 1}, {User: "said", Address: "10.0.0.2", Port: 2}},
		},
		"one server over all": {
			with + "ssh: {user: said, sudo: true}\nservers: {db2: {ssh: {user: own, sudo: false, port: 9}}}\n",
			[]SSH{{User: "said", Address: "c.example", Port: 1, Sudo: true}, {User: "own", Address: "10.0.0.2", Port: 9}},
		},
		"no ssh_config": {with + "ssh: {config: none}\n", []SSH{{User: "dba", Address: "db1", Port: 22}, {User: "listed", Address: "10.0.0.2", Port: 22, Sudo: true}}},
	} {
		for i, server := range parsed(t, env, test.text).Servers {
			server.SSH.KnownHosts = nil
			if !reflect.DeepEqual(server.SSH, test.want[i]) {
				t.Errorf("%s: %s: got %+v, want %+v", name, server.Name, server.SSH, test.want[i])
			}
		}
	}
	if c := parsed(t, env, with); c.Servers[1].Address != "10.0.0.2" || c.Servers[0].Address != "db1" {
		t.Errorf("the peers' addresses: %+v", c.Servers)
	}
}

func TestJumpHosts(t *testing.T) {
	env := configured(map[string]Route{
		"inner": {Address: "10.0.0.9", User: "gate", Jump: []string{"outer"}},
		"outer": {Port: 2222, KnownHosts: []string{"/home/dba/.ssh/known_hosts"}},
		"db2":   {Jump: []string{"inner"}},
		"loop":  {Jump: []string{"loop"}},
	})
	way := func(jump string) string {
		c := parsed(t, env, two+"servers: {db1: {ssh: {jump: '"+jump+"'}}}\n")
		return legs(c.Servers[0].SSH)
	}
	for jump, want := range map[string]string{
		"inner":                    "dba@outer:2222 gate@10.0.0.9:22",
		"none":                     "",
		"me@inner:23":              "dba@outer:2222 me@10.0.0.9:23",
		"root@[2001:db8::1]:24":    "root@2001:db8::1:24",
		"2001:db8::1":              "dba@2001:db8::1:22",
		"first.example, inner":     "dba@first.example:22 gate@10.0.0.9:22",
		"loop":                     "dba@loop:22",
		"db1":                      "",
		"db1:2200":                 "dba@db1:2200", // on the host itself: another sshd
		"me@loop:23":               "dba@loop:22 me@loop:23",
		"outer.example,none,third": "dba@outer.example:22 dba@third:22",
	} {
		if got := way(jump); got != want {
			t.Errorf("%s: got %q, want %q", jump, got, want)
		}
	}
	if got := legs(parsed(t, env, two).Servers[1].SSH); got != "dba@outer:2222 gate@10.0.0.9:22" {
		t.Errorf("by ssh_config alone: %q", got)
	}
	if got := parsed(t, env, two+"ssh: {jump: inner}\n").Servers[0].SSH; got.Alias != "" || got.Jump[0].Alias != "outer" || got.Jump[1].Alias != "inner" {
		t.Errorf("nobody knows the jump hosts by these names: %+v", got.Jump)
	}
	c := parsed(t, env, two+"ssh: {jump: outer, known_hosts: kh, identity_file: id, passphrase_command: cat pw}\n")
	if hop := c.Servers[0].SSH.Jump[0]; hop.KnownHosts[0] != "/srv/inventories/kh" || hop.IdentityFiles[0] != "/srv/inventories/id" || hop.PassphraseCommand != "cat pw" {
		t.Errorf("the hop is reached with %+v", hop)
	}
}

func TestJumpHostsWithoutEnd(t *testing.T) {
	env := person()
	env.SSHConfig = func(string) (func(string) (Route, error), error) {
		return func(alias string) (Route, error) { return Route{Jump: []string{"gate-" + alias}}, nil }, nil
	}
	if _, err := Parse("replssl.yaml", []byte(two), env); err == nil || !strings.Contains(err.Error(), "more than 16 jump hosts lead to each other") {
		t.Errorf("got %v", err)
	}
}

func TestWhatOnlySSHConfigSays(t *testing.T) {
	env := configured(map[string]Route{"db1": {
		CertificateFiles: []string{"/c"}, IdentitiesOnly: true, AgentSocket: "none", HostKeyAlias: "alias", IdentityFiles: []string{},
	}})
	got := parsed(t, env, two).Servers[0].SSH
	got.KnownHosts = nil
	want := SSH{
		User: "dba", Address: "db1", Port: 22, CertificateFiles: []string{"/c"}, IdentitiesOnly: true, AgentSocket: "none", HostKeyAlias: "alias",
		IdentityFiles: []string{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestAProxyCommandIsRefusedUnlessTheInventoryKnowsAWay(t *testing.T) {
	env := configured(map[string]Route{"db2": {ProxyCommand: "nc x"}, "by": {ProxyCommand: "nc y"}})
	for ssh, want := range map[string]string{
		"{user: ops}": "db2: ssh_config reaches it by a ProxyCommand", "{jump: by}": "by: ssh_config reaches it by a ProxyCommand",
		"{jump: none}": "", "{jump: 'bastion,by'}": "", "{config: none}": "",
	} {
		_, err := Parse("replssl.yaml", []byte(two+"ssh: "+ssh+"\n"), env)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "nc ")) {
			t.Errorf("%s: got %v, want %q", ssh, err, want)
		}
	}
}

// legs are the hops of a way.
func legs(s SSH) string {
	var all []string
	for _, hop := range s.Jump {
		all = append(all, hop.String())
	}
	return strings.Join(all, " ")
}

func TestGroupsOfTheList(t *testing.T) {
	env := person()
	env.Hosts = func(string) (Hosts, error) {
		return known{
			hosts:  map[string]Route{"db1": {}, "other": {}, "db2": {}, "db3": {}, "odd": {}},
			groups: map[string][]string{"standby": {"db2", "db3"}, "odd": {"db9"}, "none": {}},
		}, nil
	}
	text := "primary: db1\nreplicas: [standby, odd, other]\nhosts: h\naccount: {user: repl}\n"
	var names []string
	for _, s := range parsed(t, env, text).Servers {
		names = append(names, string(s.Name))
	}
	if got := strings.Join(names, " "); got != "db1 db2 db3 odd other" {
		t.Errorf("got %q", got)
	}
	_, err := Parse("replssl.yaml", []byte(strings.Replace(text, "odd, other", "none", 1)), env)
	if err != nil {
		t.Errorf("an empty group beside a full one: %v", err)
	}
	_, err = Parse("replssl.yaml", []byte(strings.Replace(text, "standby, odd, other", "none", 1)), env)
	if err == nil || !strings.Contains(err.Error(), "no host") {
		t.Errorf("only an empty group: %v", err)
	}
}

func TestWhatIsReadBesideTheInventoryCanBeWrong(t *testing.T) {
	broken := errors.New("hosts.ini:3: what is this")
	env := person()
	env.Hosts = func(string) (Hosts, error) { return nil, broken }
	env.SSHConfig = func(string) (func(string) (Route, error), error) {
		return func(string) (Route, error) { return Route{}, errors.New("config:1: ProxyCommand") }, nil
	}
	_, err := Parse("replssl.yaml", []byte(two+"hosts: hosts.ini\n"), env)
	if err == nil || strings.Count(err.Error(), "what is this") != 1 || strings.Count(err.Error(), "config:1: ProxyCommand") != 1 {
		t.Errorf("got %v", err)
	}
	_, err = Parse("replssl.yaml", []byte(two+"hosts: hosts.ini\n"), person())
	if err == nil {
		t.Error("a list that nobody reads is ignored")
	}
}
