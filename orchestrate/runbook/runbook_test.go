package runbook_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/runbook"
	"github.com/replssl/replssl/orchestrate/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	w := orchestratetest.New(cluster("db1", "db2", "db3"))
	got := render(t, w)
	parses(t, got)
	digest := plan.Build(w.Cluster(), w.Facts(), plan.Options{}).Digest()
	contains(t, got, "plan `"+digest+"`")
	got = strings.ReplaceAll(got, digest, "DIGEST") // it is golden elsewhere
	path := filepath.Join("testdata", "runbook.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it with git diff after go test -update", path)
	}
}

// TestOtherClusters renders what the golden file has none of.
func TestOtherClusters(t *testing.T) {
	t.Run("chained", func(t *testing.T) {
		text := render(t, orchestratetest.New(orchestratetest.Chained(cluster("db1", "db2", "db3"), "db3", "db2")))
		parses(t, text)
		contains(t, text, "restart db1", "restart db2", "sql_db1 <<'SQL'\n-- require", "sql_db2 <<'SQL'\n-- require")
	})
	t.Run("with rows everywhere", func(t *testing.T) {
		w := orchestratetest.New(cluster("db1", "db2"))
		w.With("db2", func(s *orchestratetest.Settings) { s.Account("%", facts.RequireNone) })
		text := render(t, w)
		parses(t, text)
		contains(t, text, "and through its binary log", "ALTER USER", "sql_db1 'SHOW CREATE USER")
	})
	t.Run("required first, chain only", func(t *testing.T) {
		c := cluster("db1", "db2")
		c.Policy.Enforce, c.TLS.Verify = topology.EnforceFirst, topology.VerifyChain
		text := render(t, orchestratetest.New(c))
		parses(t, text)
		contains(t, text, "ALTER USER", "MASTER_SSL_VERIFY_SERVER_CERT=0", "Master_SSL_Verify_Server_Cert: No",
			"it cannot, since the account requires it", "performance_schema=ON")
	})
	t.Run("a server that shows how sessions are carried", func(t *testing.T) {
		w := orchestratetest.New(cluster("db1", "db2"))
		w.With("db1", func(s *orchestratetest.Settings) { s.Instance(func(i *facts.Instance) { i.PerfSchema = true }) })
		contains(t, render(t, w), "connection_type", "| dump_threads")
	})
	t.Run("reached in an odd way", func(t *testing.T) {
		c := cluster("a-1", "a.1", "::1")
		c.Servers[0].Address, c.Servers[0].TLSDir = "10.0.0.1", "/srv/my tls"
		c.Servers[0].SSH = topology.SSH{User: "mysql", Address: "10.0.0.1", Port: 2222, IdentityFiles: []string{"/home/d b a/id"}, KnownHosts: []string{"/home/d b a/known"}}
		text := render(t, orchestratetest.New(c))
		parses(t, text)
		contains(t, text,
			`on_a_1_0() {`, `-p 2222 -i '/home/d b a/id' -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile='"/home/d b a/known"' mysql@10.0.0.1 "$@"`,
			"on_a_1_1() {", "on___1() {", "IP:10.0.0.1", "'/srv/my tls/versions'")
		if strings.Contains(text, "on_a_1_0 sh -eu <<'HOST'\nchown") {
			t.Error("only root may give files away")
		}
	})
	t.Run("by sudo, over jump hosts, with a password", func(t *testing.T) {
		c := cluster("db1", "db2", "db3")
		way := &c.Servers[0].SSH
		way.User, way.Sudo, way.IdentityFiles = "ops", true, []string{"/k1", "/k2"}
		way.Jump = []topology.SSH{{User: "hop", Address: "bastion", Port: 22}, {User: "hop", Address: "fd00::1", Port: 2222}}
		c.Servers[0].MySQL.Password.File = "/home/dba/it's secret"
		c.Servers[1].MySQL.Password.Env = "DBA_PASSWORD"
		c.Servers[2].MySQL.Password.Command, c.Servers[2].MySQL.Socket = "pass show db", "/run/db.sock"
		text := render(t, orchestratetest.New(c))
		parses(t, text)
		contains(t, text, "as_root() {", "password_first() {", "-J 'hop@bastion:22,hop@[fd00::1]:2222' -i /k1 -i /k2", "--protocol tcp --host 127.0.0.1 --port 3306",
			`"$DBA_PASSWORD"`, "pass show db", "--socket /run/db.sock", "chown")
	})
}

