package access_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/relay"
)

// strict is a primary whose administrators must use TLS: the one that the socket knows, and dba with a password. The lab itself logs in as
// another.
type strict struct {
	*lab.Lab
	admin   string
	cluster topology.Cluster
}

func strictLab(t *testing.T, o lab.Options, serve func(*lab.Lab)) *strict {
	t.Helper()
	o.Replicas = 1
	l := labtest.Start(t, o)
	s := &strict{Lab: l, admin: l.Admin, cluster: reach.Cluster(t, l)}
	sql(t, l, "CREATE USER keeper@localhost", "GRANT ALL ON *.* TO keeper@localhost")
	for _, host := range []string{"localhost", "127.0.0.%"} {
		sql(t, l, "CREATE USER dba@'"+host+"' IDENTIFIED BY '"+right+"'", "GRANT ALL ON *.* TO dba@'"+host+"'")
	}
	l.Admin = "keeper"
	serve(l)
	s.require(t, "SSL")
	return s
}

func (s *strict) require(t *testing.T, what string) {
	t.Helper()
	for _, account := range []string{s.admin + "@localhost", "dba@localhost", "dba@'127.0.0.%'"} {
		sql(t, s.Lab, "SET sql_log_bin = 0; ALTER USER "+account+" REQUIRE "+what)
	}
}

// refused runs work and wants that many logins of it to be refused.
func (s *strict) refused(t *testing.T, want int, work func()) {
	t.Helper()
	before := refusals(t, s.Lab)
	work()
	equal(t, "refused logins", refusals(t, s.Lab)-before, want)
}

func ask(t *testing.T, servers *access.Servers) error {
	t.Helper()
	_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
	return err
}

// TestAnAdministratorWhoMustUseTLS is let in by each way, with one login refused at most.
func TestAnAdministratorWhoMustUseTLS(t *testing.T) {
	a := newAuthority(t)
	s := strictLab(t, lab.Options{SkipNameResolve: true}, func(l *lab.Lab) { serveTLS(t, l, a) })
	socket := s.cluster.Primary().MySQL.Socket
	found := changed(s.cluster, func(s *topology.Server) { s.MySQL.Socket = "" })
	for name, c := range map[string]struct {
		cluster topology.Cluster
		dial    access.Dial
		refused int
	}{
		"who the socket knows":                  {s.cluster, reach.Dial, 1},
		"behind a socket that is looked for":    {found, reach.Dial, 1},
		"through a program of the host":         {s.cluster, relayed, 1},
		"with a password through the socket":    {by(s.cluster, file(t, right), socket), reach.Dial, 0},
		"with a password through such programs": {by(s.cluster, file(t, right), socket), relayed, 0},
		"with a password over the port":         {by(s.cluster, file(t, right), ""), reach.Dial, 0},
	} {
		t.Run(name, func(t *testing.T) { s.refused(t, c.refused, func() { works(t, connect(t, c.cluster, c.dial), s.Lab) }) })
	}
	t.Run("with a wrong password", s.wrongPassword)
	t.Run("after another certificate was loaded", func(t *testing.T) { s.reloaded(t, a) })
	t.Run("whose TLS must be more", s.moreThanSSL)
	t.Run("where nobody may do without", s.secureTransport)
	t.Run("where the server has lost its TLS", s.lost)
}

// works uses the kept connection, again after it was killed, and others beside it.
func works(t *testing.T, servers *access.Servers, l *lab.Lab) {
	t.Helper()
	for range 3 {
		id := access.Ask(t.Context(), servers.On("primary"), mariaDB().ConnectionID())
		if !id.IsKnown() {
			t.Fatal(id.Why())
		}
		check(t, l.Exec(t.Context(), "primary", "KILL "+id.String()))
		await(t, "the news of the end", func() bool { return !servers.Lives("primary") })
		check(t, servers.Session(t.Context(), "primary", func(ctx context.Context, s *access.Session) error {
			return s.Exec(ctx, mariaDB().WithoutBinlog())
		}))
		if shown := servers.Handshake(t.Context(), "primary"); !shown.IsKnown() {
			t.Errorf("got %v", shown)
		}
	}
}

