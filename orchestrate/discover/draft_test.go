package discover

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/templates"
)

func texts(t rapid.TB) templates.Texts {
	loaded, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func env() topology.Defaults { return topology.Defaults{User: "dba", Home: "/home/dba", Dir: "/srv"} }

// TestWhatIsWrittenIsReadBack: the file parses to the cluster that was found, whatever the names are.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	loaded := texts(t)
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(t)
		text, err := d.Text(loaded)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, OnlyConnected) {
			t.Fatalf("nothing tells of stopped replicas in\n%s", text)
		}
		cluster, err := topology.Parse("replssl.yaml", []byte(text), env())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if cluster.Account.User != d.Account || len(cluster.Servers) != len(d.Servers) {
			t.Fatalf("%+v\n%s", cluster, text)
		}
		for i, s := range d.Servers {
			checkServer(t, cluster.Servers[i], s, d, text)
		}
	})
}

func checkServer(t *rapid.T, got topology.Server, s Server, d Draft, text string) {
	want := topology.Server{
		Name: topology.ServerName(s.Name), Source: topology.ServerName(s.Source), Address: s.Name, TLSDir: "/etc/mysql-ssl",
		SSH:   topology.SSH{User: "dba", Address: s.Name, Port: 22, KnownHosts: []string{"/home/dba/.ssh/known_hosts"}, Sudo: d.Sudo},
		MySQL: topology.MySQL{Port: s.Port, Socket: s.Socket, Admin: "root"},
	}
	if s.Address != "" {
		want.Address = s.Address
		if s.Reached != "" {
			want.SSH.Address = s.Reached
		}
	}
	if d.SSHUser != "" {
		want.SSH.User = d.SSHUser
	}
	if d.Admin != "" {
		want.MySQL.Admin = d.Admin
	}
	if d.Identity != "" {
		want.SSH.IdentityFiles = []string{d.Identity}
	}
	if d.KnownHosts != "" {
		want.SSH.KnownHosts = []string{d.KnownHosts}
	}
	if d.Jump != "" {
		want.SSH.Jump = []topology.SSH{{
			User: "dba", Address: d.Jump, Port: 22, KnownHosts: want.SSH.KnownHosts, IdentityFiles: want.SSH.IdentityFiles,
		}}
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Fatalf("got  %+v\nwant %+v\n%s", got, want, text)
	}
}

func anyDraft(t *rapid.T) Draft {
	name := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_:][A-Za-z0-9._:-]{0,12}`),
		rapid.SampledFrom([]string{"null", "true", "010", "1e3", "::1", "no", "a-", "_", "1.0", "y", "-"}),
	).Filter(func(s string) bool { return s != "-" })
	names := rapid.SliceOfNDistinct(name, 2, 6, strings.ToLower).Draw(t, "names")
	word := func(label string) string {
		return rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9#'"{}&*!|>%`+"`"+`,?:\[\]=~\\-]{1,8}`)).
			Filter(func(s string) bool { return !strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "~") }).Draw(t, label)
	}
	file := func(label string) string {
		return rapid.OneOf(rapid.Just(""), rapid.StringMatching(`/[a-z #:'"-]{1,8}/x`)).Draw(t, label)
	}
	d := Draft{
		Found: Found{Account: "R" + word("account")}, By: word("by"), SSHUser: word("user"), Sudo: rapid.Bool().Draw(t, "sudo"),
		Admin: word("admin"), Identity: file("identity"), KnownHosts: file("known"),
		Jump: rapid.SampledFrom([]string{"", "bastion", "192.0.2.9"}).Draw(t, "jump"),
	}
	for i, one := range names {
		s := Server{Name: one, Port: rapid.SampledFrom([]int{3306, 3307, 65535}).Draw(t, "port")}
		if i > 0 {
			s.Source = names[rapid.IntRange(0, i-1).Draw(t, "source")]
		}
		if rapid.Bool().Draw(t, "elsewhere") {
			s.Address = rapid.SampledFrom([]string{"192.0.2.1", "db.example.com", "2001:db8::1"}).Draw(t, "address")
		}
		s.Reached = rapid.SampledFrom([]string{"", fmt.Sprintf("192.0.2.%d", 70+i)}).Draw(t, "reached")
		if rapid.Bool().Draw(t, "socket") {
			s.Socket = "/run/my sqld/" + rapid.StringMatching(`[a-z'#"]{1,5}`).Draw(t, "name") + ".sock"
		}
		d.Servers = append(d.Servers, s)
	}
	return d
}
