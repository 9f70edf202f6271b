package ssh_test

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// valve stands between a client and its host and can hold back what the host says. So a test sees how often the client has to
// hear from the host before something happens there: that is the number of round trips, whatever the time they take.
type valve struct {
	mu    sync.Mutex
	state valveState
	moved sync.Cond
}

type valveState int

const (
	valveOpen valveState = iota
	valveHeld
	valveStep // lets the host speak until the client answers
	valveDone
)

// throughValve is the same way to a host, with a valve in it.
func throughValve(t *testing.T, config ssh.Config) (ssh.Config, *valve) {
	t.Helper()
	v := &valve{}
	v.moved.L = &v.mu
	host := config.Address
	address := remotetest.Listen(t, "tcp", func(client net.Conn) { v.join(client, host) })
	t.Cleanup(func() { v.set(valveDone) })
	return elsewhere(t, config, address), v
}

// elsewhere is the same host at another address, under which it is recorded too.
func elsewhere(t *testing.T, config ssh.Config, address string) ssh.Config {
	t.Helper()
	_, old, _ := net.SplitHostPort(config.Address)
	_, port, _ := net.SplitHostPort(address)
	known := strings.ReplaceAll(read(t, config.KnownHosts[0]), "]:"+old, "]:"+port)
	config.Address, config.KnownHosts = address, []string{filepath.Join(t.TempDir(), "known_hosts")}
	write(t, config.KnownHosts[0], known)
	return config
}

func (v *valve) join(client net.Conn, address string) {
	host, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = host.Close() }()
	var answers sync.WaitGroup
	answers.Go(func() {
		v.carry(client, host, v.pass)
		_ = client.Close()
	})
	v.carry(host, client, v.answered)
	_ = host.Close()
	v.set(valveDone)
	answers.Wait()
}

// carry carries bytes until either side has ended, asking before it hands on each piece.
func (v *valve) carry(to, from net.Conn, ask func()) {
	for buffer := make([]byte, 1<<15); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		ask()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// pass waits until the host may be heard.
func (v *valve) pass() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.state == valveHeld {
		v.moved.Wait()
	}
}

// answered notices that the client has said something.
func (v *valve) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state == valveStep {
		v.state = valveHeld
	}
}

func (v *valve) set(state valveState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state != valveDone {
		v.state = state
	}
	v.moved.Broadcast()
}
