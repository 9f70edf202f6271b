package dialect

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
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
// The server takes the first one that fits, and the one whose host fits fewer texts is the earlier one ([generality]). Those that are equal in
// that go by the host backwards, so that localhost goes before a netmask, and both before an address (all of it tried on MariaDB 10.11). A row
// of no host is that of every host.
func MatchRow(rows []facts.AccountRow, from Client) (row facts.AccountRow, ok bool) {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b facts.AccountRow) int {
		return cmp.Or(slices.Compare(generality(a.Host), generality(b.Host)), strings.Compare(b.Host, a.Host))
	})
	for _, candidate := range sorted {
		if fits(candidate.Host, from) {
			return candidate, true
		}
	}
	return facts.AccountRow{}, false
}

// generality is the greater, compared number by number, the more a host leaves open: how many characters it can stand for at most, then by
// which kind of wildcard, then how many of the one and of the other kind, and last the length of the text before the first one.
func generality(host string) []int {
	const longest, mostCounted = 60, 31
	fixed, ones, runs, before := 0, 0, 0, -1
	inRun := false
	for i := 0; i < len(host); i++ {
		c := host[i]
		if before < 0 && (c == '%' || c == '_') {
			before = fixed
		}
		switch {
		case c == '%' && !inRun:
			runs++
		case c == '%':
		case c == '_':
			ones++
		case c == '\\' && i+1 < len(host):
			i++
			fixed++
		default:
			fixed++
		}
		inRun = c == '%'
	}
	ones, runs = min(ones, mostCounted), min(runs, mostCounted)
	open := 0
	if runs > 0 {
		open = longest - fixed - ones
	}
	if open > ones {
		return []int{open, 1, runs, ones, before}
	}
	return []int{ones, 0, open, runs, before}
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

// inNetmask reads a host of the form 192.0.2.0/255.255.255.0. The server knows no other form of a netmask, and none of zeros.
func inNetmask(host string, address netip.Addr) (within, isMask bool) {
	network, mask, _ := strings.Cut(host, "/")
	base, ok := fourNumbers(network)
	bits, maskOK := fourNumbers(mask)
	if !ok || !maskOK || bits == [4]byte{} {
		return false, false
	}
	address = address.Unmap()
	if !address.Is4() {
		return false, true
	}
	for i, b := range address.As4() {
		if b&bits[i] != base[i] {
			return false, true
		}
	}
	return true, true
}

// fourNumbers reads an IPv4 address as the server does, which takes leading zeros for nothing.
func fourNumbers(text string) (numbers [4]byte, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != len(numbers) {
		return numbers, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return numbers, false
		}
		numbers[i] = byte(n)
	}
	return numbers, true
}

// like matches as LIKE does: % is any text, _ is one character, a backslash takes the next as it is. Where the text behind a % does not match, the
// last % alone takes more: the ones before it have taken the least that they can.
func like(pattern, text string) bool {
	behind, left, gap := "", "", false // the pattern behind the last %, the text that it leaves, and whether there is one
	for {
		switch {
		case strings.HasPrefix(pattern, "%"):
			pattern = pattern[1:]
			behind, left, gap = pattern, text, true
			continue
		case pattern == "" && text == "":
			return true
		}
		if rest, ok := likeOne(pattern, text); ok {
			pattern, text = rest, text[1:]
			continue
		}
		if !gap || left == "" {
			return false
		}
		left = left[1:]
		pattern, text = behind, left
	}
}

// likeOne matches the first character of a text, and gives the rest of the pattern, which does not begin with %.
func likeOne(pattern, text string) (rest string, ok bool) {
	switch {
	case pattern == "" || text == "":
		return "", false
	case pattern[0] == '_':
		return pattern[1:], true
	case pattern[0] == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	}
	return pattern[1:], pattern[0] == text[0]
}
