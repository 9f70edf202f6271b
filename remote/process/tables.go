package process

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/seen"
)

// sockets are the lines about sockets that grep picked, each with the name of where it stood.
type sockets struct {
	within bool // the lines to come are of this kind
	ended  bool
	noTCP6 bool // the host has no such table

	descriptors []string // a long listing of what the process has open
	tcp, tcp6   []string
	complaints  []string
}

func (s *sockets) add(line string) {
	if status, found := strings.CutPrefix(line, "sockets end "); found {
		s.within, s.ended = false, status == "0"
		return
	}
	place, rest, _ := strings.Cut(line, ":")
	switch {
	case place == "(standard input)":
		s.descriptors = append(s.descriptors, rest)
	case strings.HasSuffix(place, "/net/tcp"):
		s.tcp = append(s.tcp, rest)
	case strings.HasSuffix(place, "/net/tcp6"):
		s.tcp6 = append(s.tcp6, rest)
	default:
		s.complaints = append(s.complaints, line)
	}
}

// fault is why the lines cannot be taken for all that there are.
func (s *sockets) fault() error {
	switch {
	case len(s.complaints) > 0:
		return errors.New(strings.Join(s.complaints, "; "))
	case !s.ended:
		return errors.New("the host did not tell all of them")
	case len(s.descriptors) == 0:
		return errors.New("nothing is listed")
	case !hasHead(s.tcp):
		return errors.New("the host did not tell the table tcp")
	case !hasHead(s.tcp6) && !s.noTCP6:
		return errors.New("the host did not tell the table tcp6")
	}
	return nil
}

func hasHead(table []string) bool {
	return len(table) > 0 && strings.HasPrefix(strings.TrimSpace(table[0]), "sl ")
}

func (s *sockets) connections() seen.Value[[]Connection] {
	inodes, err := s.inodes()
	if err = errors.Join(err, s.fault()); err != nil {
		return seen.Unknown[[]Connection](err.Error())
	}
	all, err := established(slices.Concat(s.tcp, s.tcp6), inodes)
	if err != nil {
		return seen.Unknown[[]Connection]("a table of connections cannot be understood: " + err.Error())
	}
	slices.SortFunc(all, func(a, b Connection) int {
		if order := a.Local.Compare(b.Local); order != 0 {
			return order
		}
		return a.Remote.Compare(b.Remote)
	})
	return seen.Known(all)
}

// inodes are those of the sockets that the process has open. One that may not be read makes the whole unknown: it could be the
// socket that is looked for.
func (s *sockets) inodes() (map[string]bool, error) {
	inodes := map[string]bool{}
	for _, line := range s.descriptors {
		if strings.HasPrefix(line, "ls: ") && !strings.HasSuffix(line, ": No such file or directory") {
			return nil, errors.New(line) // a descriptor that was closed meanwhile is the exception
		}
		if target, found := afterLast(line, " -> socket:["); found {
			inodes[strings.TrimSuffix(target, "]")] = true
		}
	}
	return inodes, nil
}

// established picks the established connections of these sockets from the lines of /proc/PID/net/tcp and tcp6.
func established(table []string, inodes map[string]bool) ([]Connection, error) {
	var all []Connection
	for _, line := range table {
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

// serverSockets picks from the lines of /proc/net/unix the listening stream sockets of servers.
func serverSockets(table []string) []string {
	const listening, stream = "00010000", "0001"
	var paths []string
	for _, line := range table {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[3] != listening || fields[4] != stream {
			continue
		}
		_, socket, found := strings.Cut(line, " /") // a path may hold blanks
		if found && looksLikeServer("/"+socket) {
			paths = append(paths, "/"+socket)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