// relayed reaches the servers by programs of the host alone, as under sudo.
func relayed(ctx context.Context, s topology.Server) (remote.Host, error) {
	host, err := reach.Dial(ctx, s)
	if err != nil {
		return nil, err
	}
	return &throughPrograms{Host: host, relay: relay.New(host)}, nil
}

type throughPrograms struct {
	remote.Host

	relay *relay.Relay
}

func (h *throughPrograms) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return h.relay.Dial(ctx, network, address)
}

func (h *throughPrograms) Close() error {
	err := h.Host.Close()
	h.relay.Close()
	return err
}

// wrongPassword is tried once, by either way: it cannot be told from an account that must use TLS.
func (s *strict) wrongPassword(t *testing.T) {
	for _, socket := range []string{"", s.cluster.Primary().MySQL.Socket} {
		s.refused(t, 1, func() {
			servers := connect(t, by(s.cluster, file(t, "Not-Right-8"), socket), reach.Dial)
			for range 3 {
				turnedAway(t, ask(t, servers), "over TLS: the server refused (1045)", "password_file /", "REQUIRE, too")
			}
			_ = servers.Handshake(t.Context(), "primary")
		})
	}
}

func turnedAway(t *testing.T, err error, text string, hints ...string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "primary: ") || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %q", err, text)
	}
	for _, want := range hints {
		if hint := access.Hint(err); !strings.Contains(hint, want) {
			t.Errorf("hint %s\nlacks %q", hint, want)
		}
	}
}

// reloaded: a certificate is loaded that expires while the connections stand, and it is no hindrance to those that come.
func (s *strict) reloaded(t *testing.T, a authority) {
	servers := connect(t, s.cluster, reach.Dial)
	check(t, ask(t, servers))
	dns, ips := pki.SplitNames([]string{s.Primary().Address})
	leaf := must(a.Issue(a.means, pki.LeafRequest{Server: "server", DNS: dns, IPs: ips, Life: time.Second}))(t)
	check(t, os.WriteFile(s.Primary().TLSDir+"/cert.pem", leaf.CertPEM(), 0o644))
	check(t, os.WriteFile(s.Primary().TLSDir+"/key.pem", []byte(leaf.KeyPEM().Reveal()), 0o644))
	sql(t, s.Lab, "FLUSH SSL")
	await(t, "the end of the certificate", func() bool { return time.Now().After(leaf.Cert.NotAfter) })
	s.refused(t, 0, func() { works(t, servers, s.Lab) })
	s.refused(t, 0, func() { works(t, connect(t, by(s.cluster, file(t, right), ""), reach.Dial), s.Lab) })
}

func (s *strict) moreThanSSL(t *testing.T) {
	s.require(t, "X509")
	defer s.require(t, "SSL")
	account := s.admin
	s.refused(t, 2, func() {
		turnedAway(t, ask(t, connect(t, s.cluster, reach.Dial)), "SQL login as "+account+" through "+s.cluster.Primary().MySQL.Socket+
			" over TLS: the server refused (1698): Access denied for user '"+account+"'@'localhost'", "X509, ISSUER or SUBJECT", "SHOW CREATE USER")
	})
	s.refused(t, 1, func() {
		turnedAway(t, ask(t, connect(t, by(s.cluster, file(t, right), ""), reach.Dial)), "over TLS: the server refused (1045)", "X509, ISSUER or SUBJECT", "password_file")
	})
	found := changed(s.cluster, func(s *topology.Server) { s.MySQL.Socket = "" })
	err := ask(t, connect(t, found, reach.Dial))
	turnedAway(t, err, "looking for the socket", "X509, ISSUER or SUBJECT", "socket: /PATH")
	var missed *access.SocketError
	if !errors.As(err, &missed) || !strings.Contains(strings.Join(missed.Tried, "\n"), "the login as "+account+" over TLS was refused (1698)") {
		t.Errorf("got %v", err)
	}
}

