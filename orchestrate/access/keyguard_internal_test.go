package access

import "testing"

// TestAsksForKey tells the requests for a server's key from every other packet of a login.
func TestAsksForKey(t *testing.T) {
	for name, c := range map[string]struct {
		packet []byte
		asks   bool
	}{
		"caching_sha2_password asks":  {[]byte{1, 0, 0, 3, 2}, true},
		"sha256_password asks":        {[]byte{1, 0, 0, 3, 1}, true},
		"the goodbye":                 {[]byte{1, 0, 0, 0, 1}, false},
		"an empty password":           {[]byte{1, 0, 0, 3, 0}, false},
		"a proof of the password":     {[]byte{2, 0, 0, 3, 2, 2}, false},
		"nothing":                     {nil, false},
		"the head of a longer packet": {[]byte{32, 0, 0, 3, 2}, false},
	} {
		if got := asksForKey(c.packet); got != c.asks {
			t.Errorf("%s: %t", name, got)
		}
	}
}
