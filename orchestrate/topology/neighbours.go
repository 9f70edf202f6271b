package topology

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// checkNeighbours looks at servers that share a host: each has files of its own there, and is told from the others by socket or port.
func (inv *inventory) checkNeighbours(s *source) {
	for i, server := range inv.servers {
		for _, other := range inv.servers[:i] {
			if strings.EqualFold(other.name.value, server.name.value) || !onOneHost(other.way, server.way) {
				continue
			}
			name, earlier := oneLine(server.name.value), oneLine(other.name.value)
			if sameDir(server.dir, other.dir) {
				s.fault(cmp.Or(server.dir.line, server.name.line), "%s and %s are on one host, where each needs a tls.dir of its own, as in servers: {%s: {tls: {dir: %s}}}",
					earlier, name, name, path.Join(server.dir.value, name))
			}
			if sameServer(server.mysql, other.mysql) {
				s.fault(cmp.Or(server.mysql.port.line, server.mysql.socket.line, server.name.line),
					"%s and %s are on one host, and what tells them apart is not given: their mysql.port, or mysql.socket", earlier, name)
			}
		}
	}
}

// onOneHost says that the same SSH server is reached by the same way.
func onOneHost(a, b SSH) bool {
	same := func(a, b SSH) bool { return strings.EqualFold(a.Address, b.Address) && a.Port == b.Port }
	return a.Address != "" && same(a, b) && slices.EqualFunc(a.Jump, b.Jump, same)
}

func sameDir(a, b setting[string]) bool {
	return a.value != "" && path.Clean(a.value) == path.Clean(b.value)
}

func sameServer(a, b mysqlSection) bool {
	return a.socket.value == b.socket.value && (a.socket.value != socketAuto || a.port.value == b.port.value)
}
