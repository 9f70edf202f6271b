package access

import (
	"bytes"
	"encoding/binary"
	"net"
)

// greeting is what a server says first, in the clear: nobody vouches for it.
type greeting struct {
	offersTLS bool
	plugin    string // by which the client's first answer is made
}

// greeted keeps what a server says first.
type greeted struct {
	net.Conn

	said []byte
}

const (
	mostGreeting  = 1024
	packetHeader  = 4
	offersTLSFlag = 0x800 // CLIENT_SSL
)

func (g *greeted) Read(into []byte) (int, error) {
	n, err := g.Conn.Read(into)
	room := max(0, mostGreeting-len(g.said))
	g.said = append(g.said, into[:min(n, room)]...)
	return n, err
}

// greeting is false where the server greeted in no way that is known, as where it refused at once.
func (g *greeted) greeting() (greeting, bool) {
	if g == nil || len(g.said) < packetHeader {
		return greeting{}, false
	}
	length := int(g.said[0]) | int(g.said[1])<<8 | int(g.said[2])<<16
	if len(g.said) < packetHeader+length {
		return greeting{}, false
	}
	return parseGreeting(g.said[packetHeader : packetHeader+length])
}

// parseGreeting reads the protocol's version 10 (MySQL internals manual, "Protocol::HandshakeV10").
func parseGreeting(packet []byte) (greeting, bool) {
	const (
		version  = 10
		toFlags  = 4 + 8 + 1 // connection id, challenge, filler
		toPlugin = toFlags + 2 + 1 + 2 + 2 + 1 + 10 + 13
	)
	if len(packet) == 0 || packet[0] != version {
		return greeting{}, false
	}
	_, rest, ok := bytes.Cut(packet[1:], []byte{0})
	if !ok || len(rest) < toPlugin {
		return greeting{}, false
	}
	plugin, _, _ := bytes.Cut(rest[toPlugin:], []byte{0})
	return greeting{offersTLS: binary.LittleEndian.Uint16(rest[toFlags:])&offersTLSFlag != 0, plugin: string(plugin)}, true
}
