package plain_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/plain"
)

func TestCause(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 22}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, err := range map[string]error{
		"":                   nil,
		"connection refused": refused,
		"listing: connection refused, and connection timed out": fmt.Errorf("listing: %w, and %w", refused, syscall.ETIMEDOUT),
		"no answer in time":        context.DeadlineExceeded,
		"login: no answer in time": fmt.Errorf("login: %w", &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}),
		"interrupted":              context.Canceled,
		"greeting: the other end closed the connection":           fmt.Errorf("greeting: %w", io.EOF),
		"the other end closed the connection":                     io.ErrUnexpectedEOF,
		"the connection is closed":                                &net.OpError{Op: "write", Err: net.ErrClosed},
		"the name db9 does not resolve":                           &net.OpError{Op: "dial", Err: &net.DNSError{Name: "db9", Server: "192.0.2.53:53", Err: "no such host", IsNotFound: true}},
		"the name db9 cannot be resolved now: server misbehaving": &net.DNSError{Name: "db9", Server: "192.0.2.53:53", Err: "server misbehaving", IsTemporary: true},
		"db1: is not host:port (missing port in address)":         &net.AddrError{Addr: "db1:", Err: "missing port in address"},
		"open /x: permission denied":                              &os.PathError{Op: "open", Path: "/x", Err: syscall.EACCES},
		"what a server said":                                      errors.New("what a server said"),
		"the disk is full\nthe other end closed the connection":   errors.Join(errors.New("the disk is full"), io.EOF),
		"3s are over": fmt.Errorf("%s are over", 3*time.Second),
	} {
		if got := plain.Cause(err); got != want {
			t.Errorf("%#v: got %q, want %q", err, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"30s": 30 * time.Second, "1m": time.Minute, "1m30s": 90 * time.Second, "10m": 10 * time.Minute, "1h": time.Hour, "20h": 20 * time.Hour,
		"1h30m": 90 * time.Minute, "1h0m5s": time.Hour + 5*time.Second, "0s": 0, "1.5s": 1500 * time.Millisecond,
	} {
		if got := plain.Duration(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

// TestATimeoutOfTheNetwork meets the error of a connection that nobody accepts in time.
func TestATimeoutOfTheNetwork(t *testing.T) {
	dialer := net.Dialer{Deadline: time.Now().Add(-time.Second)}
	_, err := dialer.Dial("tcp", "127.0.0.1:1")
	if got := plain.Cause(err); got != "no answer in time" {
		t.Errorf("%q of %v", got, err)
	}
}
