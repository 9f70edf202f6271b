package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/replssl/replssl/remote/secret"
)

// LeafRequest says what a server's certificate is to hold.
type LeafRequest struct {
	Server string // the inventory's name; it makes the common name unique

	// CommonName is the name that the server's replicas connect to: receivers up to MySQL 5.7 look at nothing else.
	// Empty is the server's name. A name that X.509 does not allow, or that is the authority's, is replaced by one made of it.
	CommonName string

	DNS []string // alternative names, exactly these
	IPs []netip.Addr

	Life time.Duration // how long it is valid; 0 is LeafLife. It never outlives its authority.
}

// Leaf is a new certificate with its key.
type Leaf struct {
	Cert *x509.Certificate

	key secret.Text
}

// CertPEM is the certificate's file.
func (l Leaf) CertPEM() []byte { return EncodeCert(l.Cert) }

// KeyPEM is the key's file, as [EncodeKey] writes it.
func (l Leaf) KeyPEM() secret.Text { return l.key }

// Issue makes a certificate for a server.
//
// It is good for both ends of a connection: a replica shows it as a client, and shows the same one as a server when a failover
// makes it the primary. A certificate for one end only would break replication at the worst moment.
func (a Authority) Issue(means Means, request LeafRequest) (Leaf, error) {
	leaf, err := a.issue(means, request)
	if err != nil {
		return Leaf{}, fmt.Errorf("certificate for %s: %w", request.Server, err)
	}
	return leaf, nil
}

func (a Authority) issue(means Means, request LeafRequest) (Leaf, error) {
	from, until, err := a.validity(means.Now, request.Life)
	if err != nil {
		return Leaf{}, err
	}
	serial, err := newSerial(means.Random)
	if err != nil {
		return Leaf{}, err
	}
	key, err := means.NewKey()
	if err != nil {
		return Leaf{}, fmt.Errorf("making its key: %w", err)
	}
	file, err := EncodeKey(key)
	if err != nil {
		return Leaf{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: CommonName(a.Cert.Subject.CommonName, request.Server, request.CommonName)},
		DNSNames:              request.DNS,
		NotBefore:             from,
		NotAfter:              until,
		KeyUsage:              usageOf(key),
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	for _, ip := range request.IPs {
		template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
	}
	cert, err := sign(means.Random, template, a.Cert, key.Public(), a.Key)
	return Leaf{Cert: cert, key: file}, err
}

// validity fits a leaf's time into that of its authority.
func (a Authority) validity(now time.Time, life time.Duration) (from, until time.Time, err error) {
	if life == 0 {
		life = LeafLife
	}
	from, until = now.Add(-headStart), now.Add(life)
	if from.Before(a.Cert.NotBefore) {
		from = a.Cert.NotBefore
	}
	if until.After(a.Cert.NotAfter) {
		until = a.Cert.NotAfter
	}
	switch {
	case life < 0:
		err = errors.New("its life is shorter than nothing")
	case now.Before(a.Cert.NotBefore):
		err = fmt.Errorf("the authority is not valid before %s", day(a.Cert.NotBefore))
	case !until.After(now):
		err = fmt.Errorf("the authority has expired on %s", day(a.Cert.NotAfter))
	}
	return from, until, err
}

// shortDigest tells one text from another in a few letters.
func shortDigest(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:8])
}

// day is how texts for people show a moment.
func day(moment time.Time) string { return moment.UTC().Format("2006-01-02 15:04 UTC") }
