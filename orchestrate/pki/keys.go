package pki

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // known by name only, so that a finding can tell what it is
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/replssl/replssl/remote/secret"
)

// KeyKind is a kind of key that is made.
type KeyKind string

// The kinds.
const (
	P256    KeyKind = "ECDSA P-256" // for authorities and servers: it is made in no time, and a server signs with it quickly
	RSA2048 KeyKind = "RSA 2048"    // for servers, where one of them reads no elliptic curves
	RSA3072 KeyKind = "RSA 3072"    // for authorities there, which are valid for much longer
	RSA4096 KeyKind = "RSA 4096"    // for whoever must: a handshake takes four times as long as with 2048 bits
	Ed25519 KeyKind = "Ed25519"     // where every server has OpenSSL 1.1.1 or newer
)

// ParseKeyKind knows the kinds by the words of an inventory: rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ed25519.
func ParseKeyKind(word string) (kind KeyKind, ok bool) {
	switch word {
	case "rsa-2048":
		return RSA2048, true
	case "rsa-3072":
		return RSA3072, true
	case "rsa-4096":
		return RSA4096, true
	case "ecdsa-p256":
		return P256, true
	case "ed25519":
		return Ed25519, true
	}
	return "", false
}

// KindOfKey names the kind of a public key for texts, as [KeyKind] does where it is one that is made: "RSA 1024", "ECDSA P-384".
func KindOfKey(key crypto.PublicKey) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return string(Ed25519)
	case *dsa.PublicKey:
		return fmt.Sprintf("DSA %d", key.P.BitLen())
	}
	return "of an unknown kind"
}

// minRSABits is the least that current servers accept.
const minRSABits = 2048

// KeyMaker makes a key. It stands beside Means.Random since Go's own generators ignore the reader that they are given: who needs a
// certain key, as tests and an interrupted run do, can have it only in this way.
type KeyMaker func() (crypto.Signer, error)

// NewKeys makes fresh keys of a kind from the system's random source.
func NewKeys(kind KeyKind) KeyMaker {
	return func() (crypto.Signer, error) {
		switch kind {
		case P256:
			return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		case RSA2048:
			return rsa.GenerateKey(rand.Reader, 2048)
		case RSA3072:
			return rsa.GenerateKey(rand.Reader, 3072)
		case RSA4096:
			return rsa.GenerateKey(rand.Reader, 4096)
		case Ed25519:
			_, key, err := ed25519.GenerateKey(rand.Reader)
			return key, err
		}
		return nil, fmt.Errorf("keys of the kind %q are not made", kind)
	}
}

// GivenKey is a KeyMaker that gives a key that exists already.
func GivenKey(key crypto.Signer) KeyMaker {
	return func() (crypto.Signer, error) { return key, checkKey(key) }
}

func checkKey(key crypto.Signer) error {
	switch key := key.(type) {
	case *ecdsa.PrivateKey, ed25519.PrivateKey:
		return nil
	case *rsa.PrivateKey:
		if have := key.N.BitLen(); have < minRSABits {
			return fmt.Errorf("the RSA key has %d bits, at least %d are needed", have, minRSABits)
		}
		return nil
	}
	return errors.New("the key is neither RSA, ECDSA nor Ed25519")
}

// EncodeKey is the PEM of a key in the oldest form of its kind, which most servers read: RSA in PKCS#1, ECDSA in SEC 1. Ed25519 has
// PKCS#8 alone.
func EncodeKey(key crypto.Signer) (secret.Text, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return encodeKey(blockPKCS1, x509.MarshalPKCS1PrivateKey(key)), nil
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return secret.Text{}, errors.New("the ECDSA key cannot be written")
		}
		return encodeKey(blockSEC1, der), nil
	case ed25519.PrivateKey:
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return secret.Text{}, errors.New("the Ed25519 key cannot be written")
		}
		return encodeKey(blockPKCS8, der), nil
	}
	return secret.Text{}, checkKey(key)
}

func encodeKey(block string, der []byte) secret.Text {
	return secret.New(pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der}))
}

// usageOf is what a server's key is used for: to sign handshakes, and, with RSA in TLS up to 1.2, to take in a secret.
func usageOf(key crypto.Signer) x509.KeyUsage {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}
	return x509.KeyUsageDigitalSignature
}