func (s *strict) secureTransport(t *testing.T) {
	s.require(t, "NONE")
	sql(t, s.Lab, "SET GLOBAL require_secure_transport = ON")
	defer sql(t, s.Lab, "SET GLOBAL require_secure_transport = OFF")
	s.refused(t, 0, func() {
		works(t, connect(t, s.cluster, reach.Dial), s.Lab)
		works(t, connect(t, by(s.cluster, file(t, right), ""), reach.Dial), s.Lab)
	})
}

// lost: the connections know that TLS was wanted, and still tell that there is none. They are let in when the account is, and over TLS again
// when there is some.
func (s *strict) lost(t *testing.T) {
	s.require(t, "SSL")
	restart := func() {
		s.require(t, "NONE") // the lab asks as that administrator whether the server is there
		check(t, s.RestartServer(t.Context(), "primary"))
		s.require(t, "SSL")
	}
	kept, byPassword := connect(t, s.cluster, reach.Dial), connect(t, by(s.cluster, file(t, right), ""), reach.Dial)
	check(t, ask(t, kept))
	check(t, ask(t, byPassword))
	own := s.Primary().ConfDir + "/tls.cnf"
	text := must(os.ReadFile(own))(t)
	check(t, os.WriteFile(own, []byte("[mysqld]\nssl = OFF\nrequire_secure_transport = OFF\n"), 0o644))
	restart()
	turnedAway(t, ask(t, kept), "the server refused (1698)", "this server offers no TLS", "REQUIRE NONE until it does")
	s.require(t, "NONE")
	check(t, ask(t, kept))
	check(t, ask(t, byPassword))
	sql(t, s.Lab, "SET GLOBAL require_secure_transport = ON")
	turnedAway(t, ask(t, connect(t, by(s.cluster, file(t, right), ""), reach.Dial)), "the server refused (1045)", "require_secure_transport is on", "no TLS")
	check(t, os.WriteFile(own, text, 0o644))
	restart()
	check(t, ask(t, kept))
	check(t, ask(t, byPassword))
}

// TestAnAdministratorOfMySQLWhoMustUseTLS has its password asked for itself: at the first login, and after each start of the server.
func TestAnAdministratorOfMySQLWhoMustUseTLS(t *testing.T) {
	s := strictLab(t, lab.Options{Server: labtest.Tree(t, "mysql-9.7")}, func(*lab.Lab) {})
	socket := s.cluster.Primary().MySQL.Socket
	for name, c := range map[string]topology.Cluster{
		"who the socket knows":               s.cluster,
		"with a password through the socket": by(s.cluster, file(t, right), socket),
		"with a password over the port":      by(s.cluster, file(t, right), ""),
	} {
		t.Run(name, func(t *testing.T) { check(t, ask(t, connect(t, c, reach.Dial))) })
	}
	s.require(t, "X509")
	for _, c := range []topology.Cluster{s.cluster, by(s.cluster, file(t, right), socket)} {
		turnedAway(t, ask(t, connect(t, c, reach.Dial)), "over TLS: the server refused (1", "X509, ISSUER or SUBJECT")
	}
}

// TestWhatTLSCostsALogin counts the waits for an answer: with a password one more than without TLS, and less than two logins.
func TestWhatTLSCostsALogin(t *testing.T) {
	s := strictLab(t, lab.Options{}, func(l *lab.Lab) { serveTLS(t, l, newAuthority(t)) })
	waits := func(c topology.Cluster) int {
		counted := &turns{}
		check(t, ask(t, connect(t, c, counted.dial)))
		return counted.count()
	}
	over := waits(by(s.cluster, file(t, right), s.cluster.Primary().MySQL.Socket))
	refusedBefore := waits(s.cluster)
	s.require(t, "NONE")
	plain := waits(s.cluster)
	t.Logf("waits for a login and one question: %d without TLS, %d over TLS at once, %d where it is refused before", plain, over, refusedBefore)
	if over != plain+1 || refusedBefore <= over {
		t.Error("want one more over TLS, and more still where a login is refused before: " + strconv.Itoa(plain))
	}
}