// TestRootBySudo runs the function of a host whose ssh hands the command to a shell, and whose sudo lets nothing through but /bin/sh.
func TestRootBySudo(t *testing.T) {
	c := cluster("db1", "db2")
	c.Servers[0].SSH.User, c.Servers[0].SSH.Sudo = "ops", true
	text := renderPlan(t, plan.Plan{Cluster: "db1", Steps: []plan.Step{{Goal: plan.Up{Server: "db1"}}}}, orchestratetest.New(c))
	const fakes = `
ssh() { while [ "$1" != ops@db1.example.com ]; do shift; done; shift; [ "$1" != -t ] || { echo terminal; shift; }; [ "$1" != -O ] || { echo "$*"; return; }; sh -c "sudo() { [ \"\$*\" != \"\${*#-n -u root -- /bin/sh -c }\" ] || exit 9; shift 4; echo root; \"\$@\"; }; $*"; }
`
	for _, test := range []struct{ command, says string }{
		{`echo 'echo "$1 it'"'"'s $((1+1))"' | on_db1 sh -eu -s x`, "root\nx it's 2\n"},
		{`on_db1 'printf "%s\n" "a b" '"'"'c$d'"'"`, "root\na b\nc$d\n"},
		{`on_db1 -t 'echo yes'`, "terminal\nroot\nyes\n"},
		{`on_db1 -O exit`, "-O exit\n"},
	} {
		if out, err := bash("-e", blocks(text, "sh")[0]+fakes+test.command+"\n"); out != test.says || err != nil {
			t.Errorf("%s: %v, and it says\n%swant\n%s", test.command, err, out, test.says)
		}
	}
}

func TestBlocked(t *testing.T) {
	w := orchestratetest.New(cluster("db1", "db2"))
	w.With("db2", func(s *orchestratetest.Settings) { s.Stop(facts.Threads{Receiver: true}) })
	text := render(t, w)
	contains(t, text, "Nothing may be done yet", "**db2**: the receiver of db2 is stopped", "what helps: ")
	if strings.Contains(text, "```") {
		t.Error("it holds commands")
	}
}

func TestNothingToDo(t *testing.T) {
	w := orchestratetest.New(cluster("db1", "db2"))
	text := renderPlan(t, plan.Plan{Cluster: "db1"}, w)
	contains(t, text, "Nothing is to be done", "2026-11-22 03:00:00 UTC")
}

func TestEveryActionHasWords(t *testing.T) {
	id := facts.ChannelID{Server: "db2", Name: "it's one"}
	both := facts.Threads{Receiver: true, Applier: true}
	for want, action := range map[string]plan.Action{
		"CN = orders replication CA $(openssl rand -hex 4)":                       plan.CreateAuthority{Cluster: "orders", Key: pki.P256},
		"openssl genrsa -traditional -out pki/ca-key.pem 3072":                    plan.CreateAuthority{Cluster: "orders", Key: pki.RSA3072},
		"subjectAltName = DNS:db2.example.com, IP:192.0.2.1":                      issue(pki.P256, "db2.example.com", "192.0.2.1"),
		"openssl ecparam -name prime256v1 -genkey -noout -out pki/db2/7/key.pem":  issue(pki.P256, "db2.example.com"),
		"keyUsage = critical, digitalSignature\n":                                 issue(pki.P256, "db2.example.com"),
		"openssl genrsa -traditional -out pki/db2/7/key.pem 2048":                 issue(pki.RSA2048, "db2.example.com"),
		"openssl genrsa -traditional -out pki/db2/7/key.pem 4096":                 issue(pki.RSA4096, "db2.example.com"),
		"openssl genpkey -algorithm ed25519 -out pki/db2/7/key.pem":               issue(pki.Ed25519, "db2.example.com"),
		"keyUsage = critical, digitalSignature, keyEncipherment\n":                issue(pki.RSA2048, "db2.example.com"),
		"mv -T -- /d/versions/.7.partial /d/versions/7":                           plan.InstallSet{Server: "db2", Dir: "/d", Version: 7, Owner: "mysql"},
		"ln -sfn -- versions/7 /d/.current.next":                                  plan.SwitchSet{Server: "db2", Dir: "/d", Version: 7},
		"rm -f -- /d/current":                                                     plan.UnswitchSet{Server: "db2", Dir: "/d"},
		"install -m 0644 /dev/stdin /etc/x.cnf.part <<'CONFIG'\n[mysqld]\nCONFIG": plan.WriteConfig{Server: "db2", Path: "/etc/x.cnf", Text: "[mysqld]\n"},
		"rm -f -- /etc/x.cnf":                                                     plan.RemoveConfig{Server: "db2", Path: "/etc/x.cnf"},
		"/bin/sh -c 'systemctl restart mysqld@x && true' </dev/null":              plan.Restart{Server: "db2", Command: "systemctl restart mysqld@x && true"},
		"FLUSH LOCAL SSL;":          plan.ReloadTLS{Server: "db2"},
		"STOP SLAVE 'it''s one';":   plan.StopThreads{Channel: id, Threads: both},
		"START SLAVE 'it''s one';":  plan.StartThreads{Channel: id, Threads: both},
		"CHANGE MASTER 'it''s one'": plan.ChangeTLS{Channel: id, Options: facts.TLSOptions{Enabled: true, CA: "/ca.pem"}},
		"SET SESSION sql_log_bin=0;\nALTER USER `re``pl`@`%` REQUIRE SSL;": plan.Require{Server: "db2", User: "re`pl", Rows: raised("%")},
	} {
		text := one(t, action)
		parses(t, text)
		contains(t, text, action.String(), want)
	}
}

