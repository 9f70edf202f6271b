package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/topology"
)

func TestKeysAreReadBack(t *testing.T) {
	for kind, form := range map[KeyKind]KeyForm{P256: SEC1, RSA2048: PKCS1, RSA3072: PKCS1, RSA4096: PKCS1, Ed25519: PKCS8} {
		one, err := NewKeys(kind)()
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseKey(pemOf(t, one))
		if err != nil || key.Form != form || !one.(interface{ Equal(crypto.PrivateKey) bool }).Equal(key.Signer) {
			t.Errorf("%s: %s, %v", kind, key.Form, err)
		}
		if name := KindOfKey(one.Public()); name != string(kind) {
			t.Errorf("a key of the kind %s is called %s", kind, name)
		}
		if kind == RSA3072 || kind == RSA4096 {
			continue // they take long, and differ from RSA 2048 in nothing but a number
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

func TestParseKeyKind(t *testing.T) {
	seen := map[KeyKind]bool{}
	for _, word := range topology.Algorithms() {
		kind, ok := ParseKeyKind(string(word))
		if !ok || seen[kind] || !(Reader{}).Reads(kind) {
			t.Errorf("%s is %q, %v", word, kind, ok)
		}
		seen[kind] = true
	}
	for _, word := range []string{"", "RSA 2048", "rsa", "ecdsa"} {
		if kind, ok := ParseKeyKind(word); ok {
			t.Errorf("%q is %s", word, kind)
		}
	}
}

func TestNamesOfKeysThatAreNotMade(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, key := range map[string]crypto.PublicKey{
		"ECDSA P-384":        curve.Public(),
		"RSA 1024":           &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537},
		"of an unknown kind": nil,
	} {
		if got := KindOfKey(key); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// strange is a key that signs and is of no kind that is known.
type strange struct{ crypto.Signer }

func TestGivenKeysThatAreNotUsed(t *testing.T) {
	for why, key := range map[string]crypto.Signer{
		"has 1024 bits": &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: testKeys()[0].Primes[0], E: 65537}},
		"neither RSA":   strange{},
	} {
		if _, err := GivenKey(key)(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want %q, got %v", why, err)
		}
	}
	if _, err := EncodeKey(strange{}); err == nil {
		t.Error("a key of no known kind is written")
	}
}

func TestReaders(t *testing.T) {
	old, older := Reader{NoEd25519: true}, Reader{RSAOnly: true, PKCS1Only: true}
	for kind, reads := range map[KeyKind][3]bool{
		RSA2048: {true, true, true}, RSA3072: {true, true, true}, RSA4096: {true, true, true},
		P256: {true, true, false}, Ed25519: {true, false, false}, "RSA 1024": {},
	} {
		if got := [3]bool{(Reader{}).Reads(kind), old.Reads(kind), older.Reads(kind)}; got != reads {
			t.Errorf("%s: %v, want %v", kind, got, reads)
		}
	}
	for form, reads := range map[KeyForm]bool{PKCS1: true, PKCS8: false, SEC1: false} {
		if !(Reader{}).ReadsForm(form) || older.ReadsForm(form) != reads {
			t.Errorf("%s: %v, %v", form, (Reader{}).ReadsForm(form), older.ReadsForm(form))
		}
	}
}

// TestSetsOfAllKindsAreGood: also those of a cluster whose authority is older than its servers' keys.
func TestSetsOfAllKindsAreGood(t *testing.T) {
	for _, by := range []KeyKind{P256, RSA2048, Ed25519} {
		authority, err := NewAuthority(Means{Random: fixed(1), Now: today(), NewKey: NewKeys(by)}, "orders")
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []KeyKind{P256, RSA2048, Ed25519} {
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
