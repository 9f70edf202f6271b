package remotetest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
)

// gate is a reader that gives nothing until it is closed.
type gate struct {
	once   sync.Once
	closed chan struct{}
}

func newGate() *gate { return &gate{closed: make(chan struct{})} }

func (g *gate) Read([]byte) (int, error) {
	<-g.closed
	return 0, io.EOF
}

func (g *gate) Close() { g.once.Do(func() { close(g.closed) }) }

// hang is a command that never ends by itself, and tells by started that it runs; stop ends it, whatever became of its host.
func hang() (cmd remote.Command, started <-chan struct{}, stop func()) {
	begun, gate := make(chan struct{}), newGate()
	cmd = script("cat >/dev/null")
	cmd.Stdin = &announcing{gate: gate, begun: begun}
	return cmd, begun, gate.Close
}

// announcing closes begun at the first Read, which follows the start of the command.
type announcing struct {
	*gate
	first sync.Once
	begun chan struct{}
}

func (a *announcing) Read(buffer []byte) (int, error) {
	a.first.Do(func() { close(a.begun) })
	return a.gate.Read(buffer)
}

// within runs call and fails the test when it does not return in time.
func within(t *testing.T, limit time.Duration, call func() error) error {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- call() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
		t.Fatalf("it did not return within %s", limit)
		return nil
	}
}

func cancelWhileRunning(t *testing.T, host remote.Host) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd, started, stop := hang()
	defer stop()
	result := make(chan error, 1)
	go func() {
		_, err := host.Run(ctx, cmd)
		result <- err
	}()
	<-started
	cancel()
	err := within(t, promptly, func() error { return <-result })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	names(t, host, err)
	stop()
	runs(t, host) // the host is still of use
}

func deadlineWhileHanging(t *testing.T, host remote.Host) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	cmd, _, stop := hang()
	defer stop()
	err := within(t, promptly, func() error {
		_, err := host.Run(ctx, cmd)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	names(t, host, err)
}

func endedContext(t *testing.T, host remote.Host) {
	why := errors.New("the operator pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := host.Run(ctx, script("true"))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("Run: got %v", err)
	}
	names(t, host, err)
	conn, err := host.Dial(ctx, "tcp", "127.0.0.1:1")
	if conn != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Dial: got %v", err)
	}
	names(t, host, err)
	conn, err = host.Open(ctx, script("true").Line)
	if conn != nil || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("Open: got %v", err)
	}
	names(t, host, err)
}

func closeEndsPending(t *testing.T, host remote.Host) {
	cmd, started, stop := hang()
	defer stop()
	result := make(chan error, 1)
	go func() {
		_, err := host.Run(t.Context(), cmd)
		result <- err
	}()
	<-started
	if err := within(t, promptly, host.Close); err != nil {
		t.Error(err)
	}
	err := within(t, promptly, func() error { return <-result })
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	names(t, host, err)
}

func callsAfterClose(t *testing.T, host remote.Host) {
	if err := host.Close(); err != nil {
		t.Error(err)
	}
	_, err := run(t, host, script("true"))
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run: got %v", err)
	}
	names(t, host, err)
	conn, err := host.Dial(t.Context(), "tcp", "127.0.0.1:1")
	if conn != nil || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial: got %v", err)
	}
	names(t, host, err)
	conn, err = host.Open(t.Context(), script("true").Line)
	if conn != nil || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Open: got %v", err)
	}
	names(t, host, err)
	if err := within(t, promptly, host.Close); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}