func issue(kind pki.KeyKind, names ...string) plan.IssueLeaf {
	return plan.IssueLeaf{Leaf: plan.Leaf{Server: "db2", Version: 7, Names: names}, Key: kind}
}

// one is the runbook of a plan with a single step.
func one(t *testing.T, actions ...plan.Action) string {
	t.Helper()
	p := plan.Plan{Cluster: "db1", Steps: []plan.Step{{Title: "a step", Goal: plan.Up{Server: "db2"}, Actions: actions, Undo: plan.Undo{Actions: actions}}}}
	return renderPlan(t, p, orchestratetest.New(cluster("db1", "db2")))
}

func TestSessionsAreShared(t *testing.T) {
	id := facts.ChannelID{Server: "db2"}
	both := facts.Threads{Receiver: true, Applier: true}
	text := one(t, plan.StopThreads{Channel: id, Threads: both}, plan.ChangeTLS{Channel: id}, plan.StartThreads{Channel: id, Threads: both})
	do := blocks(text, "sh")[2]
	if strings.Count(do, "<<'SQL'") != 1 || strings.Count(do, ";\n") != 3 {
		t.Errorf("nothing may come between a stop and its start:\n%s", do)
	}
	contains(t, blocks(text, "sh take-back")[0], "START SLAVE", "retry 30 channel sql_db2 '' 'Slave_IO_Running: Yes'")

	local := plan.Require{Server: "db2", User: "repl", Rows: raised("%")}
	binlogged := local
	binlogged.Binlog = true
	if do := blocks(one(t, local, binlogged), "sh")[2]; strings.Count(do, "<<'SQL'") != 2 {
		t.Errorf("a session that keeps out of the binary log is shared:\n%s", do)
	}
}

// TestRefused: what cannot be written down safely is an error, not a runbook that does something else.
func TestRefused(t *testing.T) {
	w := orchestratetest.New(cluster("db1", "db2"))
	for name, action := range map[string]plan.Action{
		"a name that openssl would read otherwise": issue(pki.P256, "a,DNS:b"),
		"a key that openssl is not known to make":  issue("", "db2.example.com"),
		"an authority's key that nobody knows":     plan.CreateAuthority{Cluster: "orders", Key: "RSA 512"},
		"a line that ends the here-document":       plan.WriteConfig{Server: "db2", Path: "/x.cnf", Text: "CONFIG\nrm -rf /\n"},
		"a command that ends the here-document":    plan.Restart{Server: "db2", Command: "true\nHOST\nfalse"},
		"an empty restart command":                 plan.Restart{Server: "db2"},
		"a path that a channel cannot hold":        plan.ChangeTLS{Channel: facts.ChannelID{Server: "db2"}, Options: facts.TLSOptions{CA: "/it's"}},
	} {
		p := plan.Plan{Cluster: "db1", Steps: []plan.Step{{ID: "x", Goal: plan.Up{Server: "db2"}, Actions: []plan.Action{action}}}}
		if text, err := runbook.Render(p, w.Cluster(), w.Facts()); err == nil {
			t.Errorf("%s was written down:\n%s", name, text)
		}
	}
}

// raised is a row of which TLS is required.
func raised(host string) []facts.RowChange {
	return []facts.RowChange{{Host: host, Former: facts.Requirement{Kind: facts.RequireNone}, Wanted: facts.Requirement{Kind: facts.RequireSSL}}}
}
