package ssh

import (
	"testing"

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
