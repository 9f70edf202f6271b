package ssh_test

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// TestEachStageThatHangsIsNamed, where no other test does: the agent's are in TestAnAgentThatHangsIsNamed, a jump host's in
// TestAJumpHostThatHangsIsWaitedForOnce, a host's that says nothing in TestAServerThatSaysNothingIsGivenUp.
func TestEachStageThatHangsIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		config func(t *testing.T) ssh.Config
		step   string
	}{
		"the TCP connection": {fullBacklog, "connect"},
		"the handshake":      {func(t *testing.T) ssh.Config { return speaksUntil(t, "SSH-2.0-slow\r\n") }, "handshake"},
		"the login":          {hangsInLogin, "login"},
		"the forwarding": {
			func(t *testing.T) ssh.Config {
				jump := startOpenSSH(t)
				jump.Name = "bastion"
				return behind(fullBacklog(t), jump)
			}, "connect",
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := c.config(t)
			config.DialTimeout = 400 * time.Millisecond
			var failed *ssh.ConnectError
			err := refuses(t, newDialer(t), config, "", config.Address, ": no answer within 400ms")
			if !errors.As(err, &failed) || failed.Step != c.step {
				t.Errorf("got %v", err)
			}
		})
	}
}

// speaksUntil is a host that says so much and no more.
func speaksUntil(t *testing.T, text string) ssh.Config {
	t.Helper()
	config := startOpenSSH(t)
	return elsewhere(t, config, remotetest.Listen(t, "tcp", func(conn net.Conn) {
		_, _ = conn.Write([]byte(text))
		swallow(conn)
	}))
}

// hangsInLogin is a host that never says whether it takes a key.
func hangsInLogin(t *testing.T) ssh.Config {
	t.Helper()
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	config := configFor(server)
	hostKey, _ := remotetest.NewKey(t)
	ended := make(chan struct{})
	settings := &gossh.ServerConfig{PublicKeyCallback: func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) {
		<-ended
		return nil, errors.New("ended")
	}}
	settings.AddHostKey(hostKey)
	config = elsewhere(t, config, remotetest.Listen(t, "tcp", func(conn net.Conn) { _, _, _, _ = gossh.NewServerConn(conn, settings) }))
	t.Cleanup(func() { close(ended) })
	write(t, config.KnownHosts[0], knownhosts.Line([]string{config.Address}, hostKey.PublicKey())+"\n")
	return config
}

// fullBacklog is an address that answers no connection: whoever listens there takes none, and no more may wait.
func fullBacklog(t *testing.T) ssh.Config {
	t.Helper()
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{}))
	config.Address = deaf(t)
	return config
}

func deaf(t *testing.T) (address string) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := errors.Join(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(socket, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	address = net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 16 {
		conn, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("it goes on to take connections")
	return ""
}
