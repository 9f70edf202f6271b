package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/ssh"
)

func words(name string, args ...string) remote.Command {
	return remote.Command{Line: shell.Words(name, args...)}
}

func TestOneHandshakeServesEverything(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	client := open(t, configFor(server))
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := client.Run(t.Context(), words("true")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if server.Handshakes() != 1 || server.Execs() != 30 {
		t.Errorf("%d handshakes, %d commands", server.Handshakes(), server.Execs())
	}
}

func TestAPeerThatFellSilentIsNoticed(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.HangAfterLogin}))
	config.KeepAlive = 50 * time.Millisecond
	client := open(t, config)
	for name, call := range map[string]func() error{
		"Run":  func() error { _, err := client.Run(t.Context(), words("true")); return err },
		"Dial": func() error { _, err := client.Dial(t.Context(), "tcp", "127.0.0.1:1"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var lost *ssh.LostError
			if err := call(); !errors.As(err, &lost) || lost.Host != "db1" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAHostThatNeverStartsTheCommand(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.SilentExec})))
	for range 10 { // more than there are sessions: these stay taken, as the host has not given them up
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := client.Run(ctx, words("true"))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
}

// TestACutConnectionIsNeverTakenForSuccess cuts the connection at many points of a command's run.
func TestACutConnectionIsNeverTakenForSuccess(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	lost, whole := 0, 0
	for after := int64(2600); after < 26_000; after += 777 {
		server := remotetest.Serve(t, remotetest.ServerOptions{DropAfter: after})
		client, err := new(ssh.Dialer).Dial(t.Context(), configFor(server))
		if err != nil {
			continue
		}
		out, err := client.Run(t.Context(), remote.Command{Line: shell.Words("cat"), Stdin: bytes.NewReader(want)})
		var gone *ssh.LostError
		switch {
		case err == nil && !bytes.Equal(out.Stdout, want):
			t.Errorf("cut after %d bytes: %d of %d bytes are taken for all", after, len(out.Stdout), len(want))
		case err == nil:
			whole++
		case !errors.As(err, &gone):
			t.Errorf("cut after %d bytes: %v", after, err)
		default:
			lost++
		}
		_ = client.Close()
	}
	if lost == 0 || whole == 0 {
		t.Errorf("%d lost and %d whole: the cuts miss the command", lost, whole)
	}
}

func TestForbiddenForwardingIsTold(t *testing.T) {
	kit := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{NoForwarding: true})))
	notForwarded(t, kit, "tcp", "127.0.0.1:1", true)
	notForwarded(t, kit, "unix", "/nonexistent", true)
	openSSH := open(t, startOpenSSH(t, "AllowTcpForwarding no", "AllowStreamLocalForwarding no"))
	notForwarded(t, openSSH, "tcp", "127.0.0.1:1", true)
	notForwarded(t, openSSH, "unix", "/nonexistent", false) // OpenSSH gives no reason for these: "open failed"
}

func notForwarded(t *testing.T, client *ssh.Client, network, address string, forbidden bool) {
	t.Helper()
	_, err := client.Dial(t.Context(), network, address)
	var failed *remote.DialError
	if !errors.As(err, &failed) || failed.Forbidden != forbidden {
		t.Errorf("%s %s: got %v", client.Name(), network, err)
	}
}

func TestAnAddressThatMakesNoSense(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{})))
	for _, address := range []string{"nowhere", "db1:port", "db1:99999"} {
		var failed *remote.DialError
		if _, err := client.Dial(t.Context(), "tcp", address); !errors.As(err, &failed) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestALostConnectionEndsItsStreams(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	client := open(t, configFor(server))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := client.Dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	server.Close()
	var lost *ssh.LostError
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &lost) {
		t.Errorf("read: got %v", err)
	}
	if _, err := conn.Write([]byte("x")); !errors.As(err, &lost) {
		t.Errorf("write: got %v", err)
	}
}
