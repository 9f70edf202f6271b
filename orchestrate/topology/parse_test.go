package topology

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-multierror"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the faults that are found into testdata")

func person() Defaults { return Defaults{User: "dba", Home: "/home/dba", Dir: "/srv/inventories"} }

const threeLines = `primary: db1.example.com
replicas: [db2.example.com, db3.example.com]
account: {user: repl}
`

func TestThreeLinesAreEnough(t *testing.T) {
	cluster, err := Parse("replssl.yaml", []byte(threeLines), person())
	if err != nil {
		t.Fatal(err)
	}
	server := func(name, source string) Server {
		return Server{
			Name: ServerName(name), Address: name, Source: ServerName(source),
			SSH:    SSH{User: "dba", Address: name, Port: 22, KnownHosts: []string{"/home/dba/.ssh/known_hosts"}},
			MySQL:  MySQL{Port: 3306, Admin: "root"},
			TLSDir: "/etc/mysql-ssl",
		}
	}
	want := Cluster{
		Name: "db1.example.com",
		Servers: []Server{
			server("db1.example.com", ""),
			server("db2.example.com", "db1.example.com"),
			server("db3.example.com", "db1.example.com"),
		},
		Account: Account{User: "repl", Require: RequireSSL},
		TLS:     TLS{Verify: VerifyIdentity, Source: SourceBuiltin, Servers: ServersSources},
		Policy:  Policy{Canary: 1, Parallel: 10, Failures: 1, Enforce: EnforceLast, MaxLag: 30 * time.Second},
	}
	if !reflect.DeepEqual(cluster, want) {
		t.Errorf("got  %+v\nwant %+v", cluster, want)
	}
}

const everything = `cluster: orders
primary: db1
replicas:
  - db2
  - db3 # in the other hall
account: {user: repl, require: ssl, password_file: repl.pw}
ssh: {user: ops, port: 2200, identity_file: ~/.ssh/id_ops, known_hosts: hosts/known}
mysql: {socket: auto, port: 3307, admin: {user: admin}}
tls: {dir: /etc/mysql/ssl/, verify: chain, source: builtin, servers: all, algorithm: ecdsa-p256, authority: {passphrase_command: pass show orders}}
policy: {canary: 2, parallel: 3, max_unavailable: 50%, max_failures: 4, pause: 10s, enforce: first, allow_restart: true, max_lag: 1m30s}
servers:
  db1:
  db3:
    address: db3.example.com
    ssh: {user: root, address: 192.0.2.3, port: 22, identity_file: /keys/db3, known_hosts: ~/hosts}
    mysql: {socket: /run/mysqld/db3.sock, port: 3308, admin: {user: maint}}
    tls: {dir: /data/tls}
    replicates_from: db2
    restart: systemctl restart mysql@db3
`

func TestTheLongForm(t *testing.T) {
	cluster, err := Parse("replssl.yaml", []byte(everything), person())
	if err != nil {
		t.Fatal(err)
	}
	ops := func(name string) SSH {
		return SSH{User: "ops", Address: name, Port: 2200, IdentityFiles: []string{"/home/dba/.ssh/id_ops"}, KnownHosts: []string{"/srv/inventories/hosts/known"}}
	}
	want := Cluster{
		Name: "orders",
		Servers: []Server{
			{Name: "db1", Address: "db1", SSH: ops("db1"), MySQL: MySQL{Port: 3307, Admin: "admin"}, TLSDir: "/etc/mysql/ssl"},
			{Name: "db2", Address: "db2", Source: "db1", SSH: ops("db2"), MySQL: MySQL{Port: 3307, Admin: "admin"}, TLSDir: "/etc/mysql/ssl"},
			{
				Name: "db3", Address: "db3.example.com", Source: "db2",
				SSH:     SSH{User: "root", Address: "192.0.2.3", Port: 22, IdentityFiles: []string{"/keys/db3"}, KnownHosts: []string{"/home/dba/hosts"}},
				MySQL:   MySQL{Socket: "/run/mysqld/db3.sock", Port: 3308, Admin: "maint"},
				TLSDir:  "/data/tls",
				Restart: "systemctl restart mysql@db3",
			},
		},
		Account: Account{User: "repl", Require: RequireSSL, PasswordFile: "/srv/inventories/repl.pw"},
		TLS:     TLS{Verify: VerifyChain, Source: SourceBuiltin, Algorithm: AlgorithmP256, Servers: ServersAll, Passphrase: PasswordSource{Command: "pass show orders"}},
		Policy:  Policy{Canary: 2, Parallel: 3, Unavailable: 1, Failures: 4, Pause: 10 * time.Second, Enforce: EnforceFirst, AllowRestart: true, MaxLag: 90 * time.Second},
	}
	if !reflect.DeepEqual(cluster, want) {
		t.Errorf("got  %+v\nwant %+v", cluster, want)
	}
	if got := cluster.Sources(); len(got) != 2 || got[0].Name != "db1" || got[1].Name != "db2" {
		t.Errorf("the sources are %v", got)
	}
	if got := cluster.TLSServers(); len(got) != 3 || got[0].Name != "db1" || got[1].Name != "db2" || got[2].Name != "db3" {
		t.Errorf("the servers with TLS are %v", got)
	}
}

