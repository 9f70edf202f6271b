package access_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/secret"
)

// TestLooksAreNotCounted: two hundred looks, of which a server that blocks a host after ten counts none.
func TestLooksAreNotCounted(t *testing.T) {
	l := labtest.Start(t, lab.Options{})
	check(t, l.Exec(t.Context(), "primary", "SET GLOBAL max_connect_errors = 10; FLUSH HOSTS"))
	address := l.Primary().MySQLAddress()
	const looks = 200
	for range looks {
		if _, _, err := access.ServedAt(t.Context(), address); !errors.Is(err, access.ErrNoTLS) {
			t.Fatalf("without TLS: got %v", err)
		}
	}
	leaf := serveTLS(t, l, newAuthority(t))
	check(t, l.Exec(t.Context(), "primary", "SET GLOBAL max_connect_errors = 10; FLUSH HOSTS"))
	for range looks {
		seen, chain, err := access.ServedAt(t.Context(), address)
		if err != nil || seen.Version != "TLS 1.3" || len(chain) == 0 || !strings.HasPrefix(seen.Chain, string(leaf.CertPEM())) {
			t.Fatalf("got %+v, %v", seen, err)
		}
	}
	equal(t, "aborted handshakes", preauth(t, l), "0")
	aBreakIsCounted(t, l)
}

// aBreakIsCounted: what the looks avoid is what the server counts.
func aBreakIsCounted(t *testing.T, l *lab.Lab) {
	conn := must(net.Dial("tcp", l.Primary().MySQLAddress()))(t)
	must(conn.Read(make([]byte, 1)))(t)
	check(t, conn.Close())
	for preauth(t, l) != "1" {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func preauth(t *testing.T, l *lab.Lab) string {
	return must(l.Query(t.Context(), "primary", "SHOW GLOBAL STATUS LIKE 'Aborted_connects_preauth'"))(t).Rows[0][1].String
}

// TestTrialsAreNotCounted: two hundred trial logins over a certificate that is not trusted, by servers that block a host after ten that were
// broken off; the host is let in afterwards.
func TestTrialsAreNotCounted(t *testing.T) {
	for name, c := range map[string]struct {
		server string
		serve  func(*testing.T, *lab.Lab)
	}{
		"MariaDB": {"", func(t *testing.T, l *lab.Lab) { serveTLS(t, l, newAuthority(t)) }},
		"MySQL":   {labtest.Tree(t, "mysql-9.7"), func(*testing.T, *lab.Lab) {}},
	} {
		t.Run(name, func(t *testing.T) {
			l := labtest.Start(t, lab.Options{Replicas: 1, Server: c.server})
			c.serve(t, l)
			check(t, l.Exec(t.Context(), "primary", "SET GLOBAL max_connect_errors = 10"))
			servers := connect(t, reach.Cluster(t, l), reach.Dial)
			account := access.Account{User: l.Account.User, Password: secret.New(l.Account.Password)}
			try := func(err error) facts.Attempt {
				return must(servers.Login(t.Context(), "replica1", l.Primary().MySQLAddress(), account, verdict(err)))(t)
			}
			for range 200 {
				equal(t, "attempt", try(errors.New("no trust")), facts.Attempt{Text: "no trust"})
			}
			equal(t, "trusted", try(nil), facts.Attempt{OK: true})
		})
	}
}
