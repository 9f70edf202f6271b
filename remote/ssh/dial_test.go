package ssh_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/hostkey"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// fails dials, expects it to fail soon, and checks what the error tells in its one line.
func fails(t *testing.T, config ssh.Config, parts ...string) error {
	t.Helper()
	return failsWithin(t.Context(), t, config, parts...)
}

func failsWithin(ctx context.Context, t *testing.T, config ssh.Config, parts ...string) error {
	t.Helper()
	start := time.Now()
	client, err := new(ssh.Dialer).Dial(ctx, config)
	if err == nil {
		_ = client.Close()
		t.Fatal("the dial succeeded")
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, part := range append(parts, config.Name) {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not tell %q in one line", err, part)
		}
	}
	return err
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.HangBeforeBanner}))
	config.DialTimeout = 200 * time.Millisecond
	err := fails(t, config, "SSH banner of "+config.Address)
	var failed *ssh.ConnectError
	if !errors.As(err, &failed) || failed.Step != "banner" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.HangBeforeBanner}))
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(100*time.Millisecond, cancel)
	defer stop.Stop()
	if err := failsWithin(ctx, t, config); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.Address = listener.Addr().String()
	_ = listener.Close()
	var failed *ssh.ConnectError
	if err := fails(t, config, "connect", "refused"); !errors.As(err, &failed) || failed.Step != "connect" {
		t.Errorf("got %v", err)
	}
}

func TestAConnectionCutWhileLoggingIn(t *testing.T) {
	for _, bytes := range []int64{10, 500, 1500, 2200} {
		config := configFor(remotetest.Serve(t, remotetest.ServerOptions{DropAfter: bytes}))
		var failed *ssh.ConnectError
		if err := fails(t, config); !errors.As(err, &failed) {
			t.Errorf("after %d bytes: %v", bytes, err)
		}
	}
}

func TestHostKeyErrorsPassThrough(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.OtherHostKey}))
	var changed *hostkey.ChangedError
	if err := fails(t, config, config.KnownHosts[0]); !errors.As(err, &changed) || changed.Line != 1 {
		t.Errorf("got %v", err)
	}
	write(t, config.KnownHosts[0], "")
	var unknown *hostkey.UnknownError
	if err := fails(t, config, config.KnownHosts[0]); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	config.KnownHosts = []string{filepath.Join(t.TempDir(), "none")}
	if err := fails(t, config, config.KnownHosts[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
