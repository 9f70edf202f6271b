package access_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

const right = "Not-A-Word-7"

// TestPasswords are logins as an account that the socket lets nobody in with.
func TestPasswords(t *testing.T) {
	l := labtest.Start(t, lab.Options{Replicas: 1, SkipNameResolve: true})
	c := reach.Cluster(t, l)
	sql(t, l, "CREATE USER dba@'127.0.0.%' IDENTIFIED BY '"+right+"'", "GRANT ALL ON *.* TO dba@'127.0.0.%'",
		"CREATE USER dba@localhost IDENTIFIED BY '"+right+"'", "GRANT ALL ON *.* TO dba@localhost")
	for name, test := range map[string]func(*testing.T, *lab.Lab, topology.Cluster){
		"over the port":               overThePort,
		"through a socket":            passwordThroughSocket,
		"from a variable":             fromVariable,
		"from a command":              fromCommand,
		"the wrong one is tried once": wrongOnce,
		"that cannot be had":          noPassword,
		"another server at the port":  stranger,
		"nobody at the port":          nobodyThere,
		"another user at the port":    anotherUser,
	} {
		t.Run(name, func(t *testing.T) { test(t, l, c) })
	}
	t.Run("of an account that must use TLS", func(t *testing.T) { mustUseTLS(t, l, c) })
}

func sql(t *testing.T, l *lab.Lab, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		check(t, l.Exec(t.Context(), "primary", statement))
	}
}

// file is one that nobody else reads, with a password and more lines.
func file(t *testing.T, password string) topology.PasswordSource {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	check(t, os.WriteFile(path, []byte(password+"\nand what else there is\n"), 0o600))
	return topology.PasswordSource{File: path}
}

// by is the cluster with an administrator who has a password, over the port unless a socket is named.
func by(c topology.Cluster, source topology.PasswordSource, socket string) topology.Cluster {
	return changed(c, func(s *topology.Server) { s.MySQL.Admin, s.MySQL.Password, s.MySQL.Socket = "dba", source, socket })
}

func admin(t *testing.T, servers *access.Servers) string {
	t.Helper()
	instance := access.Ask(t.Context(), servers.On("primary"), mariaDB().Instance())
	if !instance.IsKnown() {
		t.Fatal(instance.Why())
	}
	return instance.Or(facts.Instance{}).Admin
}

func overThePort(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, by(c, file(t, right), ""), reach.Dial)
	equal(t, "account", admin(t, servers), "dba@127.0.0.%")
	if shown := servers.Handshake(t.Context(), "primary"); !shown.IsAbsent() {
		t.Errorf("got %v", shown)
	}
}

func passwordThroughSocket(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	servers := connect(t, by(c, file(t, right), c.Primary().MySQL.Socket), reach.Dial)
	equal(t, "account", admin(t, servers), "dba@localhost")
}

func fromVariable(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	env := map[string]string{"DBA_PASSWORD": right}
	servers := connect(t, by(c, topology.PasswordSource{Env: "DBA_PASSWORD"}, ""), reach.Dial).WithEnvironment(func(name string) string { return env[name] })
	equal(t, "account", admin(t, servers), "dba@127.0.0.%")
}

// fromCommand wants the command to run once, however many ask.
func fromCommand(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	trace := filepath.Join(t.TempDir(), "trace")
	command := fmt.Sprintf("echo ran >>'%s'; echo warning >&2; echo '%s'; echo more", trace, right)
	servers := connect(t, by(c, topology.PasswordSource{Command: command}, ""), reach.Dial)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := servers.Query(t.Context(), "primary", dialect.Version().Statement()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	equal(t, "trace", string(must(os.ReadFile(trace))(t)), "ran\n")
}

// wrongOnce asks the server how many logins it has refused.
func wrongOnce(t *testing.T, l *lab.Lab, c topology.Cluster) {
	before := refusals(t, l)
	servers := connect(t, by(c, file(t, "Not-Right-8"), ""), reach.Dial)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
			var refused *access.LoginError
			if !errors.As(err, &refused) || refused.Number != 1045 || strings.Contains(err.Error()+access.Hint(err), "Not-Right-8") {
				t.Errorf("got %v", err)
				return
			}
			if hint := access.Hint(err); !strings.Contains(hint, "password_file /") || !strings.Contains(hint, "does not try it again") {
				t.Errorf("hint %s", hint)
			}
		})
	}
	all.Wait()
	_ = servers.Handshake(t.Context(), "primary")
	equal(t, "refused logins", refusals(t, l)-before, 1)
}

func refusals(t *testing.T, l *lab.Lab) int {
	t.Helper()
	const count = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'ACCESS_DENIED_ERRORS'"
	return must(strconv.Atoi(must(l.Value(t.Context(), "primary", count))(t)))(t)
}

