// Package pki makes and judges the certificates of a replication cluster.
//
// It is pure: the clock, the source of random bytes and the maker of keys are arguments, files are the business of package
// pkistore. What it makes suits servers of every age: signatures with SHA-256, and keys that are RSA where elliptic curves are not read.
package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
	"unicode/utf8"
)

const (
	// AuthorityLife is how long a new authority is valid.
	AuthorityLife = 10 * 365 * 24 * time.Hour

	// LeafLife is how long a server's new certificate is valid, unless told otherwise.
	LeafLife = 2 * 365 * 24 * time.Hour

	// headStart is how far a certificate's validity begins in the past, for servers whose clocks are behind.
	headStart = 5 * time.Minute

	// maxCommonName is the longest common name that X.509 allows, in bytes.
	maxCommonName = 64
)

// Means is what making a certificate takes from outside.
type Means struct {
	Random io.Reader // for serial numbers and for the names of authorities
	Now    time.Time
	NewKey KeyMaker
}

// Authority is a certificate authority that can issue: the certificate with its key.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// NewAuthority makes an authority for a cluster. Its common name has a random part, so that two authorities of one cluster, as
// there are while it changes from one to the next, are never mistaken for each other.
func NewAuthority(means Means, cluster string) (Authority, error) {
	serial, err := newSerial(means.Random)
	if err != nil {
		return Authority{}, fmt.Errorf("authority of cluster %s: %w", cluster, err)
	}
	key, err := means.NewKey()
	if err != nil {
		return Authority{}, fmt.Errorf("authority of cluster %s: making its key: %w", cluster, err)
	}
	suffix := " replication CA " + hex.EncodeToString(serial.Bytes()[:4])
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: cut(cluster, maxCommonName-len(suffix)) + suffix},
		NotBefore:             means.Now.Add(-headStart),
		NotAfter:              means.Now.Add(AuthorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	cert, err := sign(means.Random, template, template, key.Public(), key)
	if err != nil {
		return Authority{}, fmt.Errorf("authority of cluster %s: %w", cluster, err)
	}
	return Authority{Cert: cert, Key: key}, nil
}

// ParseAuthority puts an authority together from its files. Of several certificates, as there are while a cluster changes from
// one authority to the next, it takes the one that belongs to the key.
func ParseAuthority(certPEM, keyPEM []byte) (Authority, error) {
	bundle, err := ParseBundle(certPEM)
	if err != nil {
		return Authority{}, err
	}
	key, err := ParseKey(keyPEM)
	if err != nil {
		return Authority{}, err
	}
	for _, cert := range bundle {
		if !bytes.Equal(cert.RawSubjectPublicKeyInfo, key.publicInfo) {
			continue
		}
		if !cert.IsCA || cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0 {
			return Authority{}, errors.New("the certificate is not that of an authority: it may not sign certificates")
		}
		return Authority{Cert: cert, Key: key.Signer}, nil
	}
	return Authority{}, errors.New("the key does not belong to the certificate")
}

// sign makes a certificate and reads it back, so that what is returned is what others will see.
func sign(random io.Reader, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(random, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// newSerial makes a positive number of exactly 128 bits, so that its length tells nothing and its first bytes are never few.
func newSerial(random io.Reader) (*big.Int, error) {
	digits := make([]byte, 16)
	if _, err := io.ReadFull(random, digits); err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	digits[0] |= 0x80
	return new(big.Int).SetBytes(digits), nil
}

// cut shortens a text to a number of bytes, between two letters.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
