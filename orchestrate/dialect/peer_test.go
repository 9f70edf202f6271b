package dialect_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
)

func TestSplitPeer(t *testing.T) {
	for peer, want := range map[string]struct {
		host string
		port int
	}{
		"10.0.0.2:40001":        {"10.0.0.2", 40001},
		"db2.example.com:40001": {"db2.example.com", 40001},
		"2001:db8::2:40001":     {"2001:db8::2", 40001},
		"localhost":             {"localhost", 0},
		"":                      {"", 0},
		"db2:":                  {"db2:", 0},
		"db2:mysql":             {"db2:mysql", 0},
	} {
		if host, port := dialect.SplitPeer(peer); host != want.host || port != want.port {
			t.Errorf("%q: got %q and %d", peer, host, port)
		}
	}
}

func FuzzSplitPeer(f *testing.F) {
	for _, seed := range []string{"10.0.0.2:40001", "::1:5", "a", "", ":", "a:b", "a:-1", "a:99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, peer string) {
		host, port := dialect.SplitPeer(peer)
		if !strings.HasPrefix(peer, host) {
			t.Errorf("%q: the host %q is made up", peer, host)
		}
		if host == peer {
			if port != 0 {
				t.Errorf("%q: a port %d out of nothing", peer, port)
			}
			return
		}
		digits := strings.TrimPrefix(peer, host+":")
		if n, err := strconv.Atoi(digits); err != nil || n != port {
			t.Errorf("%q: %q and %d", peer, host, port)
		}
	})
}
