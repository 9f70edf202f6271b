package plan

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestKeysThatAllServersRead: one server that reads RSA alone decides for all, since it checks the certificates of the others.
func TestKeysThatAllServersRead(t *testing.T) {
	current, old := pki.Reader{}, pki.Reader{RSAOnly: true}
	for _, c := range []struct {
		asked   topology.Algorithm
		servers []pki.Reader
		want    keyKinds
	}{
		{"", []pki.Reader{current, current}, keyKinds{pki.P256, pki.P256}},
		{"", []pki.Reader{old, current}, keyKinds{pki.RSA3072, pki.RSA2048}},
		{"", []pki.Reader{current, old}, keyKinds{pki.RSA3072, pki.RSA2048}},
		{topology.AlgorithmRSA2048, []pki.Reader{current}, keyKinds{pki.RSA3072, pki.RSA2048}},
		{topology.AlgorithmRSA3072, []pki.Reader{current}, keyKinds{pki.RSA3072, pki.RSA3072}},
		{topology.AlgorithmRSA4096, []pki.Reader{current}, keyKinds{pki.RSA4096, pki.RSA4096}},
		{topology.AlgorithmP256, []pki.Reader{current}, keyKinds{pki.P256, pki.P256}},
		{topology.AlgorithmEd25519, []pki.Reader{current}, keyKinds{pki.Ed25519, pki.Ed25519}},
		{topology.AlgorithmEd25519, []pki.Reader{old}, keyKinds{pki.Ed25519, pki.Ed25519}}, // which is refused with the server that cannot
	} {
		if got := keysFor(c.asked, c.servers); got != c.want {
			t.Errorf("%q, %v: %v, want %v", c.asked, c.servers, got, c.want)
		}
	}
}

// TestEveryAlgorithmHasAKind: what an inventory may ask for can be made.
func TestEveryAlgorithmHasAKind(t *testing.T) {
	for _, algorithm := range topology.Algorithms() {
		if _, ok := pki.ParseKeyKind(string(algorithm)); !ok {
			t.Errorf("no kind of key is known for %q", algorithm)
		}
	}
}
