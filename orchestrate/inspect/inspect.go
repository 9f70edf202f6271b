// Package inspect tells what stands in files of certificates, in the words of people and of servers. Of a private key it tells everything but
// the key.
package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
)

// Certificate is one certificate. Times are in RFC 3339.
type Certificate struct {
	Subject   string   `json:"subject"` // exactly as REQUIRE SUBJECT compares it
	Issuer    string   `json:"issuer"`  // exactly as REQUIRE ISSUER compares it
	Names     []string `json:"names"`   // alternative names: what clients compare with the host that they connect to
	From      string   `json:"from"`
	Until     string   `json:"until"`
	DaysLeft  int      `json:"days_left"` // below zero after the end
	Kind      string   `json:"kind"`      // of the key: RSA 3072
	Usage     []string `json:"usage"`     // extended key usages; empty: it says nothing, and everything is allowed
	Authority bool     `json:"authority"` // it may sign certificates
	Signature string   `json:"signature"`
	Serial    string   `json:"serial"` // hex, as openssl prints it
	SHA256    string   `json:"sha256"` // of the certificate, hex
	KeySHA256 string   `json:"key_sha256"`
}

// Of describes a certificate as it is at a moment.
func Of(cert *x509.Certificate, now time.Time) Certificate {
	sum := sha256.Sum256(cert.Raw)
	return Certificate{
		Subject: pki.SubjectOneLine(cert), Issuer: pki.IssuerOneLine(cert), Names: names(cert),
		From: stamp(cert.NotBefore), Until: stamp(cert.NotAfter), DaysLeft: DaysLeft(cert.NotAfter, now),
		Kind: pki.KindOfKey(cert.PublicKey), Usage: usages(cert), Authority: cert.IsCA, Signature: cert.SignatureAlgorithm.String(),
		Serial: Serial(cert.SerialNumber), SHA256: hex.EncodeToString(sum[:]), KeySHA256: pki.KeyFingerprint(cert),
	}
}

// DaysLeft are the whole days until a moment, below zero after it.
func DaysLeft(until, now time.Time) int {
	const day = 24 * time.Hour
	left := until.Sub(now)
	days := int(left / day)
	if left < 0 && left%day != 0 {
		days--
	}
	return days
}

// Serial is a serial number as openssl prints it.
func Serial(number *big.Int) string {
	if number == nil {
		return ""
	}
	text := strings.ToUpper(number.Text(16))
	if len(text)%2 == 1 && number.Sign() >= 0 {
		text = "0" + text
	}
	return text
}

func stamp(moment time.Time) string { return moment.UTC().Format(time.RFC3339) }

func names(cert *x509.Certificate) []string {
	var found []string
	for _, name := range cert.DNSNames {
		found = append(found, pki.Printable(name))
	}
	for _, ip := range cert.IPAddresses {
		found = append(found, ip.String())
	}
	return append([]string{}, found...)
}

func usages(cert *x509.Certificate) []string {
	found := []string{}
	for _, usage := range cert.ExtKeyUsage {
		switch usage {
		case x509.ExtKeyUsageServerAuth:
			found = append(found, "serverAuth")
		case x509.ExtKeyUsageClientAuth:
			found = append(found, "clientAuth")
		case x509.ExtKeyUsageAny:
			found = append(found, "any")
		default:
			found = append(found, "other")
		}
	}
	for _, id := range cert.UnknownExtKeyUsage {
		found = append(found, id.String())
	}
	return found
}

// Key is a private key, of which the form and the public half are told.
type Key struct {
	Kind      string `json:"kind"`
	Form      string `json:"form"`
	KeySHA256 string `json:"key_sha256"` // that of the certificate which it belongs to
}

// CRL is a list of revoked certificates. Times are in RFC 3339.
type CRL struct {
	Issuer   string `json:"issuer"`
	From     string `json:"from"`
	Until    string `json:"until"` // empty: it does not say
	DaysLeft int    `json:"days_left"`
	Revoked  int    `json:"revoked"` // how many certificates are
}

// Part is one part of a file; one of the pointers is set, or Why.
type Part struct {
	Certificate *Certificate `json:"certificate,omitempty"`
	Key         *Key         `json:"key,omitempty"`
	CRL         *CRL         `json:"crl,omitempty"`
	Why         string       `json:"why,omitempty"` // it could not be read, or nobody needs it: what it is
}

// File tells every part of a file, in its order, in PEM or DER.
func File(data []byte, now time.Time) []Part {
	if parts := ofDER(data, now); parts != nil {
		return parts
	}
	parts := []Part{}
	rest := data
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parts = append(parts, ofBlock(block, now))
	}
	if begun := bytes.Count(data, []byte("-----BEGIN ")); begun > len(parts) {
		parts = append(parts, Part{Why: fmt.Sprintf("%d of its %d parts in PEM cannot be read", begun-len(parts), begun)})
	}
	if len(parts) == 0 {
		parts = append(parts, Part{Why: whatElse(data)})
	}
	return parts
}

// whatElse lets the reader of certificates say what a file is that holds nothing in PEM.
func whatElse(data []byte) string {
	if _, err := pki.ParseBundle(data); err != nil {
		return err.Error()
	}
	return "it holds nothing in PEM"
}

func ofDER(data []byte, now time.Time) []Part {
	if cert, err := x509.ParseCertificate(data); err == nil {
		described := Of(cert, now)
		return []Part{{Certificate: &described, Why: "it is in DER, which servers do not read: openssl x509 -inform der -in FILE -out FILE.pem"}}
	}
	if list, err := x509.ParseRevocationList(data); err == nil {
		described := ofList(list, now)
		return []Part{{CRL: &described, Why: "it is in DER, which servers do not read: openssl crl -inform der -in FILE -out FILE.pem"}}
	}
	return nil
}

func ofBlock(block *pem.Block, now time.Time) Part {
	switch {
	case block.Type == "CERTIFICATE":
		return ofCertificate(block.Bytes, now)
	case block.Type == "X509 CRL":
		lists, err := pki.ParseCRLs(pem.EncodeToMemory(block))
		if err != nil || len(lists) == 0 {
			return Part{Why: "a list of revoked certificates that is damaged"}
		}
		described := ofList(lists[0], now)
		return Part{CRL: &described}
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return ofKey(block)
	case block.Type == "AGE ENCRYPTED FILE":
		return Part{Why: "something that age has sealed, a key perhaps"}
	}
	return Part{Why: fmt.Sprintf("a part of the kind %q", block.Type)}
}

func ofCertificate(der []byte, now time.Time) Part {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Part{Why: "a certificate that is damaged: " + pki.Printable(strings.TrimPrefix(err.Error(), "x509: "))}
	}
	described := Of(cert, now)
	return Part{Certificate: &described}
}

// ofKey never quotes the key: the errors of its reader do not either.
func ofKey(block *pem.Block) Part {
	key, err := pki.ParseKey(pem.EncodeToMemory(block))
	if err != nil {
		return Part{Why: "a private key: " + err.Error()}
	}
	return Part{Key: &Key{Kind: pki.KindOfKey(key.Signer.Public()), Form: string(key.Form), KeySHA256: key.Fingerprint()}}
}

func ofList(list *x509.RevocationList, now time.Time) CRL {
	described := CRL{Issuer: pki.IssuerOneLine(&x509.Certificate{RawIssuer: list.RawIssuer}), From: stamp(list.ThisUpdate), Revoked: len(list.RevokedCertificateEntries)}
	if !list.NextUpdate.IsZero() {
		described.Until, described.DaysLeft = stamp(list.NextUpdate), DaysLeft(list.NextUpdate, now)
	}
	return described
}
