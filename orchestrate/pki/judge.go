package pki

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Usage is the end of a connection at which a certificate is shown.
type Usage string

// The ends. A server that may become a primary or a replica one day needs both.
const (
	UsageServer Usage = "server"
	UsageClient Usage = "client"
	UsageBoth   Usage = "both"
)

// Set is what a server is given: CA file, certificate file, key file.
type Set struct {
	CA             []*x509.Certificate // the bundle
	Cert           *x509.Certificate   // nil if the file holds none
	Intermediates  []*x509.Certificate // what follows the certificate in its file
	KeyFingerprint string              // [Key.Fingerprint] of the key file; empty if it is not known, and then not judged
}

// Want is what a set is judged by.
type Want struct {
	Names   []string // every name that receivers connect to, exactly as they have it
	Now     time.Time
	MinLeft time.Duration // a certificate with less time left is to be replaced
	Usage   Usage         // empty is [UsageBoth]

	Owner   Reader   // the server that loads these files
	Readers []Reader // the other servers: those that are shown the certificate, as its replicas or its sources
}

// Code names a kind of finding. Codes are stable: scripts compare them.
type Code string

// What can be wrong with a set.
const (
	CodeNoCA          Code = "ca-missing"     // the bundle is empty
	CodeNoCert        Code = "cert-missing"   // there is no certificate
	CodeKeyMismatch   Code = "key-mismatch"   // the key is another certificate's
	CodeNotChained    Code = "not-chained"    // no way leads from the certificate to a root in the bundle
	CodeNotYetValid   Code = "not-yet-valid"  // its time has not come
	CodeExpired       Code = "expired"        // its time is over
	CodeExpiresSoon   Code = "expires-soon"   // less is left than wanted
	CodeOutlivesCA    Code = "outlives-ca"    // it says it is valid longer than its authority is
	CodeNameMissing   Code = "name-missing"   // a wanted name is not among the alternative names
	CodeUsageMissing  Code = "usage-missing"  // it may not be shown at an end where it is needed
	CodeNameOfCA      Code = "name-of-ca"     // its common name is an authority's
	CodeWeakSignature Code = "weak-signature" // SHA-1 or older
	CodeWeakKey       Code = "weak-key"       // RSA of less than 2048 bits
)

// The files of a set, as findings name them.
const (
	FileCA   = "ca.pem"
	FileCert = "cert.pem"
	FileKey  = "key.pem"
)

// Finding is one thing wrong with a set. All its texts are free of secrets.
type Finding struct {
	Code    Code
	Subject string // the file
	Reason  string // what is wrong
	Cure    string // what to do about it
}

func (f Finding) String() string { return f.Subject + ": " + f.Reason }

const cureIssue = "issue a new certificate for this server"

// Judge tells everything that is wrong with a set, sorted by file and code; nothing for a good one.
func Judge(set Set, want Want) []Finding {
	found := findings{}
	if len(set.CA) == 0 {
		found.add(CodeNoCA, FileCA, "it holds no certificate", "put the certificate of the authority there")
	}
	if set.Cert == nil {
		found.add(CodeNoCert, FileCert, "it holds no certificate", cureIssue)
		return found.sorted()
	}
	path := set.path(want.Now)
	if path == nil {
		path = []*x509.Certificate{set.Cert}
		if len(set.CA) > 0 {
			found.notChained(set)
		}
	}
	if set.KeyFingerprint != "" && set.KeyFingerprint != KeyFingerprint(set.Cert) {
		found.add(CodeKeyMismatch, FileKey, "it is not the key of "+FileCert,
			"put the key there with which the certificate was requested, or "+cureIssue)
	}
	found.dates(path, want)
	found.names(set, want.Names)
	found.usage(set.Cert, want.Usage)
	found.strength(path)
	return found.sorted()
}

// findings collects what is found.
type findings []Finding

func (f *findings) add(code Code, file, reason, cure string) {
	*f = append(*f, Finding{Code: code, Subject: file, Reason: reason, Cure: cure})
}

func (f findings) sorted() []Finding {
	slices.SortStableFunc(f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Code, b.Code))
	})
	return f
}

func (f *findings) notChained(set Set) {
	f.add(CodeNotChained, FileCert,
		fmt.Sprintf("it was issued by %s, and no chain leads from it to a root in %s", IssuerOneLine(set.Cert), FileCA),
		"put that authority into "+FileCA+", or "+cureIssue+" by one that is there")
}

