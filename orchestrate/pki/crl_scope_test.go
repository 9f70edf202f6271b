package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// TestScopesOfLists: openssl takes a list for exactly the certificates for which it is taken here.
func TestScopesOfLists(t *testing.T) {
	const point = "http://crl.example/1"
	root := craft(t, nil, 0, func(c *x509.Certificate) { asCA(c); c.KeyUsage |= x509.KeyUsageCRLSign })
	leaf := craft(t, &root, 1, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{point} }).Cert
	full := func(uri string) pointName {
		return pointName{Full: []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}}}
	}
	for name, scope := range map[string]scope{
		"users": {OnlyUsers: true}, "authorities": {OnlyCAs: true}, "attributes": {Attributes: true}, "indirect": {Indirect: true},
		"reasons": {Reasons: asn1.BitString{Bytes: []byte{0x40}, BitLength: 2}}, "point": {Point: full(point)}, "another point": {Point: full(point + "2")},
	} {
		list := listWith(t, root, scope)
		file := append(EncodeCert(root.Cert), pem.EncodeToMemory(&pem.Block{Type: blockCRL, Bytes: list.Raw})...)
		out, ok := openssl(t, "verify", "-crl_check", "-CAfile", write(t, file), write(t, EncodeCert(leaf)))
		if covers(list, leaf) != ok {
			t.Errorf("%s: openssl says %s", name, out)
		}
	}
}

func listWith(t *testing.T, by Authority, scope scope) *x509.RevocationList {
	t.Helper()
	value, err := asn1.Marshal(scope)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: today().Add(-time.Hour), NextUpdate: today().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}},
	}
	der, err := x509.CreateRevocationList(fixed(1), template, by.Cert, by.Key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
