package access_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/replssl/replssl/e2e/reach"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/ssh"
)

func TestRealServers(t *testing.T) {
	l := labtest.Start(t, lab.Options{Replicas: 1})
	c := reach.Cluster(t, l)
	for name, test := range map[string]func(*testing.T, *lab.Lab, topology.Cluster){
		"one connection serves everything":  oneConnection,
		"a killed connection is made anew":  killedConnection,
		"sessions end":                      sessionsEnd,
		"a refused statement is told":       refusedStatement,
		"many questions take one wait":      manyQuestions,
		"many statements stop at a refusal": manyStatements,
		"a refused login tells what to set": refusedLogin,
		"a socket that is not there":        noSocket,
		"a socket that is looked for":       foundSocket,
		"plaintext logins":                  plaintextLogins,
		"no TLS is absent":                  noTLS,
		"closed is closed":                  closedIsClosed,
	} {
		t.Run(name, func(t *testing.T) { test(t, l, c) })
	}
	t.Run("two servers of one port", func(t *testing.T) { onePort(t, l, c) })
	t.Run("after a restart of the server", func(t *testing.T) { afterRestart(t, l, c) })
	t.Run("after a loss of the host", func(t *testing.T) { afterLoss(t, l, c) })
}

func oneConnection(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	var dialed atomic.Int32
	servers := connect(t, c, func(ctx context.Context, s topology.Server) (remote.Host, error) {
		dialed.Add(1)
		return reach.Dial(ctx, s)
	})
	done := make(chan facts.Value[uint64], 8)
	for range cap(done) {
		go func() { done <- access.Ask(t.Context(), servers.On("primary"), mariaDB().ConnectionID()) }()
	}
	first := <-done
	if !first.IsKnown() {
		t.Fatal(first)
	}
	for range cap(done) - 1 {
		equal(t, "connection id", (<-done).String(), first.String())
	}
	equal(t, "SSH connections", dialed.Load(), 1)
	version := access.Ask(t.Context(), servers.On("primary"), dialect.Version())
	equal(t, "version", version.Or(facts.Version{}).Flavour, facts.MariaDB)
	host := must(servers.Host(t.Context(), "primary"))(t)
	equal(t, "name", host.Name(), "primary")
}

// manyQuestions has one in the middle that is refused, behind which the server goes on only when it is asked again.
func manyQuestions(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	var version facts.Value[facts.Version]
	var row facts.Value[facts.AccountRow]
	var hosts facts.Value[[]string]
	var first, last facts.Value[uint64]
	var questions access.Questions
	access.Add(&questions, dialect.Version(), &version)
	access.Add(&questions, mariaDB().ConnectionID(), &first)
	access.Add(&questions, mariaDB().Account("nobody", "%"), &row)
	access.Add(&questions, mariaDB().AccountHosts("nobody"), &hosts)
	access.Add(&questions, mariaDB().ConnectionID(), &last)
	questions.Ask(t.Context(), servers.On("primary"))
	equal(t, "flavour", version.Or(facts.Version{}).Flavour, facts.MariaDB)
	equal(t, "a row that is not there", row.IsAbsent(), true)
	equal(t, "an empty answer", len(hosts.Or([]string{"?"})), 0)
	equal(t, "one session", last.String(), first.String())
	equal(t, "an id", first.IsKnown(), true)
}

func manyStatements(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	d := mariaDB()
	missing := must(d.Require("nobody", "%", facts.Requirement{Kind: facts.RequireSSL}))(t)
	check(t, servers.Session(t.Context(), "primary", func(ctx context.Context, s *access.Session) error {
		done, err := s.ExecAll(ctx, d.WithoutBinlog(), missing, d.WithoutBinlog())
		var refused *access.RefusedError
		if !errors.As(err, &refused) || refused.Number != 1396 || refused.Statement != missing.String() {
			t.Errorf("got %v", err)
		}
		equal(t, "done", done, 1)
		done, err = s.ExecAll(ctx, d.WithoutBinlog(), d.WithoutBinlog())
		equal(t, "done", done, 2)
		return err
	}))
}

