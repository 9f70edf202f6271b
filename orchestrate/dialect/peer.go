package dialect

import (
	"strconv"
	"strings"
)

// SplitPeer takes the host:port of a process list apart; the host may be a name, an IPv4 or a bare IPv6 address.
// The port is 0 when there is none, as for a connection through a unix socket.
func SplitPeer(peer string) (host string, port int) {
	i := strings.LastIndexByte(peer, ':')
	if i < 0 {
		return peer, 0
	}
	port, err := strconv.Atoi(peer[i+1:])
	if err != nil {
		return peer, 0
	}
	return peer[:i], port
}
