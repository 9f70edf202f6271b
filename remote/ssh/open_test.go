package ssh_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/ssh"
)

// TestAnOpenedCommandWhoseConnectionIsLost is no command that has ended well.
func TestAnOpenedCommandWhoseConnectionIsLost(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	conn, err := open(t, configFor(server)).Open(t.Context(), shell.Script("printf x; exec cat"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	server.Close()
	var lost *ssh.LostError
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &lost) {
		t.Errorf("got %v", err)
	}
}

// TestAnIdleSessionThatTheHostHasEndedIsReplaced, for opened commands too.
func TestAnIdleSessionThatTheHostHasEndedIsReplaced(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{EndSessions: 3})))
	conn, err := client.Open(t.Context(), shell.Script("echo yes"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "yes\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