func noPassword(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	open := file(t, right)
	check(t, os.Chmod(open.File, 0o644))
	for source, want := range map[topology.PasswordSource][2]string{
		{File: "/nonexistent"}: {"password_file /nonexistent: no such file or directory", "chmod 600"},
		open:                   {"other users of this machine may read it (mode 0644)", "chmod 600 " + open.File},
		file(t, ""):            {"the first line is empty", "alone in the first line"},
		{Env: "NOT_SET"}:       {"password_env NOT_SET: it is not set", "export NOT_SET"},
		{Command: "echo sealed >&2; echo sealed; exit 3"}: {"password_command: it failed: exit status 3", "mysql.admin.password_command by hand"},
		{Command: "echo; echo sealed"}:                    {"password_command: the first line is empty", "alone in the first line"},
	} {
		servers := connect(t, by(c, source, ""), reach.Dial)
		_, err := servers.Query(t.Context(), "primary", dialect.Version().Statement())
		var missing *access.PasswordError
		if !errors.As(err, &missing) || !strings.HasPrefix(err.Error(), "primary: SQL login as dba: the password of the administrator: ") ||
			!strings.Contains(err.Error(), want[0]) || !strings.Contains(access.Hint(err), want[1]) {
			t.Errorf("got %v\nhint %s", err, access.Hint(err))
		}
		if said := fmt.Sprint(err, access.Hint(err)); strings.Contains(said, "sealed") {
			t.Errorf("the command is told: %s", said)
		}
	}
}

// stranger is a port that leads on to the server, as a proxy does.
func stranger(t *testing.T, l *lab.Lab, c topology.Cluster) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { _ = listener.Close() })
	go forward(listener, must(l.Server("primary"))(t).MySQLAddress())
	c = changed(by(c, file(t, right), ""), func(s *topology.Server) { s.MySQL.Port = listener.Addr().(*net.TCPAddr).Port })
	_, err := connect(t, c, reach.Dial).Query(t.Context(), "primary", dialect.Version().Statement())
	if err == nil || !strings.Contains(err.Error(), "answers another server") || !strings.Contains(access.Hint(err), "SELECT @@port") {
		t.Errorf("got %v", err)
	}
}

// anotherUser listens on the loopback, where the server does not.
func anotherUser(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a socket to another user")
	}
	plain := net.ListenConfig{}
	plain.SetMultipathTCP(false) // whose socket the kernel lists is not the one that is given away
	listener := must(plain.Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Primary().MySQL.Port))))(t)
	raw := must(listener.(*net.TCPListener).SyscallConn())(t)
	const other = 12345
	var given error
	check(t, raw.Control(func(fd uintptr) { given = syscall.Fchown(int(fd), other, other) }))
	check(t, given)
	var told atomic.Int64
	var all sync.WaitGroup
	all.Go(func() { overhear(listener, &told) })
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })

	servers := connect(t, by(c, file(t, right), ""), reach.Dial)
	equal(t, "account", admin(t, servers), "dba@127.0.0.%")

	alone := changed(by(c, file(t, right), ""), func(s *topology.Server) { s.Address = "127.0.0.1" })
	_, err := connect(t, alone, reach.Dial).Query(t.Context(), "primary", dialect.Version().Statement())
	want := fmt.Sprintf("the password is not told to %s: a program of the OS user 12345 has the port there", listener.Addr())
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(access.Hint(err), "mysql: {socket: /PATH}") {
		t.Errorf("got %v, hint %s", err, access.Hint(err))
	}
	equal(t, "bytes that were told", told.Load(), 0)
}

// overhear greets as a server that offers TLS and wants to be told the password, and counts what it is told.
func overhear(listener net.Listener, told *atomic.Int64) {
	greeting := "\x0a8.0.0\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00\xff\xdf\x15" + strings.Repeat("\x00", 10) + "abcdefghijkl\x00caching_sha2_password\x00"
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write(append([]byte{byte(len(greeting)), 0, 0, 0}, greeting...))
		n, _ := conn.Read(make([]byte, 1000))
		told.Add(int64(n))
		_ = conn.Close()
	}
}

func nobodyThere(t *testing.T, _ *lab.Lab, c topology.Cluster) {
	c = changed(by(c, file(t, right), ""), func(s *topology.Server) { s.MySQL.Port = 1 })
	_, err := connect(t, c, reach.Dial).Query(t.Context(), "primary", dialect.Version().Statement())
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(access.Hint(err), "mysql: {port: PORT}") {
		t.Errorf("got %v, hint %s", err, access.Hint(err))
	}
}

func mustUseTLS(t *testing.T, l *lab.Lab, c topology.Cluster) {
	serveTLS(t, l, newAuthority(t))
	sql(t, l, "ALTER USER dba@'127.0.0.%' REQUIRE SSL")
	servers := connect(t, by(c, file(t, right), ""), reach.Dial)
	equal(t, "account", admin(t, servers), "dba@127.0.0.%")
	if shown := servers.Handshake(t.Context(), "primary"); !shown.IsKnown() {
		t.Errorf("got %v", shown)
	}
}
