package remotetest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
)

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func dial(t *testing.T, host remote.Host, network, address string) net.Conn {
	t.Helper()
	conn, err := host.Dial(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func echoUnix(t *testing.T, host remote.Host) { echoes(t, host, "unix") }

func echoTCP(t *testing.T, host remote.Host) { echoes(t, host, "tcp") }

func echoes(t *testing.T, host remote.Host, network string) {
	conn := dial(t, host, network, Listen(t, network, echo))
	echoesOver(t, conn)
}

func echoesOver(t *testing.T, conn net.Conn) {
	t.Helper()
	sent := bytes.Repeat([]byte("0123456789"), 300_000)
	var writer sync.WaitGroup
	writer.Go(func() {
		if _, err := conn.Write(sent); err != nil {
			t.Error(err)
		}
	})
	got := make([]byte, len(sent))
	_, err := io.ReadFull(conn, got)
	writer.Wait()
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("the echo differs: %v", err)
	}
	if conn.RemoteAddr() == nil || conn.LocalAddr() == nil {
		t.Error("the connection has no addresses")
	}
}

func readDeadline(t *testing.T, host remote.Host) {
	release := make(chan struct{})
	conn := dial(t, host, "tcp", Listen(t, "tcp", func(conn net.Conn) {
		<-release
		_, _ = conn.Write([]byte("late but whole"))
	}))
	for range 3 {
		missesDeadline(t, conn)
	}
	close(release)
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if got, err := io.ReadAll(conn); err != nil || string(got) != "late but whole" {
		t.Errorf("got %q, %v", got, err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a read after its deadline gave no error")
	}
}

func missesDeadline(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 4))
	var timeout net.Error
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("got %d bytes and %v", n, err)
	}
}

func writeDeadline(t *testing.T, host remote.Host) {
	release := make(chan struct{})
	conn := dial(t, host, "tcp", Listen(t, "tcp", func(net.Conn) { <-release }))
	defer close(release)
	writesUntilLate(t, conn)
}

func writesUntilLate(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	err := within(t, patience, func() error {
		for {
			if _, err := conn.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func halfClose(t *testing.T, host remote.Host) {
	conn := dial(t, host, "tcp", Listen(t, "tcp", func(conn net.Conn) {
		text, _ := io.ReadAll(conn) // ends by the half close only
		_, _ = conn.Write(append(text, "!"...))
	}))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection cannot be half closed")
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello!" {
		t.Errorf("got %q, %v", got, err)
	}
}

func writeThenClose(t *testing.T, host remote.Host) {
	arrived := make(chan int, 1)
	conn := dial(t, host, "tcp", Listen(t, "tcp", func(conn net.Conn) {
		text, _ := io.ReadAll(conn)
		arrived <- len(text)
	}))
	if _, err := conn.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if n := <-arrived; n != 1<<20 {
		t.Errorf("%d bytes of %d arrived", n, 1<<20)
	}
}

func refused(t *testing.T, host remote.Host) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	notOpened(t, host, "tcp", address)
}

func noSocket(t *testing.T, host remote.Host) {
	notOpened(t, host, "unix", filepath.Join(t.TempDir(), "none.sock"))
}

func notOpened(t *testing.T, host remote.Host, network, address string) {
	t.Helper()
	conn, err := host.Dial(t.Context(), network, address)
	var failed *remote.DialError
	if conn != nil || !errors.As(err, &failed) || failed.Address != address || failed.Forbidden {
		t.Errorf("got %v", err)
	}
	names(t, host, err)
}

func badNetwork(t *testing.T, host remote.Host) {
	conn, err := host.Dial(t.Context(), "udp", "127.0.0.1:53")
	if conn != nil {
		t.Error("opened a connection")
	}
	names(t, host, err)
}

func closeEndsRead(t *testing.T, host remote.Host) {
	blockedRead(t, host, func(net.Conn) { _ = host.Close() })
}

func connCloseEndsRead(t *testing.T, host remote.Host) {
	blockedRead(t, host, func(conn net.Conn) { _ = conn.Close() })
}

func blockedRead(t *testing.T, host remote.Host, end func(net.Conn)) {
	t.Helper()
	conn := dial(t, host, "tcp", Listen(t, "tcp", func(conn net.Conn) {
		_, _ = conn.Write([]byte("x"))
		_, _ = io.Copy(io.Discard, conn)
	}))
	endsRead(t, conn, end)
}

// endsRead lets end end a Read that waits for what follows the first byte.
func endsRead(t *testing.T, conn net.Conn, end func(net.Conn)) {
	t.Helper()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		result <- err
	}()
	end(conn)
	if err := within(t, promptly, func() error { return <-result }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
