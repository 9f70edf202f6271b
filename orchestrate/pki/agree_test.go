package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestJudgeAgreesWithVerifyServed: whatever is served, a receiver that checks identity connects exactly where nothing that is found forbids
// it. The judge asks for more in one point: an address must be an alternative address, since MySQL looks at nothing else for it.
func TestJudgeAgreesWithVerifyServed(t *testing.T) {
	root, stranger := craft(t, nil, 0, asCA), craft(t, nil, 2, asCA)
	middle := craft(t, &root, 1, func(c *x509.Certificate) {
		asCA(c)
		c.Subject.CommonName = "crafted intermediate"
	})
	name := rapid.SampledFrom([]string{"db1.example.com", "db1.example.com", "DB1.example.com", "*.example.com", "db2.example.com", "*.com", "db1", "192.0.2.1"})
	host := rapid.SampledFrom([]string{"db1.example.com", "db1.example.com", "db1.example.com", "db2.EXAMPLE.com", "a.db1.example.com", "example.com", "db1", "192.0.2.1", "192.0.2.2", "2001:db8::1"})
	good := 0
	rapid.Check(t, func(t *rapid.T) {
		parent := rapid.SampledFrom([]*Authority{&root, &root, &middle, &middle, &stranger}).Draw(t, "parent")
		at := rapid.SampledFrom([]time.Duration{0, 0, 0, -2 * time.Hour, 2000 * time.Hour}).Draw(t, "time")
		leaf := draftLeaf(t, parent, name)
		set := Set{
			CA:            rapid.SampledFrom([][]*x509.Certificate{{root.Cert}, {root.Cert, middle.Cert}, {stranger.Cert, root.Cert}, {stranger.Cert}, {middle.Cert}}).Draw(t, "bundle"),
			Cert:          leaf,
			Intermediates: rapid.SampledFrom([][]*x509.Certificate{nil, {middle.Cert}, {root.Cert}}).Draw(t, "sent"),
		}
		wanted := host.Draw(t, "host")
		now := today().Add(at)
		found := Forbidding(Judge(set, Want{Names: []string{wanted}, Now: now, Usage: UsageServer}))
		served := VerifyServed(append([]*x509.Certificate{leaf}, set.Intermediates...), set.CA, wanted, now)
		if served == nil {
			good++
		}
		if (served == nil) == (len(found) == 0) {
			return
		}
		_, err := netip.ParseAddr(wanted)
		if err != nil || served != nil || len(found) != 1 || found[0].Code != CodeNameMissing {
			t.Fatalf("the trial says %v, the judge %v", served, found)
		}
	})
	if good == 0 {
		t.Error("none of the certificates is good: nothing was compared")
	}
}

// draftLeaf is a certificate with any names, usages and times.
func draftLeaf(t *rapid.T, parent *Authority, name *rapid.Generator[string]) *x509.Certificate {
	usages := [][]x509.ExtKeyUsage{nil, {x509.ExtKeyUsageServerAuth}, {x509.ExtKeyUsageClientAuth}, {x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: name.Draw(t, "common name")}, BasicConstraintsValid: true,
		DNSNames:    rapid.SliceOfN(name, 0, 2).Draw(t, "names"),
		NotBefore:   today().Add(-time.Hour),
		NotAfter:    today().Add(rapid.SampledFrom([]time.Duration{time.Hour, 900 * time.Hour, 1100 * time.Hour}).Draw(t, "life")),
		ExtKeyUsage: rapid.SampledFrom(usages).Draw(t, "usages"),
		KeyUsage:    rapid.SampledFrom([]x509.KeyUsage{0, x509.KeyUsageDigitalSignature}).Draw(t, "usage"),
	}
	if rapid.Bool().Draw(t, "with address") {
		template.IPAddresses = []net.IP{net.ParseIP("192.0.2.1")}
	}
	der, err := x509.CreateCertificate(fixed(1), template, parent.Cert, testKeys()[1].Public(), parent.Key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
