package access

import (
	"net"
	"sync/atomic"
	"time"
)

// patience bounds the wait for a server that was told goodbye.
const patience = time.Second

// parting is a connection whose Close waits, once it is to part in peace, until the server has closed its end too. Otherwise
// the end of the connection to the host might overtake the goodbye, which the server would count as an aborted connection.
type parting struct {
	net.Conn
	peace *atomic.Bool
}

// lives says that neither the server nor the way to it has ended, as far as can be known without asking.
func (p *parting) lives() bool {
	told, ok := p.Conn.(interface{ Ended() bool })
	return ok && !told.Ended()
}

// Close closes the connection.
func (p *parting) Close() error {
	half, ok := p.Conn.(interface{ CloseWrite() error })
	if ok && p.peace.Load() && half.CloseWrite() == nil && p.SetReadDeadline(time.Now().Add(patience)) == nil {
		p.drain()
	}
	return p.Conn.Close()
}

func (p *parting) drain() {
	rest := make([]byte, 512)
	for {
		if _, err := p.Read(rest); err != nil {
			return
		}
	}
}
