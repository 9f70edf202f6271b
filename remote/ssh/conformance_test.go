package ssh_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("golang.org/x/crypto/ssh.(*mux).openChannel")) // see newSession
}

// configFor is how to reach a server of the kit.
func configFor(server *remotetest.Server) ssh.Config {
	return ssh.Config{
		Name: "db1", Address: server.Address, User: "ops",
		IdentityFiles: []string{server.Identity}, KnownHosts: []string{server.KnownHosts},
		DialTimeout: 10 * time.Second, KeepAlive: time.Second,
	}
}

func open(t *testing.T, config ssh.Config) *ssh.Client {
	t.Helper()
	client, err := new(ssh.Dialer).Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestConformsOverTheServerOfTheKit(t *testing.T) {
	remotetest.Conformance(t, func(t *testing.T) remote.Host {
		return open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{})))
	})
}

func TestConformsOverOpenSSH(t *testing.T) {
	config := startOpenSSH(t)
	remotetest.Conformance(t, func(t *testing.T) remote.Host { return open(t, config) })
}
