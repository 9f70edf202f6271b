package pki

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
)

func TestKeysAreReadBack(t *testing.T) {
	for kind, form := range map[KeyKind]KeyForm{P256: SEC1, RSA2048: PKCS1, RSA3072: PKCS1} {
		one, err := NewKeys(kind)()
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseKey(pemOf(t, one))
		if err != nil || key.Form != form || !one.(interface{ Equal(crypto.PrivateKey) bool }).Equal(key.Signer) {
			t.Errorf("%s: %s, %v", kind, key.Form, err)
		}
		other, err := NewKeys(kind)()
		if err != nil || one.(interface{ Equal(crypto.PrivateKey) bool }).Equal(other) {
			t.Errorf("%s: the same key twice (%v)", kind, err)
		}
	}
}

func TestUnknownKindsOfKeys(t *testing.T) {
	for _, kind := range []KeyKind{"", "RSA 1024", "ecdsa p-256"} {
		if key, err := NewKeys(kind)(); err == nil || key != nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", kind)) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestGivenKeysThatAreNotUsed(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for why, key := range map[string]crypto.Signer{
		"has 1024 bits": &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: testKeys()[0].Primes[0], E: 65537}},
		"neither RSA":   edwards,
	} {
		if _, err := GivenKey(key)(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want %q, got %v", why, err)
		}
	}
	if _, err := EncodeKey(edwards); err == nil {
		t.Error("an Ed25519 key is written")
	}
}

// TestSetsOfAllKindsAreGood: also those of a cluster whose authority is older than its servers' keys.
func TestSetsOfAllKindsAreGood(t *testing.T) {
	for _, by := range []KeyKind{P256, RSA2048} {
		authority, err := NewAuthority(Means{Random: fixed(1), Now: today(), NewKey: NewKeys(by)}, "orders")
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []KeyKind{P256, RSA2048} {
			leaf, err := authority.Issue(Means{Random: fixed(2), Now: today(), NewKey: NewKeys(kind)}, LeafRequest{Server: "db1", DNS: []string{"db1"}})
			if err != nil {
				t.Fatal(err)
			}
			key, err := ParseKey([]byte(leaf.KeyPEM().Reveal()))
			if err != nil {
				t.Fatal(err)
			}
			set := Set{CA: []*x509.Certificate{authority.Cert}, Cert: leaf.Cert, KeyFingerprint: key.Fingerprint()}
			if found := Judge(set, Want{Names: []string{"db1"}, Now: today()}); len(found) > 0 {
				t.Errorf("%s by %s: %v", kind, by, found)
			}
			if err := VerifyServed([]*x509.Certificate{leaf.Cert}, set.CA, "db1", today()); err != nil {
				t.Errorf("%s by %s: %v", kind, by, err)
			}
			other, err := authority.Issue(means(3, 2), LeafRequest{Server: "db2"})
			if err != nil {
				t.Fatal(err)
			}
			set.KeyFingerprint = KeyFingerprint(other.Cert)
			if got := codes(Judge(set, Want{Now: today()})); got != "key.pem key-mismatch" {
				t.Errorf("%s by %s, with another key: %s", kind, by, got)
			}
		}
	}
}

// BenchmarkNewKeys is what an authority, or the certificate of one more server, costs.
func BenchmarkNewKeys(b *testing.B) {
	for _, kind := range []KeyKind{P256, RSA2048, RSA3072} {
		b.Run(string(kind), func(b *testing.B) {
			for b.Loop() {
				if _, err := NewKeys(kind)(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
