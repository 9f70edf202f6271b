package process

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// socketInodes are the sockets that the process has open, from a long listing of its descriptors. One that may not be read
// makes the whole unknown: it could be the socket that is looked for.
func (p *parts) socketInodes() (map[string]bool, error) {
	text, why := p.get("fd")
	if why != "" {
		return nil, errors.New(why)
	}
	inodes := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ls: ") && !strings.HasSuffix(line, ": No such file or directory") {
			return nil, errors.New(line) // a descriptor that was closed meanwhile is the exception
		}
		if target, found := afterLast(line, " -> socket:["); found {
			inodes[strings.TrimSuffix(target, "]")] = true
		}
	}
	return inodes, nil
}

// established picks the established connections of these sockets from the text of /proc/PID/net/tcp or tcp6.
func established(table string, inodes map[string]bool) ([]Connection, error) {
	var all []Connection
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		const state, inode = 3, 9
		if len(fields) <= inode || fields[0] == "sl" {
			continue
		}
		if fields[state] != "01" || !inodes[fields[inode]] {
			continue
		}
		local, localErr := parseAddress(fields[1])
		remote, remoteErr := parseAddress(fields[2])
		if err := errors.Join(localErr, remoteErr); err != nil {
			return nil, err
		}
		all = append(all, Connection{Local: local, Remote: remote})
	}
	return all, nil
}

// parseAddress reads ADDRESS:PORT in hex. The kernel prints an address as 32-bit words in the byte order of the machine, which
// is taken for little-endian.
func parseAddress(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(address)
	if err != nil {
		return netip.AddrPort{}, errors.New("an address is not hexadecimal")
	}
	if len(bytes)%4 != 0 {
		return netip.AddrPort{}, errors.New("an address is not of whole words")
	}
	for word := range slices.Chunk(bytes, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(bytes)
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, errors.New("an address makes no sense")
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

// serverSockets picks from the text of /proc/net/unix the listening stream sockets of servers.
func serverSockets(table string) []string {
	const listening, stream = "00010000", "0001"
	var paths []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[3] != listening || fields[4] != stream {
			continue
		}
		_, socket, found := strings.Cut(strings.TrimSuffix(line, "\n"), " /") // a path may hold blanks
		if found && looksLikeServer("/"+socket) {
			paths = append(paths, "/"+socket)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
