package orchestratetest

import (
	"crypto"
	"sync"

	"github.com/replssl/replssl/orchestrate/pki"
)

// testKey is one key for all certificates of all worlds of a process.
var testKey = sync.OnceValue(func() crypto.Signer { //nolint:gochecknoglobals // made once, never changed
	key, err := pki.NewKeys(pki.P256)()
	if err != nil {
		panic(err)
	}
	return key
})

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
