package remotetest

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Listen starts a server on this machine that gives each connection to serve, and stops with the test.
func Listen(t *testing.T, network string, serve func(net.Conn)) (address string) {
	t.Helper()
	at := "127.0.0.1:0"
	if network == "unix" {
		folder, err := os.MkdirTemp("", "rt") // a path short enough for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		at = filepath.Join(folder, "s")
	}
	listener, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() { acceptAll(listener, &work, serve) })
	t.Cleanup(func() {
		_ = listener.Close()
		work.Wait()
	})
	return listener.Addr().String()
}

func acceptAll(listener net.Listener, work *sync.WaitGroup, serve func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		work.Go(func() {
			defer func() { _ = conn.Close() }()
			serve(conn)
		})
	}
}
