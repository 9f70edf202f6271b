package topology

import (
	"strings"
	"testing"
)

// TestAHostThatTheListLacks: a name written wrong must not lead to some other host.
func TestAHostThatTheListLacks(t *testing.T) {
	env := person()
	env.Hosts = func(string) (Hosts, error) {
		return known{hosts: map[string]Route{"db1": {Address: "10.0.0.1"}, "db2": {}}, groups: map[string][]string{"all": {"db1", "db2"}}}, nil
	}
	text := "hosts: hosts.ini\nprimary: db1\nreplicas: [dbb2]\naccount: {user: repl}\n"
	_, err := Parse("replssl.yaml", []byte(text), env)
	if want := `hosts.ini has neither a host nor a group dbb2 (did you mean "db2"?)`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	parsed(t, env, text+"servers: {dbb2: {ssh: {address: 10.0.0.2}}}\n")
}
