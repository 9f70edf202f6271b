package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
)

const (
	blockCert  = "CERTIFICATE"
	blockPKCS1 = "RSA PRIVATE KEY"
	blockPKCS8 = "PRIVATE KEY"
	blockSEC1  = "EC PRIVATE KEY"
	blockCurve = "EC PARAMETERS" // openssl puts it before the key
	blockCRL   = "X509 CRL"

	// maxPEM bounds a file in bytes: a bundle of all public authorities is a fifth of it.
	maxPEM = 1 << 20
)

// FormOf is how a key is written whose PEM block has that type; empty for one that no server reads.
func FormOf(block string) KeyForm {
	switch block {
	case "RSA PRIVATE KEY":
		return PKCS1
	case "PRIVATE KEY":
		return PKCS8
	case "EC PRIVATE KEY":
		return SEC1
	}
	return ""
}

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

// ParseBundle reads a CA file: one or more certificates, and nothing else but comments. Its errors are [FormError]s.
//
// It refuses a file with a damaged certificate, of which a server would see only the rest, and one with a private key, since CA
// files are readable by everyone.
func ParseBundle(file []byte) ([]*x509.Certificate, error) {
	blocks, err := blocks(file, certificates())
	if err != nil {
		return nil, err
	}
	return certificatesOf(blocks)
}

// ParseLeaf reads a server's certificate file: its own certificate first, then the intermediates, if any.
func ParseLeaf(file []byte) (leaf *x509.Certificate, intermediates []*x509.Certificate, err error) {
	certs, err := ParseBundle(file)
	if err != nil {
		return nil, nil, err
	}
	return certs[0], certs[1:], nil
}

// ParseKey reads a private key. Its errors are [FormError]s, and never quote the file; one of [CodeKeySealed] says that the key has a
// passphrase, which is not asked for.
func ParseKey(file []byte) (Key, error) {
	blocks, err := blocks(file, privateKey())
	if err != nil {
		return Key{}, err
	}
	var keys []*pem.Block
	for _, block := range blocks {
		if isKeyBlock(block) {
			keys = append(keys, block)
		} else if block.Type != blockCurve {
			return Key{}, &FormError{
				CodeForeignPart, say("it holds something other than a private key"),
				say("take the key out: openssl pkey -in ", itself.word(), " -out ", itself.beside(".new")),
			}
		}
	}
	if len(keys) != 1 {
		return Key{}, &FormError{
			CodeKeyCount, say("it holds ", len(keys), " private keys in PEM, not one"),
			say("leave the key there that belongs to the certificate"),
		}
	}
	return parseKey(keys[0])
}

func parseKey(block *pem.Block) (Key, error) {
	if isSealed(block) {
		return Key{}, &FormError{
			CodeKeySealed, say("the key has a passphrase, which a server cannot enter when it starts"),
			say("use what this writes without the passphrase: openssl pkey -in ", itself.word(), " -out ", itself.beside(".new")),
		}
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
		return Key{}, unknownKey("the kind of its key is not known")
	}
	if err != nil && isForeignCurveKey(block) {
		return Key{}, unknownKey("the key is on an elliptic curve that not every server reads")
	}
	if err != nil && isForeignKey(block) {
		return Key{}, unknownKey("the key is neither RSA, ECDSA nor Ed25519")
	}
	if err != nil {
		return Key{}, &FormError{CodeDamaged, say("the key is damaged, or of a kind that is not known"), say("see what openssl says: openssl pkey -noout -check -in ", itself.word())}
	}
	return newKey(parsed, form)
}

// isForeignKey says that a key in PKCS#8 is whole, and of a kind that nobody uses for TLS any more.
func isForeignKey(block *pem.Block) bool {
	var key struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
		Rest      asn1.RawValue `asn1:"optional"`
	}
	if block.Type != blockPKCS8 {
		return false
	}
	_, err := asn1.Unmarshal(block.Bytes, &key)
	switch key.Algorithm.Algorithm.String() {
	case "1.2.840.113549.1.1.1", "1.2.840.10045.2.1", "1.3.101.112":
		return false
	}
	return err == nil
}

func unknownKey(reason string) error {
	return &FormError{CodeKeyUnknown, say(reason), say("make a key that servers use: openssl genrsa -traditional -out ", File(FileKey).beside(".new"), " 2048, and ", cureIssue, " for it")}
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
		return Key{}, unknownKey("the key is not one that signs (RSA, ECDSA or Ed25519)")
	}
	info, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return Key{}, unknownKey("the key's public half cannot be written")
	}
	return Key{Signer: signer, Form: form, publicInfo: info}, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
