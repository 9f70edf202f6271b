package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNewAuthority(t *testing.T) {
	for kind, signature := range map[KeyKind]x509.SignatureAlgorithm{P256: x509.ECDSAWithSHA256, RSA3072: x509.SHA256WithRSA} {
		t.Run(string(kind), func(t *testing.T) {
			authority, err := NewAuthority(Means{Random: fixed(3), Now: today(), NewKey: NewKeys(kind)}, "orders")
			if err != nil {
				t.Fatal(err)
			}
			checkAuthority(t, authority.Cert, signature)
		})
	}
}

func checkAuthority(t *testing.T, cert *x509.Certificate, signature x509.SignatureAlgorithm) {
	t.Helper()
	if name := cert.Subject.CommonName; !regexp.MustCompile(`^orders replication CA [0-9a-f]{8}$`).MatchString(name) {
		t.Errorf("the common name is %q", name)
	}
	if !cert.IsCA || cert.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || cert.SignatureAlgorithm != signature {
		t.Errorf("CA %v, usage %b, signature %s", cert.IsCA, cert.KeyUsage, cert.SignatureAlgorithm)
	}
	if cert.SerialNumber.Sign() < 1 || cert.SerialNumber.BitLen() != 128 {
		t.Errorf("the serial number is %v", cert.SerialNumber)
	}
	if !cert.NotBefore.Equal(today().Add(-headStart)) && time.Since(cert.NotBefore) > headStart+time.Minute {
		t.Errorf("it is valid from %v", cert.NotBefore)
	}
	if years := cert.NotAfter.Sub(cert.NotBefore).Hours() / 24 / 365; years < 10 || years > 10.01 {
		t.Errorf("it is valid for %v years", years)
	}
	file := write(t, EncodeCert(cert))
	if out, ok := openssl(t, "verify", "-x509_strict", "-check_ss_sig", "-CAfile", file, file); !ok {
		t.Error(out)
	}
}

func TestAuthoritiesOfLongNamedClusters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cluster := rapid.String().Draw(t, "cluster")
		if strings.ContainsRune(cluster, 0) {
			t.Skip("no inventory has a NUL")
		}
		authority, err := NewAuthority(means(5, 0), cluster)
		if err != nil {
			t.Fatal(err)
		}
		name := authority.Cert.Subject.CommonName
		if len(name) > maxCommonName || !utf8.ValidString(name) || !strings.Contains(name, " replication CA ") {
			t.Fatalf("the common name is %q (%d bytes)", name, len(name))
		}
	})
}

// The same means give the same certificate, byte for byte: nothing is taken from outside but what they hold.
func TestMeansAreEverythingThatIsTakenFromOutside(t *testing.T) {
	same := means(9, 0)
	one, err := NewAuthority(same, "orders")
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewAuthority(same, "orders")
	if err != nil || !one.Cert.Equal(two.Cert) {
		t.Errorf("two authorities by the same means differ (%v)", err)
	}
	other, err := NewAuthority(means(10, 0), "orders")
	if err != nil || other.Cert.Subject.CommonName == one.Cert.Subject.CommonName {
		t.Errorf("two authorities are both called %q (%v)", one.Cert.Subject.CommonName, err)
	}
}

func TestAuthorityErrors(t *testing.T) {
	broken := errors.New("no entropy")
	noKey := func() (crypto.Signer, error) { return nil, broken }
	if _, err := NewAuthority(Means{Random: fixed(1), Now: today(), NewKey: noKey}, "orders"); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	empty := Means{Random: bytes.NewReader(nil), Now: today(), NewKey: NewKeys(P256)}
	if _, err := NewAuthority(empty, "orders"); !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "orders") {
		t.Errorf("got %v", err)
	}
}

func TestParseAuthority(t *testing.T) {
	old, current := newAuthority(t, 1), craft(t, nil, 2, asCA)
	oldKey := pemOf(t, testKeys()[0])
	bundle := EncodeCert(current.Cert, old.Cert)
	authority, err := ParseAuthority(bundle, oldKey)
	if err != nil || !authority.Cert.Equal(old.Cert) {
		t.Fatalf("got %v, %v", authority.Cert, err)
	}
	leaf := newLeaf(t, authority, "db1")
	for name, test := range map[string]struct{ cert, key []byte }{
		"the key does not belong to the certificate": {EncodeCert(current.Cert), oldKey},
		"not that of an authority":                   {leaf.CertPEM(), []byte(leaf.KeyPEM().Reveal())},
		"no certificate in PEM":                      {nil, oldKey},
		"0 private keys":                             {bundle, nil},
	} {
		if _, err := ParseAuthority(test.cert, test.key); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}