// dates judges the times of the certificate and of every authority on its way to the root.
func (f *findings) dates(path []*x509.Certificate, want Want) {
	leaf := path[0]
	for i, cert := range path {
		file, what, cure := FileCert, "it", cureIssue
		if i > 0 {
			file, what, cure = FileCA, "the authority "+SubjectOneLine(cert), "make a new authority, and certificates by it"
		}
		switch {
		case want.Now.Before(cert.NotBefore):
			f.add(CodeNotYetValid, file, what+" is not valid before "+day(cert.NotBefore), "set the clock of the host, or "+cure)
		case want.Now.After(cert.NotAfter):
			f.add(CodeExpired, file, what+" has expired on "+day(cert.NotAfter), cure)
		case cert.NotAfter.Sub(want.Now) < want.MinLeft:
			f.add(CodeExpiresSoon, file, what+" expires on "+day(cert.NotAfter), cure)
		}
		if leaf.NotAfter.After(cert.NotAfter) {
			f.add(CodeOutlivesCA, FileCert, fmt.Sprintf("it is valid until %s, but its authority only until %s",
				day(leaf.NotAfter), day(cert.NotAfter)), cureIssue)
		}
	}
}

func (f *findings) names(set Set, wanted []string) {
	for _, name := range wanted {
		if !hasAlternativeName(set.Cert, name) {
			f.add(CodeNameMissing, FileCert, fmt.Sprintf("%q is not among its alternative names (%s)",
				name, orNone(alternativeNames(set.Cert))), cureIssue+" with that name")
		}
	}
	for _, ca := range set.CA {
		if ca.Subject.CommonName == set.Cert.Subject.CommonName {
			f.add(CodeNameOfCA, FileCert, fmt.Sprintf("its common name %q is that of an authority, by which OpenSSL takes it for self-signed",
				ca.Subject.CommonName), cureIssue+" with another common name")
			return
		}
	}
}

// usage judges as OpenSSL does: what is not said is allowed, and "any" does not count for TLS.
func (f *findings) usage(cert *x509.Certificate, usage Usage) {
	ends := []struct {
		usage Usage
		name  string
		ext   x509.ExtKeyUsage
		basic x509.KeyUsage
	}{
		{
			UsageServer, "serverAuth", x509.ExtKeyUsageServerAuth,
			x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		},
		{UsageClient, "clientAuth", x509.ExtKeyUsageClientAuth, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement},
	}
	for _, end := range ends {
		if usage != "" && usage != UsageBoth && usage != end.usage {
			continue
		}
		limited := len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0
		if limited && !slices.Contains(cert.ExtKeyUsage, end.ext) || cert.KeyUsage != 0 && cert.KeyUsage&end.basic == 0 {
			f.add(CodeUsageMissing, FileCert, fmt.Sprintf("it may not be used by a %s (%s)", end.usage, end.name),
				cureIssue+" with "+end.name)
		}
	}
}

// strength passes over the signatures of roots, which nobody checks: a root is trusted for being in the bundle.
func (f *findings) strength(path []*x509.Certificate) {
	for i, cert := range path {
		file, cure := FileCert, cureIssue
		if i > 0 {
			file, cure = FileCA, "make a new authority, and certificates by it"
		}
		if isWeak(cert.SignatureAlgorithm) && !isRoot(cert) {
			f.add(CodeWeakSignature, file, fmt.Sprintf("its signature is %s, which current servers refuse", cert.SignatureAlgorithm), cure)
		}
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
			f.add(CodeWeakKey, file, fmt.Sprintf("its RSA key has %d bits, and current servers refuse less than %d", key.N.BitLen(), minRSABits), cure)
		}
	}
}

func isWeak(algorithm x509.SignatureAlgorithm) bool {
	switch algorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}

// hasAlternativeName looks for exactly the name that a receiver connects to.
func hasAlternativeName(cert *x509.Certificate, name string) bool {
	if ip, err := netip.ParseAddr(name); err == nil {
		return hasAddress(cert, ip)
	}
	return slices.ContainsFunc(cert.DNSNames, func(have string) bool { return strings.EqualFold(have, name) })
}

func hasAddress(cert *x509.Certificate, ip netip.Addr) bool {
	for _, have := range cert.IPAddresses {
		if addr, ok := netip.AddrFromSlice(have); ok && addr.Unmap() == ip.WithZone("").Unmap() {
			return true
		}
	}
	return false
}

func alternativeNames(cert *x509.Certificate) []string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "it has none"
	}
	return strings.Join(names, ", ")
}
