package ssh_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/knownhosts"

	gossh "golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// startOpenSSH starts a real sshd on loopback for the user of this test, and gives back how to reach it.
func startOpenSSH(t *testing.T, settings ...string) ssh.Config {
	t.Helper()
	program := findSSHD(t)
	folder := t.TempDir()
	identity, private := remotetest.NewKey(t)
	write(t, filepath.Join(folder, "id"), string(private))
	write(t, filepath.Join(folder, "authorized"), string(gossh.MarshalAuthorizedKey(identity.PublicKey())))
	hostKey := makeHostKey(t, filepath.Join(folder, "host"))
	address := freeAddress(t)
	write(t, filepath.Join(folder, "known_hosts"), knownhosts.Line([]string{address}, hostKey)+"\n")
	write(t, filepath.Join(folder, "sshd_config"), sshdConfig(t, folder, address, settings))
	launch(t, program, filepath.Join(folder, "sshd_config"))
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return ssh.Config{
		Name: "real", Address: address, User: me.Username, IdentityFiles: []string{filepath.Join(folder, "id")},
		KnownHosts: []string{filepath.Join(folder, "known_hosts")}, DialTimeout: 20 * time.Second,
	}
}

func findSSHD(t *testing.T) string {
	t.Helper()
	const program = "/usr/sbin/sshd" // sshd wants to be called by its absolute path
	if _, err := os.Stat(program); err != nil {
		t.Skipf("no OpenSSH server is installed: %v", err)
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd's own privilege separation wants it
			t.Fatal(err)
		}
	}
	return program
}

func sshdConfig(t *testing.T, folder, address string, settings []string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	lines := append(settings,
		"ListenAddress "+host, "Port "+port,
		"HostKey "+filepath.Join(folder, "host"), "AuthorizedKeysFile "+filepath.Join(folder, "authorized"),
		"PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin prohibit-password", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
	)
	return strings.Join(lines, "\n") + "\n"
}

func makeHostKey(t *testing.T, path string) gossh.PublicKey {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	text, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// launch runs sshd in the foreground until the end of the test, and returns when it listens.
func launch(t *testing.T, program, config string) {
	t.Helper()
	process := exec.Command(program, "-D", "-e", "-f", config)
	log, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	listening, said := make(chan bool, 1), make(chan string, 1)
	go func() { said <- follow(log, listening) }()
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		text := <-said
		_ = process.Wait()
		if t.Failed() {
			t.Logf("sshd said:\n%s", text)
		}
	})
	if !<-listening {
		t.Fatal("sshd ended before it listened")
	}
}

// follow reads the log to its end, and tells as soon as sshd listens or has ended without.
func follow(log interface{ Read([]byte) (int, error) }, listening chan<- bool) string {
	var all strings.Builder
	told := false
	for lines := bufio.NewScanner(log); lines.Scan(); {
		_, _ = fmt.Fprintln(&all, lines.Text())
		if !told && strings.Contains(lines.Text(), "Server listening") {
			told = true
			listening <- true
		}
	}
	if !told {
		listening <- false
	}
	return all.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
