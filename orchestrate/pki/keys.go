package pki

import (
	"crypto"
	"crypto/ecdsa"
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
)

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
	case *ecdsa.PrivateKey:
		return nil
	case *rsa.PrivateKey:
		if have := key.N.BitLen(); have < minRSABits {
			return fmt.Errorf("the RSA key has %d bits, at least %d are needed", have, minRSABits)
		}
		return nil
	}
	return errors.New("the key is neither RSA nor ECDSA")
}

// EncodeKey is the PEM of a key in the oldest form of its kind, which most servers read: RSA in PKCS#1, ECDSA in SEC 1.
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