func TestOwnFiles(t *testing.T) {
	cluster, err := Parse("replssl.yaml", []byte(`primary: db1
replicas: [db2, db3]
account: {user: repl}
tls: {source: files, ca: certs/ca.pem, cert: "certs/{server}.pem", key: "/keys/{address}.key", crl: ~/crl.pem}
servers:
  db2: {address: db2.example.com}
  db3: {tls: {cert: other.pem, key: other.key, chain: chain.pem}}
`), person())
	if err != nil {
		t.Fatal(err)
	}
	want := []Given{
		{CA: "/srv/inventories/certs/ca.pem", Cert: "/srv/inventories/certs/db1.pem", Key: "/keys/db1.key", CRL: "/home/dba/crl.pem"},
		{CA: "/srv/inventories/certs/ca.pem", Cert: "/srv/inventories/certs/db2.pem", Key: "/keys/db2.example.com.key", CRL: "/home/dba/crl.pem"},
		{CA: "/srv/inventories/certs/ca.pem", Cert: "/srv/inventories/other.pem", Key: "/srv/inventories/other.key", Chain: "/srv/inventories/chain.pem", CRL: "/home/dba/crl.pem"},
	}
	for i, server := range cluster.Servers {
		if server.Given != want[i] {
			t.Errorf("%s: got %+v, want %+v", server.Name, server.Given, want[i])
		}
	}
}