// killedConnection: whoever kills the session of the tool between two statements does not make the second one fail.
func killedConnection(t *testing.T, l *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	id := access.Ask(t.Context(), servers.On("primary"), mariaDB().ConnectionID())
	check(t, l.Exec(t.Context(), "primary", "KILL "+id.String()))
	await(t, "the end of the session", func() bool {
		n := must(l.Value(t.Context(), "primary", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = "+id.String()))(t)
		return n == "0"
	})
	await(t, "the news of it", func() bool { return !servers.Lives("primary") })
	check(t, servers.Exec(t.Context(), "primary", mariaDB().WithoutBinlog()))
	if again := access.Ask(t.Context(), servers.On("primary"), mariaDB().ConnectionID()); again.String() == id.String() {
		t.Errorf("the killed session %s is still used", id)
	}
}

func sessionsEnd(t *testing.T, l *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	var inside facts.Value[uint64]
	check(t, servers.Session(t.Context(), "primary", func(ctx context.Context, s *access.Session) error {
		inside = access.Ask(ctx, s, mariaDB().ConnectionID())
		if err := s.Exec(ctx, mariaDB().WithoutBinlog()); err != nil {
			return err
		}
		equal(t, "same session", access.Ask(ctx, s, mariaDB().ConnectionID()).String(), inside.String())
		return nil
	}))
	outside := access.Ask(t.Context(), servers.On("primary"), mariaDB().ConnectionID())
	if inside.String() == outside.String() {
		t.Error("the session was not a connection of its own")
	}
	await(t, "the session's end", func() bool {
		id := strconv.FormatUint(inside.Or(0), 10)
		n := must(l.Value(t.Context(), "primary", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = "+id))(t)
		return n == "0"
	})
	cause := errors.New("the work failed")
	err := servers.Session(t.Context(), "primary", func(context.Context, *access.Session) error { return cause })
	if !errors.Is(err, cause) {
		t.Error(err)
	}
}

func refusedStatement(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	statements := must(mariaDB().StopThreads("no such channel", facts.Threads{Receiver: true}))(t)
	err := servers.Exec(t.Context(), "replica1", statements[0])
	var refused *access.RefusedError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	equal(t, "errno", refused.Number, 1617)
	want := "replica1: STOP SLAVE 'no such channel' IO_THREAD: the server refused (1617): "
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %q, want it to begin with %q", err, want)
	}
}

func refusedLogin(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, changed(c, func(s *topology.Server) { s.MySQL.Admin = "stranger" }), reach.Dial)
	_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
	var refused *access.LoginError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	for _, want := range []string{"primary: ", "stranger", c.Primary().MySQL.Socket, "the server refused (1"} { // 1698 or 1045, by the default plugin
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	want := "CREATE USER '" + c.Primary().SSH.User + "'@localhost IDENTIFIED VIA unix_socket"
	if hint := access.Hint(err); !strings.Contains(hint, "set mysql.admin.user") || strings.Contains(hint, "ssh.sudo") != (os.Geteuid() != 0) || !strings.Contains(hint, "password_file") || !strings.Contains(hint, want) {
		t.Errorf("got hint %q", hint)
	}
}

func noSocket(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, changed(c, func(s *topology.Server) { s.MySQL.Socket = "/nonexistent/mysqld.sock" }), reach.Dial)
	_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
	var dial *remote.DialError
	if !errors.As(err, &dial) || !strings.Contains(err.Error(), "/nonexistent/mysqld.sock") {
		t.Error(err)
	}
}

func foundSocket(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, changed(c, func(s *topology.Server) { s.MySQL.Socket = "" }), reach.Dial)
	for _, s := range c.Servers {
		seen, ok := access.Ask(t.Context(), servers.On(s.Name), mariaDB().Instance()).Get()
		if !ok || seen.Port != s.MySQL.Port || seen.Socket != s.MySQL.Socket {
			t.Errorf("%s: found %v", s.Name, access.Ask(t.Context(), servers.On(s.Name), mariaDB().Instance()))
		}
	}
	elsewhere := connect(t, changed(c, func(s *topology.Server) { s.MySQL.Socket, s.MySQL.Port = "", 1 }), reach.Dial)
	_, err := elsewhere.Query(t.Context(), "primary", dialect.Version().Statement())
	var missed *access.SocketError
	if !errors.As(err, &missed) {
		t.Fatal(err)
	}
	tried := strings.Join(missed.Tried, "\n")
	if want := c.Primary().MySQL.Socket + ": its server has port " + strconv.Itoa(c.Primary().MySQL.Port); !strings.Contains(tried, want) {
		t.Errorf("%q is not among what was tried:\n%s", want, tried)
	}
}

// onePort: servers on different addresses of a host may have the same port, and then it does not say which one is meant.
func onePort(t *testing.T, l *lab.Lab, c topology.Cluster) {
	replica := must(l.Server("replica1"))(t)
	own := replica.ConfDir + "/port.cnf"
	check(t, os.WriteFile(own, fmt.Appendf(nil, "[mysqld]\nport = %d\n", l.Primary().Port), 0o644))
	check(t, l.RestartServer(t.Context(), "replica1"))
	servers := connect(t, changed(c, func(s *topology.Server) { s.MySQL.Socket = "" }), reach.Dial)
	_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
	var several *access.SocketError
	if !errors.As(err, &several) || !slices.Equal(several.Several, []string{l.Primary().Socket, replica.Socket}) {
		t.Error(err)
	}
	check(t, os.Remove(own))
	check(t, l.RestartServer(t.Context(), "replica1"))
}

func plaintextLogins(t *testing.T, l *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	to := net.JoinHostPort(c.Primary().Address, strconv.Itoa(c.Primary().MySQL.Port))
	good := access.Account{User: l.Account.User, Password: secret.New(l.Account.Password)}
	equal(t, "login", must(servers.Login(t.Context(), "replica1", to, good, nil))(t), facts.Attempt{OK: true})
	attempt := must(servers.Login(t.Context(), "replica1", to, access.Account{User: "nobody"}, nil))(t)
	equal(t, "errno of a stranger", attempt.Errno, 1045)
	attempt = must(servers.Login(t.Context(), "replica1", to, good, &tls.Config{InsecureSkipVerify: true}))(t)
	equal(t, "login over TLS", attempt, facts.Attempt{Text: "the server offers no TLS"})
	if _, err := servers.Login(t.Context(), "replica1", "127.0.0.1:1", good, nil); err == nil {
		t.Error("a login to nowhere should be an error")
	}
}

func noTLS(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	if seen := connect(t, c, reach.Dial).Handshake(t.Context(), "primary"); !seen.IsAbsent() {
		t.Error(seen)
	}
}

func closedIsClosed(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	must(servers.Query(t.Context(), "primary", dialect.Version().Statement()))(t)
	check(t, servers.Close())
	if _, err := servers.Query(t.Context(), "primary", dialect.Version().Statement()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := servers.Host(t.Context(), "replica1"); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := servers.Host(t.Context(), "stranger"); err == nil {
		t.Error("a server that the inventory lacks was reached")
	}
}

func afterRestart(t *testing.T, l *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	must(servers.Query(t.Context(), "replica1", dialect.Version().Statement()))(t)
	check(t, l.RestartServer(t.Context(), "replica1"))
	must(servers.Query(t.Context(), "replica1", dialect.Version().Statement()))(t)
	check(t, l.RestartServer(t.Context(), "replica1"))
	statements := must(mariaDB().StartThreads("", facts.Threads{Receiver: true}))(t)
	check(t, servers.Exec(t.Context(), "replica1", statements[0]))
}

func afterLoss(t *testing.T, l *lab.Lab, c topology.Cluster) {
	servers := connect(t, c, reach.Dial)
	must(servers.Query(t.Context(), "replica1", dialect.Version().Statement()))(t)
	check(t, l.StopSSH(t.Context(), "replica1"))
	_, err := servers.Query(t.Context(), "replica1", dialect.Version().Statement())
	var refused *ssh.ConnectError
	if !errors.As(err, &refused) {
		t.Error(err)
	}
	check(t, l.StartSSH(t.Context(), "replica1"))
	must(servers.Query(t.Context(), "replica1", dialect.Version().Statement()))(t)
}
