package dialect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Client is how a server knows who logs in: the name that it resolved the address to, empty where it resolves none, and the address.
type Client struct {
	Name    string
	Address netip.Addr
}

// MatchRow finds the row that a login of the rows' user from there is judged by; ok is false where it is none of them.
//
// The server takes the first one that fits: rows whose host has no wildcard go first, netmasks among them, then the others, the later the
// first wildcard the earlier the row; those without any difference in that go by the host backwards, so that localhost goes before a
// netmask (tried on MariaDB 10.11). A row of no host is that of every host, and the last.
func MatchRow(rows []facts.AccountRow, from Client) (row facts.AccountRow, ok bool) {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b facts.AccountRow) int {
		if byRank := rank(b.Host) - rank(a.Host); byRank != 0 {
			return byRank
		}
		return strings.Compare(b.Host, a.Host)
	})
	for _, candidate := range sorted {
		if fits(candidate.Host, from) {
			return candidate, true
		}
	}
	return facts.AccountRow{}, false
}

// rank is the higher the more a host says. The server counts the place of the first wildcard up to 127.
func rank(host string) int {
	const literal, mostCounted = 128, 127
	for i := 0; i < len(host); i++ {
		switch {
		case host[i] == '\\' && i+1 < len(host):
			i++
		case host[i] == '%' || host[i] == '_':
			return min(i+1, mostCounted)
		}
	}
	if host == "" {
		return 0
	}
	return literal
}

func fits(host string, from Client) bool {
	if host == "" {
		return true
	}
	if within, isMask := inNetmask(host, from.Address); isMask {
		return within
	}
	byName := from.Name != "" && like(strings.ToLower(host), strings.ToLower(from.Name))
	return byName || from.Address.IsValid() && like(host, from.Address.Unmap().String())
}

// inNetmask reads a host of the form 192.0.2.0/255.255.255.0. The server knows no other form of a netmask.
func inNetmask(host string, address netip.Addr) (within, isMask bool) {
	network, mask, ok := strings.Cut(host, "/")
	if !ok {
		return false, false
	}
	base, err := netip.ParseAddr(network)
	bits, maskErr := netip.ParseAddr(mask)
	if err != nil || maskErr != nil || !base.Is4() || !bits.Is4() {
		return false, false
	}
	address = address.Unmap()
	if !address.Is4() {
		return false, true
	}
	b, m, a := base.As4(), bits.As4(), address.As4()
	for i := range b {
		if a[i]&m[i] != b[i] {
			return false, true
		}
	}
	return true, true
}

// like matches as LIKE does: % is any text, _ is one character, a backslash takes the next as it is.
func like(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch c := pattern[0]; {
	case c == '%':
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	case text == "":
		return false
	case c == '_':
		return like(pattern[1:], text[1:])
	case c == '\\' && len(pattern) > 1:
		return pattern[1] == text[0] && like(pattern[2:], text[1:])
	default:
		return c == text[0] && like(pattern[1:], text[1:])
	}
}
