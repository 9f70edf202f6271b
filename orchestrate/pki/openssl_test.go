package pki

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// TestJudgeAgreesWithOpenSSL: of small random hierarchies, the judge lets through exactly the chains that openssl verifies.
func TestJudgeAgreesWithOpenSSL(t *testing.T) {
	const hierarchies = 100
	random := rand.New(rand.NewPCG(7, 11))
	good := 0
	for number := range hierarchies {
		set := randomSet(t, random)
		found := Forbidding(Judge(set, Want{Now: today(), Usage: UsageServer}))
		args := []string{"verify", "-purpose", "sslserver", "-CAfile", write(t, EncodeCert(set.CA...))}
		if len(set.Intermediates) > 0 {
			args = append(args, "-untrusted", write(t, EncodeCert(set.Intermediates...)))
		}
		out, ok := openssl(t, append(args, write(t, EncodeCert(set.Cert)))...)
		if ok != (len(found) == 0) {
			t.Errorf("hierarchy %d: openssl says %v: %s\nthe judge: %v", number, ok, out, found)
		}
		if ok {
			good++
		}
	}
	if good == 0 || good == hierarchies {
		t.Errorf("%d of %d are good: nothing was compared", good, hierarchies)
	}
}

// randomSet is a server's certificate by a root, by the root's new key, or by an authority below; each with limits now and then.
func randomSet(t *testing.T, random *rand.Rand) Set {
	t.Helper()
	root := craft(t, nil, 0, randomAuthority(random, "root", 0))
	below := craft(t, &root, 1, randomAuthority(random, []string{"root", "below"}[random.IntN(2)], 1))
	parent := []*Authority{&root, &below}[random.IntN(2)]
	leaf := craft(t, parent, 2, func(c *x509.Certificate) {
		c.Subject.CommonName = []string{"db1", "db1.example.com", "db1.corp.example"}[random.IntN(3)]
		c.DNSNames = [][]string{nil, {"db1.example.com"}, {"DB1.corp.example"}, {"corp.example", "a.b.corp.example"}}[random.IntN(4)]
		c.IPAddresses = [][]net.IP{nil, {net.IPv4(10, 1, 2, 3).To4()}, {net.IPv4(192, 0, 2, 1).To4()}}[random.IntN(3)]
		c.SerialNumber, c.AuthorityKeyId = big.NewInt(100), parent.Cert.SubjectKeyId
		if random.IntN(8) == 0 {
			c.NotAfter = today().Add(-time.Minute)
		}
	})
	bundles := [][]*x509.Certificate{{root.Cert}, {root.Cert}, {root.Cert, below.Cert}, {below.Cert}}
	return Set{CA: bundles[random.IntN(4)], Cert: leaf.Cert, Intermediates: [][]*x509.Certificate{nil, {below.Cert}, {below.Cert}}[random.IntN(3)]}
}

func randomAuthority(random *rand.Rand, name string, key int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		asCA(c)
		c.Subject.CommonName, c.DNSNames = name, nil
		c.SubjectKeyId, c.AuthorityKeyId = fmt.Appendf(nil, "key %d", key), []byte("key 0")
		switch random.IntN(8) {
		case 0:
			c.PermittedDNSDomains = []string{[]string{"corp.example", ".corp.example", "example.com"}[random.IntN(3)]}
		case 1:
			c.ExcludedDNSDomains = []string{[]string{"corp.example", ".corp.example", "example.com"}[random.IntN(3)]}
		case 2:
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
		case 3:
			c.MaxPathLenZero = true
		}
	}
}
