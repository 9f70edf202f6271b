package ssh

import (
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// listener is a connection that counts what is said over it.
type listener struct {
	ssh.Conn
	heard int
}

func (l *listener) SendRequest(_ string, wantReply bool, _ []byte) (bool, []byte, error) {
	if !wantReply {
		l.heard++
	}
	return false, nil, nil
}

func TestWhatTheHostTellsIsAcknowledgedAtOnce(t *testing.T) {
	host := &listener{}
	requests := make(chan *ssh.Request)
	passed := acknowledge(host, requests)
	for i, request := range []*ssh.Request{{Type: "hostkeys-00@openssh.com"}, {Type: "keepalive@openssh.com", WantReply: true}} {
		requests <- request
		if got := <-passed; got != request {
			t.Errorf("request %d became %v", i, got)
		}
	}
	close(requests)
	if _, more := <-passed; more {
		t.Error("it does not end with the connection")
	}
	if host.heard != 1 {
		t.Errorf("said something %d times, and not once for the one that nobody else answers", host.heard)
	}
}

// TestJumpHostsAreSoonerFoundSilent than what lies behind them, and each is one connection, however many lie behind it.
func TestJumpHostsAreSoonerFoundSilent(t *testing.T) {
	d := &Dialer{KeepAlive: 8 * time.Second}
	outer, inner := Config{Name: "outer", Address: "outer:22"}, Config{Name: "inner", Address: "inner:22"}
	hop := func(config Config) *hop {
		t.Helper()
		h, err := d.hop(config)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	alone := hop(d.complete(Config{Name: "db1", Jump: []Config{outer}}))
	second := hop(d.complete(Config{Name: "db2", Jump: []Config{outer, inner}}))
	outer.Name = "another name of it"
	if hop(d.complete(Config{Name: "db3", Jump: []Config{outer, inner}})) != second {
		t.Error("two connections to one jump host that has two names")
	}
	first := hop(second.config)
	if first != alone {
		t.Errorf("two connections to one jump host: %+v and %+v", first.config, alone.config)
	}
	if first.config.KeepAlive != 4*time.Second || second.config.KeepAlive != 6*time.Second {
		t.Errorf("they are asked every %v and %v", first.config.KeepAlive, second.config.KeepAlive)
	}
}