func TestTheWordsOfOldRunbooks(t *testing.T) {
	old := strings.NewReplacer("primary", "master", "replicas", "slaves").Replace(threeLines)
	got, err := Parse("replssl.yaml", []byte(old), person())
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := Parse("replssl.yaml", []byte(threeLines), person()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAddressFollowsIntoSSH(t *testing.T) {
	text := threeLines + "servers: {db2.example.com: {address: 192.0.2.2}}\n"
	cluster, err := Parse("replssl.yaml", []byte(text), person())
	if err != nil {
		t.Fatal(err)
	}
	if server := cluster.Servers[1]; server.Address != "192.0.2.2" || server.SSH.Address != "192.0.2.2" {
		t.Errorf("got %+v", server)
	}
}

// Names are taken as they are written, though YAML would make numbers and booleans of them.
func TestNamesThatLookLikeOtherValues(t *testing.T) {
	text := "primary: 010\nreplicas: [1e3, true, 0x1F, 1_000, .5, ::1]\naccount: {user: 007}\n"
	cluster, err := Parse("replssl.yaml", []byte(strings.Replace(text, ".5", "1.50", 1)), person())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, server := range cluster.Servers {
		names = append(names, string(server.Name))
	}
	if got, want := strings.Join(names, " "), "010 1e3 true 0x1F 1_000 1.50 ::1"; got != want || cluster.Account.User != "007" {
		t.Errorf("got %q, %q; want %q", got, cluster.Account.User, want)
	}
}

// TestBadInventories compares all faults of each inventory in testdata/bad with what a person should read.
func TestBadInventories(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no inventories in testdata/bad (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { checkBad(t, file) })
	}
}

// mark parts an inventory from its faults.
const mark = "== faults ==\n"

func checkBad(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, want, _ := strings.Cut(string(data), mark)
	env := person()
	if filepath.Base(file) == "nobody-knows.txt" {
		env = Defaults{}
	}
	cluster, err := Parse("replssl.yaml", []byte(text), env)
	if err == nil {
		t.Fatalf("no fault is found; the cluster is %+v", cluster)
	}
	got := err.Error() + "\n"
	if *update {
		want = got
		if err := os.WriteFile(file, []byte(text+mark+got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFaultsAreValues(t *testing.T) {
	_, err := Parse("replssl.yaml", []byte("primary: db1\nreplica: [db2]\n"), person())
	var all *multierror.Error
	if !errors.As(err, &all) || len(all.Errors) != 2 {
		t.Fatalf("got %v", err)
	}
	var fault *Fault
	if !errors.As(all.Errors[1], &fault) || fault.Line != 2 || fault.Show != "replica: [db2]" {
		t.Errorf("got %#v", all.Errors[1])
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	for _, text := range []string{
		"account: {user: repl, password: hunter2}", "account: {user: repl, require: sl, password: hunter2}",
		"account:\n  Passwd: hunter2\n", "mysql: {admin: {user: root, password: hunter2}}", "password: [hunter2", "secret: 'hunter2",
		"account: {user: repl, password_file: a, pwd: hunter2}", "account: {password: \"\thunter2\"}\n\t",
		"identified_by: \"hunter2\n", "account:\n  password: |\n   hunter2\n  passwrd: [x]: hunter2\n",
	} {
		if _, err := Parse("replssl.yaml", []byte(text), person()); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHostileInventoriesEnd(t *testing.T) {
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 500_000), "braces": strings.Repeat("{a: ", 200_000), "dashes": strings.Repeat("- ", 500_000),
		"tags": "a: " + strings.Repeat("!a ", 300_000), "anchors": "a: " + strings.Repeat("&a ", 300_000),
		"indent": indented(1000), "keys": strings.Repeat("? ", 400_000), "large": strings.Repeat("a", maxInventory+1),
	} {
		if _, err := Parse("replssl.yaml", []byte(text), person()); err == nil {
			t.Errorf("%s: no fault", name)
		}
	}
}

func indented(levels int) string {
	var text strings.Builder
	for i := range levels {
		fmt.Fprintf(&text, "%sa:\n", strings.Repeat(" ", i))
	}
	return text.String()
}

func TestEveryGoodInventoryIsRead(t *testing.T) {
	name := rapid.StringMatching(`[a-z0-9][A-Za-z0-9._-]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(name, 2, 8, strings.ToLower).Draw(t, "names")
		text := "primary: '" + names[0] + "'\nreplicas:\n"
		servers := "servers:\n"
		for i, replica := range names[1:] {
			text += "- '" + replica + "'\n"
			source := rapid.SampledFrom(names[:i+1]).Draw(t, "source")
			servers += "  '" + replica + "': {replicates_from: '" + source + "'}\n"
		}
		cluster, err := Parse("replssl.yaml", []byte(text+"account: {user: repl}\n"+servers), person())
		if err != nil {
			t.Fatal(err)
		}
		for i, server := range cluster.Servers {
			if string(server.Name) != names[i] || (i > 0) != (server.Source != "") {
				t.Fatalf("server %d is %+v, want %s", i, server, names[i])
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(threeLines))
	f.Add([]byte(everything))
	files, _ := filepath.Glob("testdata/bad/*.txt")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			text, _, _ := strings.Cut(string(data), mark)
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cluster, err := Parse("replssl.yaml", data, person())
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "replssl.yaml:") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), isControl) {
					t.Errorf("a fault is not one clean line: %q", line)
				}
			}
			return
		}
		if len(cluster.Servers) < 2 || cluster.Account.User == "" || cluster.Policy.Canary < 1 {
			t.Errorf("an incomplete cluster passes: %+v", cluster)
		}
	})
}
