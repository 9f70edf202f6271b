package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// VerifyServed checks the chain that a server showed as a MariaDB receiver with MASTER_SSL_VERIFY_SERVER_CERT does: it must
// lead to a root in the bundle, be valid now, be allowed for servers, and carry the host as an alternative name, or, where it
// has no alternative DNS name at all, as its common name. An address is accepted where a name would be.
//
// It is for the tool's own trial handshakes; Go's check would refuse certificates that receivers accept.
func VerifyServed(chain, bundle []*x509.Certificate, host string, now time.Time) error {
	if len(chain) == 0 {
		return errors.New("the server showed no certificate")
	}
	leaf := chain[0]
	if err := verifyChain(leaf, chain[1:], bundle, now); err != nil {
		return fmt.Errorf("the server's certificate %s: %w", SubjectOneLine(leaf), err)
	}
	if host == "" || !isFor(leaf, host) {
		return fmt.Errorf("the server's certificate %s is not for %q: its alternative names are %s",
			SubjectOneLine(leaf), host, Printable(orNone(AlternativeNames(leaf))))
	}
	return nil
}

func isFor(leaf *x509.Certificate, host string) bool {
	names := leaf.DNSNames
	if len(names) == 0 {
		names = []string{leaf.Subject.CommonName}
	}
	_, isName := parseHost(host)
	return hasIP(leaf, host) || slices.ContainsFunc(names, func(name string) bool { return matches(name, host, isName) })
}

// verifyChain leaves the work to Go, which trusts every certificate of a bundle, and asks for a root besides, as OpenSSL does.
func verifyChain(leaf *x509.Certificate, sent, bundle []*x509.Certificate, now time.Time) error {
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, cert := range bundle {
		if isRoot(cert) {
			options.Roots.AddCert(cert)
		} else {
			options.Intermediates.AddCert(cert)
		}
	}
	for _, cert := range sent {
		options.Intermediates.AddCert(cert)
	}
	if _, err := leaf.Verify(options); err != nil {
		return &distrustError{err}
	}
	return nil
}

// distrustError says why a chain is not trusted.
type distrustError struct{ err error }

func (e *distrustError) Error() string {
	var signer x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.err, &signer):
		return "it was issued by no authority that is trusted here"
	case errors.As(e.err, &invalid) && invalid.Reason == x509.Expired:
		return "it, or its authority, is not valid now: " + Printable(invalid.Detail)
	case errors.As(e.err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "it may not be used by a server (serverAuth)"
	}
	return Printable(strings.TrimPrefix(e.err.Error(), "x509: "))
}

func (e *distrustError) Unwrap() error { return e.err }

// parseHost tells an address from a name.
func parseHost(host string) (ip netip.Addr, isName bool) {
	ip, err := netip.ParseAddr(host)
	return ip, err != nil
}

func hasIP(cert *x509.Certificate, host string) bool {
	ip, isName := parseHost(host)
	return !isName && hasAddress(cert, ip)
}

// matches compares a name of a certificate with the host. A star stands for one whole label at the front, and at least two
// labels must follow it; OpenSSL also lets it stand for a part of a label, which no good certificate needs.
func matches(name, host string, wildcard bool) bool {
	if name == "" {
		return false
	}
	if strings.EqualFold(name, host) {
		return true
	}
	domain, star := strings.CutPrefix(name, "*.")
	label, rest, dotted := strings.Cut(host, ".")
	return wildcard && star && dotted && label != "" && strings.Contains(domain, ".") && strings.EqualFold(domain, rest)
}
