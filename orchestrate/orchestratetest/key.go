package orchestratetest

import (
	"crypto"
	"sync"

	"github.com/replssl/replssl/orchestrate/pki"
)

// testKey is one key for all certificates of all worlds of a process, and testRSAKey the one for servers that read no other kind.
var (
	testKey    = sync.OnceValue(func() crypto.Signer { return newKey(pki.P256) })    //nolint:gochecknoglobals // made once, never changed
	testRSAKey = sync.OnceValue(func() crypto.Signer { return newKey(pki.RSA2048) }) //nolint:gochecknoglobals // as above
)

func newKey(kind pki.KeyKind) crypto.Signer {
	key, err := pki.NewKeys(kind)()
	if err != nil {
		panic(err)
	}
	return key
}

// by are the means of the world with keys of that family.
func (w *World) by(kind pki.KeyKind) pki.Means {
	means := w.means
	switch kind {
	case pki.RSA2048, pki.RSA3072, pki.RSA4096:
		means.NewKey = pki.GivenKey(testRSAKey())
	case pki.P256, pki.Ed25519:
	}
	return means
}

// counter is a source of bytes that differ, for serial numbers.
type counter struct {
	mu   sync.Mutex
	next byte
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range p {
		c.next++
		p[i] = c.next
	}
	return len(p), nil
}
