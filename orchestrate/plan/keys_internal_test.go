package plan

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// TestKeysThatAllServersRead: one server that reads RSA alone decides for all, since it checks the certificates of the others.
func TestKeysThatAllServersRead(t *testing.T) {
	current, err := dialect.For(facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11})
	if err != nil {
		t.Fatal(err)
	}
	old := dialect.Dialect{} // one that is said to read nothing but RSA
	for _, c := range []struct {
		servers []dialect.Dialect
		want    keyKinds
	}{
		{[]dialect.Dialect{current, current}, keyKinds{pki.P256, pki.P256}},
		{[]dialect.Dialect{old, current}, keyKinds{pki.RSA3072, pki.RSA2048}},
		{[]dialect.Dialect{current, old}, keyKinds{pki.RSA3072, pki.RSA2048}},
	} {
		if got := keysFor(c.servers); got != c.want {
			t.Errorf("%v: %v, want %v", c.servers, got, c.want)
		}
	}
}
