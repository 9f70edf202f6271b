package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"regexp"
	"slices"
	"strings"
)

const idNameConstraints = "2.5.29.30"

// extensions tells of those that a server must know and does not, as OpenSSL sees it: on the way to the root none may be.
func (f *findings) extensions(path []*x509.Certificate, set Set) {
	for i, cert := range path {
		for _, id := range cert.UnhandledCriticalExtensions {
			switch name := id.String(); {
			case name == idNameConstraints:
				f.add(CodeNamesUnjudged, set.fileOf(cert), say("the authority ", SubjectOneLine(cert), " limits names in a way that is not judged here (nameConstraints)"),
					say("see what openssl says: openssl verify -CAfile ", File(FileCA).word(), " -untrusted ", File(FileCert).word(), " ", File(FileCert).word()))
			case !isKnownExtension(name):
				f.add(CodeUnknownExtension, set.fileOf(cert), say(SubjectOneLine(cert), " has the critical extension ", name, ", which servers do not know and refuse"),
					say(cureOf(i), " without it"))
			}
		}
	}
}

// isKnownExtension lists what OpenSSL supports beyond Go (X509_supported_extension in crypto/x509/v3_purp.c).
func isKnownExtension(id string) bool {
	switch id {
	case idNetscapeType, "2.5.29.17", "2.5.29.31", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54",
		"1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.8", "1.3.6.1.5.5.7.1.14":
		return true
	}
	return false
}

// limits judges the names of every certificate by those that the authorities above allow. Authorities of one name are not judged by each
// other: one of them holds the other's new key.
func (f *findings) limits(path []*x509.Certificate, set Set) {
	for below, cert := range path {
		if below > 0 && isSelfIssued(cert) {
			continue
		}
		for _, authority := range path[below+1:] {
			for _, name := range limitedNames(cert, below == 0) {
				if !allowsDNS(authority, name) {
					f.once(CodeNameForbidden, set.fileOf(cert), forbidden(authority, name), say(cureOf(below), " without that name, or let it be issued by another authority"))
				}
			}
			for _, ip := range cert.IPAddresses {
				if !allowsIP(authority, ip) {
					f.once(CodeNameForbidden, set.fileOf(cert), forbidden(authority, ip.String()), say(cureOf(below), " without that address, or let it be issued by another authority"))
				}
			}
		}
	}
}

func forbidden(authority *x509.Certificate, name string) Text {
	return say("the authority ", SubjectOneLine(authority), " may not issue for ", quoted(name), " (nameConstraints)")
}

// limitedNames are the names that count as DNS names: of a server's certificate without any, a common name that can be one.
func limitedNames(cert *x509.Certificate, isServer bool) []string {
	plausible := regexp.MustCompile(`^\w+(-+\w+)*(\.\w+(-+\w+)*)+$`)
	if isServer && len(cert.DNSNames) == 0 && plausible.MatchString(cert.Subject.CommonName) {
		return []string{cert.Subject.CommonName}
	}
	return cert.DNSNames
}

func allowsDNS(authority *x509.Certificate, name string) bool {
	within := func(domain string) bool { return isWithin(name, domain) }
	permitted, excluded := authority.PermittedDNSDomains, authority.ExcludedDNSDomains
	return (len(permitted) == 0 || slices.ContainsFunc(permitted, within)) && !slices.ContainsFunc(excluded, within)
}

// isWithin says that a name is the domain or below it; with a dot in front, below it.
func isWithin(name, domain string) bool {
	name, domain = strings.ToLower(name), strings.ToLower(domain)
	if domain == "" || name == domain {
		return true
	}
	return strings.HasSuffix(name, "."+strings.TrimPrefix(domain, "."))
}

func allowsIP(authority *x509.Certificate, ip []byte) bool {
	allowed := len(authority.PermittedIPRanges) == 0
	for _, permitted := range authority.PermittedIPRanges {
		allowed = allowed || permitted.Contains(ip)
	}
	for _, excluded := range authority.ExcludedIPRanges {
		allowed = allowed && !excluded.Contains(ip)
	}
	return allowed
}

// idNetscapeType is nsCertType, which easy-rsa still writes.
const idNetscapeType = "2.16.840.1.113730.1.1"

// netscapeAllows says that nsCertType, where a certificate has it, has the bit of an end (0: client, 1: server).
func netscapeAllows(cert *x509.Certificate, bit int) bool {
	for _, extension := range cert.Extensions {
		if extension.Id.String() != idNetscapeType {
			continue
		}
		var bits asn1.BitString
		rest, err := asn1.Unmarshal(extension.Value, &bits)
		return err == nil && len(rest) == 0 && bits.At(bit) == 1
	}
	return true
}
