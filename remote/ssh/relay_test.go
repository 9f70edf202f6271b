package ssh_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/relay"
	"github.com/replssl/replssl/remote/remotetest"
)

// TestAnOpenSSHThatForwardsNothing is reached behind all the same, by a program of the host.
func TestAnOpenSSHThatForwardsNothing(t *testing.T) {
	for setting, networks := range map[string][]string{
		"AllowStreamLocalForwarding no": {"unix"}, "AllowTcpForwarding no": {"tcp"}, "DisableForwarding yes": {"unix", "tcp"},
	} {
		t.Run(setting, func(t *testing.T) {
			client := open(t, startOpenSSH(t, setting))
			host := relay.Host(client)
			t.Cleanup(func() { _ = host.Close() })
			for _, network := range networks {
				address := remotetest.Listen(t, network, func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
				var failed *remote.DialError
				if _, err := client.Dial(t.Context(), network, address); !errors.As(err, &failed) || failed.Forbidden != (network == "tcp") {
					t.Errorf("%s without the relay: %v", network, err)
				}
				echoesThrough(t, host, network, address)
			}
		})
	}
}

func echoesThrough(t *testing.T, host remote.Host, network, address string) {
	t.Helper()
	conn, err := host.Dial(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, 5)
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}
