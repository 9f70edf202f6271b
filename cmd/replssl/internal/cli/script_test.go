package cli_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/cmd/replssl/internal/cli"
	"github.com/replssl/replssl/remote/remotetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"replssl": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			code := cli.Main(ctx, cli.World{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv})
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs what needs no server. Exit codes: 1 and 3 are here, and 0 of what changes nothing; 0, 2, 4, 5, 11 and 130 of real
// clusters are in the suites over real servers.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Condition: isThere,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sshd":    func(ts *testscript.TestScript, _ bool, args []string) { startSSH(t, ts, args) },
			"ansible": func(ts *testscript.TestScript, _ bool, args []string) { startAnsible(t, ts, args) },
		},
	})
}

// startSSH is `sshd FILE [FAULT]`: an SSH server, and an inventory that has it as its two hosts. No database is there. One
// that is "gone" has ended, the host key of "unrecorded" is in no file, that of "changed" is another one than is recorded, the file of
// "unreadable" has a line that is none, "closed" lets nobody in, and the key of "locked" has the passphrase sesame.
func startSSH(t *testing.T, ts *testscript.TestScript, args []string) {
	t.Helper()
	fault := strings.Join(args[1:], " ")
	server := remotetest.Serve(t, remotetest.ServerOptions{
		Fault: map[string]remotetest.Fault{"closed": remotetest.RefuseLogin, "changed": remotetest.OtherHostKey}[fault],
	})
	switch fault {
	case "gone":
		server.Close()
	case "unrecorded":
		ts.Check(os.WriteFile(server.KnownHosts, nil, 0o600))
	case "locked":
		lock(ts, server.Identity)
	case "unreadable":
		ts.Check(os.WriteFile(server.KnownHosts, []byte("db1 ssh-ed25519 notbase64\n"), 0o600))
	}
	host, port, err := net.SplitHostPort(server.Address)
	ts.Check(err)
	inventory := fmt.Sprintf("cluster: lab\nprimary: db1\nreplicas: [db2]\naccount: {user: repl}\n"+
		"ssh: {user: ops, port: %s, identity_file: %s, known_hosts: %s}\nmysql: {socket: /nonexistent/mysqld.sock}\n"+
		"servers: {db1: {address: %s}, db2: {address: %s, mysql: {socket: /nonexistent/2.sock}, tls: {dir: /etc/ssl-2}}}\n", port, server.Identity, server.KnownHosts, host, host)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(inventory), 0o600))
}

// lock encrypts a private key.
func lock(ts *testscript.TestScript, file string) {
	text, err := os.ReadFile(file)
	ts.Check(err)
	key, err := ssh.ParseRawPrivateKey(text)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("sesame"))
	ts.Check(err)
	ts.Check(os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
}

// startAnsible is `ansible FILE KNOWN_HOSTS`: an SSH server, and an inventory of Ansible's that has it as three hosts.
func startAnsible(t *testing.T, ts *testscript.TestScript, args []string) {
	t.Helper()
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	host, port, err := net.SplitHostPort(server.Address)
	ts.Check(err)
	inventory := fmt.Sprintf("[db:children]\ndb_replicas\n[db]\nfirst\n[db_replicas]\nsecond\nthird ansible_port=%s\n"+
		"[db:vars]\nansible_host=%s\nansible_user=ops\nansible_ssh_private_key_file=%s\nansible_port=%s\n", port, host, server.Identity, port)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(inventory), 0o600))
	known, err := os.ReadFile(server.KnownHosts)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), known, 0o600))
}

// isThere is the condition [file:PATH].
func isThere(condition string) (bool, error) {
	path, ok := strings.CutPrefix(condition, "file:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	_, err := os.Stat(path)
	return err == nil, nil
}
