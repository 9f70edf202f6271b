package dialect_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestRealServerMatchesRows logs in to MariaDB 10.11 from several addresses, one of which it knows by a name, with accounts that have any rows, and
// asks as which one: MatchRow says the same of what the server shows in its process list.
func TestRealServerMatchesRows(t *testing.T) {
	dir := t.TempDir()
	for name, option := range map[string]string{"names": "--skip-name-resolve=0", "addresses": "--skip-name-resolve=1"} {
		t.Run(name, func(t *testing.T) {
			template := newTemplate(t, filepath.Join(dir, name))
			s := &server{dir: filepath.Dir(template), socket: filepath.Join(dir, name, "sock"), port: freePort(t)}
			s.start(t, "--datadir="+template, "--bind-address="+loopback(), "--max-connect-errors=1000000", option)
			s.ready(t)
			d, err := dialect.For(mustAsk(t, s.DB, dialect.Version()))
			if err != nil {
				t.Fatal(err)
			}
			s.do(t, "SET sql_log_bin=0", "DELETE FROM mysql.global_priv WHERE User=''", "FLUSH PRIVILEGES", "CREATE USER seen@'%'")
			clients := s.clients(t)
			n := 0
			rapid.Check(t, func(r *rapid.T) {
				n++
				s.matches(t, r, d, fmt.Sprint("m", n), clients)
			})
		})
	}
}

// clients are those who can log in here, as the server sees them, by the address from which they do.
func (s *server) clients(t *testing.T) map[string]dialect.Client {
	t.Helper()
	clients := map[string]dialect.Client{}
	for _, from := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.1.2.34", "::1"} {
		var peer string
		err := open(t, s.loginFrom(t, "seen", from)).QueryRow("SELECT HOST FROM information_schema.PROCESSLIST WHERE ID=CONNECTION_ID()").Scan(&peer)
		if err != nil && from == "::1" {
			t.Logf("no IPv6 here: %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		host, _ := dialect.SplitPeer(peer)
		clients[from] = dialect.Client{Address: netip.MustParseAddr(from)}
		if host != from {
			clients[from] = dialect.Client{Name: host, Address: netip.MustParseAddr(from)}
		}
	}
	t.Logf("%v", clients)
	return clients
}

// loginFrom is a login by TCP from an address of this host, without a password.
func (s *server) loginFrom(t *testing.T, user, from string) *mysql.Config {
	t.Helper()
	config := s.loginTCP(user, "", nil)
	config.Addr = net.JoinHostPort(from, fmt.Sprint(s.port))
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, address)
	}
	return config
}

// matches makes an account of any rows, and compares.
func (s *server) matches(t *testing.T, r *rapid.T, d dialect.Dialect, user string, clients map[string]dialect.Client) {
	for _, host := range rapid.SliceOfN(hostPattern(), 1, 5).Draw(r, "hosts") {
		s.do(t, fmt.Sprintf("CREATE USER IF NOT EXISTS %s@'%s'", user, strings.ReplaceAll(host, `\`, `\\`)))
	}
	var rows []facts.AccountRow
	for _, host := range mustAsk(t, s.DB, d.AccountHosts(user)) {
		rows = append(rows, facts.AccountRow{User: user, Host: host})
	}
	rows = rapid.Permutation(rows).Draw(r, "rows")
	for from, client := range clients {
		want := s.asWhom(t, user, from)
		got := ""
		if row, ok := dialect.MatchRow(rows, client); ok {
			got = user + "@" + row.Host
		}
		if got != want {
			r.Fatalf("rows %v: from %+v MatchRow says %q, the server %q", rows, client, got, want)
		}
	}
	for _, row := range rows {
		s.do(t, fmt.Sprintf("DROP USER %s@'%s'", user, strings.ReplaceAll(row.Host, `\`, `\\`)))
	}
}

// asWhom is the row of a login; empty for none.
func (s *server) asWhom(t *testing.T, user, from string) (current string) {
	t.Helper()
	db := open(t, s.loginFrom(t, user, from))
	defer db.Close()
	err := db.QueryRow("SELECT CURRENT_USER()").Scan(&current)
	if err != nil && !slices.Contains([]int{1045, 1130}, refusal(err)) {
		t.Fatal(err)
	}
	return current
}

// hostPattern draws what stands in the host of a row: patterns of what may log in here, netmasks, and others.
func hostPattern() *rapid.Generator[string] {
	fixed := rapid.SampledFrom([]string{
		"", "%", "_%", "127.%", "127.0.%", "127.0.0._", "127.0.0.%", "%.1", "%.0.0.1", "localhost", "LocalHost", "local%", "%host", "localhos_", "l_calh%", `localhos\t`, `127.0.0.\2`,
		"127.0.0.0/255.255.255.0", "127.0.0.0/255.0.0.0", "127.0.0.2/255.255.255.255", "127.0.0.1/255.255.255.0", "0.0.0.0/0.0.0.0", "127.0.0.0/24",
		"127.0.0.2/255.255.255.254", "127.0.0.002/255.255.255.255", "::1", "::%", "%:1", "::ffff:127.0.0.2", "db2.example.org", "%.example.org", "127.0.0.002",
	})
	part := rapid.SampledFrom([]string{"127", "0", "1", "2", "3", "%", "_", ".", "0.0", "local", "host", "L", ":", `\`, "/", "255"})
	joined := rapid.Map(rapid.SliceOfN(part, 1, 7), func(parts []string) string { return strings.Join(parts, "") })
	return rapid.OneOf(fixed, joined, rapid.Custom(blurred))
}

// blurred is an address or name with wildcards in it.
func blurred(t *rapid.T) string {
	text := []byte(rapid.SampledFrom([]string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.1.2.34", "localhost", "::1"}).Draw(t, "text"))
	for i := range text {
		switch rapid.IntRange(0, 9).Draw(t, "wildcard") {
		case 0:
			text[i] = '_'
		case 1:
			text[i] = '%'
		}
	}
	return string(text)
}

// loopback are the addresses at which a server of this host is asked from them: none is reached from outside.
func loopback() string {
	addresses := "127.0.0.1,127.0.0.2,127.0.0.3,127.1.2.34"
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		addresses += ",::1"
	}
	return addresses
}
