package access_test

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// must turns an error into the end of the test: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// connect gives the way to the servers of a cluster, which the end of the test closes.
func connect(t *testing.T, c topology.Cluster, dial access.Dial) *access.Servers {
	t.Helper()
	servers := access.New(c, dial)
	t.Cleanup(func() { _ = servers.Close() })
	return servers
}

// changed is the cluster with every server changed.
func changed(c topology.Cluster, change func(*topology.Server)) topology.Cluster {
	servers := make([]topology.Server, len(c.Servers))
	for i, s := range c.Servers {
		change(&s)
		servers[i] = s
	}
	c.Servers = servers
	return c
}

// await asks until the answer is yes.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("%s did not come", what)
		}
	}
}

// authority makes certificates for tests.
type authority struct {
	pki.Authority
	means pki.Means
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	means := pki.Means{Random: rand.Reader, Now: time.Now(), NewKey: pki.NewKeys(pki.P256)}
	return authority{Authority: must(pki.NewAuthority(means, "lab"))(t), means: means}
}

func (a authority) leaf(t *testing.T, names ...string) pki.Leaf {
	t.Helper()
	dns, ips := pki.SplitNames(names)
	return must(a.Issue(a.means, pki.LeafRequest{Server: "server", DNS: dns, IPs: ips}))(t)
}

func (a authority) pair(t *testing.T) tls.Certificate {
	t.Helper()
	leaf := a.leaf(t, "client")
	return must(tls.X509KeyPair(leaf.CertPEM(), []byte(leaf.KeyPEM().Reveal())))(t)
}

// serveTLS restarts the primary of the lab with a certificate.
func serveTLS(t *testing.T, l *lab.Lab, a authority) pki.Leaf {
	t.Helper()
	s := l.Primary()
	leaf := a.leaf(t, s.Address)
	check(t, os.MkdirAll(s.TLSDir, 0o755))
	write := func(path, text string) { check(t, os.WriteFile(path, []byte(text), 0o644)) }
	write(s.TLSDir+"/ca.pem", string(pki.EncodeCert(a.Cert)))
	write(s.TLSDir+"/cert.pem", string(leaf.CertPEM()))
	write(s.TLSDir+"/key.pem", leaf.KeyPEM().Reveal())
	write(s.ConfDir+"/tls.cnf", fmt.Sprintf("[mysqld]\nssl_ca=%[1]s/ca.pem\nssl_cert=%[1]s/cert.pem\nssl_key=%[1]s/key.pem\n", s.TLSDir))
	check(t, l.RestartServer(t.Context(), s.Name))
	return leaf
}
