package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	blockCert  = "CERTIFICATE"
	blockPKCS1 = "RSA PRIVATE KEY"
	blockPKCS8 = "PRIVATE KEY"
	blockSEC1  = "EC PRIVATE KEY"
	blockCurve = "EC PARAMETERS" // openssl puts it before the key

	// maxPEM bounds a file in bytes: a bundle of all public authorities is a fifth of it.
	maxPEM = 1 << 20
)

// KeyForm is how a key's file is written.
type KeyForm string

// The forms of keys that are read. Servers built with yaSSL read PKCS#1 alone.
const (
	PKCS1 KeyForm = "PKCS#1"
	PKCS8 KeyForm = "PKCS#8"
	SEC1  KeyForm = "SEC 1"
)

// Key is a private key as it was read.
type Key struct {
	Signer crypto.Signer
	Form   KeyForm

	publicInfo []byte // DER of the public half, as it stands in a certificate
}

// Fingerprint is the SHA-256 of the key's public half (DER, SubjectPublicKeyInfo) in lower-case hex.
func (k Key) Fingerprint() string { return digest(k.publicInfo) }

// EncodeCert is the PEM of certificates, in their order.
func EncodeCert(certs ...*x509.Certificate) []byte {
	var file []byte
	for _, cert := range certs {
		file = append(file, pem.EncodeToMemory(&pem.Block{Type: blockCert, Bytes: cert.Raw})...)
	}
	return file
}

// ParseBundle reads a CA file: one or more certificates, and nothing else but comments.
//
// It refuses a file with a damaged certificate, of which a server would see only the rest, and one with a private key, since CA
// files are readable by everyone.
func ParseBundle(file []byte) ([]*x509.Certificate, error) {
	blocks, err := blocks(file)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for i, block := range blocks {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil, errors.New("it holds a private key, which does not belong into a file of certificates")
		}
		if block.Type != blockCert {
			return nil, fmt.Errorf("part %d is %q, not a certificate", i+1, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return certs, nil
}

// ParseLeaf reads a server's certificate file: its own certificate first, then the intermediates, if any.
func ParseLeaf(file []byte) (leaf *x509.Certificate, intermediates []*x509.Certificate, err error) {
	certs, err := ParseBundle(file)
	if err != nil {
		return nil, nil, err
	}
	return certs[0], certs[1:], nil
}

// ParseKey reads a private key. Its errors never quote the file.
func ParseKey(file []byte) (Key, error) {
	blocks, err := blocks(file)
	if err != nil {
		return Key{}, err
	}
	var keys []*pem.Block
	for _, block := range blocks {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			keys = append(keys, block)
		} else if block.Type != blockCurve {
			return Key{}, errors.New("it holds something other than a private key")
		}
	}
	if len(keys) != 1 {
		return Key{}, fmt.Errorf("it holds %d private keys in PEM, not one", len(keys))
	}
	return parseKey(keys[0])
}

func parseKey(block *pem.Block) (Key, error) {
	if strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		return Key{}, errors.New("the key has a passphrase, which a server cannot enter when it starts")
	}
	var parsed any
	var form KeyForm
	var err error
	switch block.Type {
	case blockPKCS1:
		form = PKCS1
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case blockPKCS8:
		form = PKCS8
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case blockSEC1:
		form = SEC1
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return Key{}, errors.New("the kind of its key is not known")
	}
	if err != nil {
		return Key{}, errors.New("the key is damaged, or of a kind that is not known")
	}
	return newKey(parsed, form)
}

func newKey(parsed any, form KeyForm) (Key, error) {
	var signer crypto.Signer
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		signer = key
	case *ecdsa.PrivateKey:
		signer = key
	case ed25519.PrivateKey:
		signer = key
	default:
		return Key{}, errors.New("the key is not one that signs (RSA, ECDSA or Ed25519)")
	}
	info, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return Key{}, errors.New("the key's public half cannot be written")
	}
	return Key{Signer: signer, Form: form, publicInfo: info}, nil
}

// blocks takes a PEM file apart. Damaged parts, over which decoders step without a word, are an error.
func blocks(file []byte) ([]*pem.Block, error) {
	if len(file) > maxPEM {
		return nil, fmt.Errorf("it has %d bytes, more than any file of certificates", len(file))
	}
	begun := bytes.Count(file, []byte("-----BEGIN "))
	var found []*pem.Block
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		found = append(found, block)
	}
	if len(found) != begun {
		return nil, fmt.Errorf("%d of its %d parts in PEM cannot be read", begun-len(found), begun)
	}
	return found, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
