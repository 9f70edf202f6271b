package pki

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
)

func (f *findings) names(set Set, want Want) {
	for _, name := range want.Names {
		switch {
		case hasAlternativeName(set.Cert, name):
		case isCommonAlone(set.Cert, name):
			f.add(CodeNameOnlyCommon, FileCert, say(quoted(name), " is its common name, and it has no alternative DNS names, which newer clients ask for"),
				say(cureIssue, " with that alternative name"))
		default:
			f.add(CodeNameMissing, FileCert, say(quoted(name), " is not among its alternative names (", orNone(AlternativeNames(set.Cert)), ")"), say(cureIssue, " with that name"))
		}
	}
	for _, reader := range want.Readers {
		f.commonNames(set.Cert, want.Names, reader)
	}
	if isSelfIssued(set.Cert) && !slices.ContainsFunc(set.CA, set.Cert.Equal) {
		f.add(CodeNameOfCA, FileCert, say("its name ", SubjectOneLine(set.Cert), " is that of its authority, by which OpenSSL may take it for self-signed"),
			say(cureIssue, " with another common name"))
	}
}

// commonNames judges by a reader that compares the host with the common name, byte by byte, and looks at nothing else.
func (f *findings) commonNames(cert *x509.Certificate, wanted []string, reader Reader) {
	if !reader.CommonNameOnly {
		return
	}
	if reader.Host != "" {
		wanted = []string{reader.Host}
	}
	for _, name := range wanted {
		if name == cert.Subject.CommonName {
			continue
		}
		reason := say(quoted(name), " is not its common name ", quoted(cert.Subject.CommonName), ", and ", reader.Who, " looks at nothing else")
		cure := say(cureIssue, " with that common name")
		if len(name) > maxCommonName {
			reason = say(reason, "; it has ", len(name), " bytes, and a common name at most ", maxCommonName)
			cure = say("let that server connect to a shorter name, or check the chain alone (tls.verify: chain)")
		}
		f.once(CodeNameNotCommon, FileCert, reason, cure)
	}
}

// usage judges as OpenSSL does: what is not said is allowed, and "any" does not count for TLS.
func (f *findings) usage(path []*x509.Certificate, set Set, usage Usage) {
	ends := []struct {
		usage Usage
		name  string
		ext   x509.ExtKeyUsage
		basic x509.KeyUsage
		bit   int // of nsCertType
	}{
		{
			UsageServer, "serverAuth", x509.ExtKeyUsageServerAuth,
			x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement, 1,
		},
		{UsageClient, "clientAuth", x509.ExtKeyUsageClientAuth, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, 0},
	}
	cert := path[0]
	for _, end := range ends {
		if usage != "" && usage != UsageBoth && usage != end.usage {
			continue
		}
		if !mayExtend(cert, end.ext) {
			f.add(CodeUsageMissing, FileCert, say("it may not be used by a ", end.usage, " (", end.name, ")"), say(cureIssue, " with extendedKeyUsage ", end.name))
		} else if cert.KeyUsage != 0 && cert.KeyUsage&end.basic == 0 {
			f.add(CodeUsageMissing, FileCert, say("it may not be used by a ", end.usage, " (its keyUsage lacks digitalSignature)"), say(cureIssue, " with keyUsage digitalSignature"))
		} else if !netscapeAllows(cert, end.bit) {
			f.add(CodeUsageMissing, FileCert, say("it may not be used by a ", end.usage, " (its nsCertType lacks ", end.usage, ")"), say(cureIssue, " without nsCertType"))
		}
		for _, authority := range path[1:] {
			if !mayExtend(authority, end.ext) {
				f.add(CodeUsageMissing, set.fileOf(authority), say("the authority ", SubjectOneLine(authority), " may issue no certificate for a ", end.usage, " (", end.name, ")"), say(cureAuthority))
			}
		}
	}
}

// mayExtend says that a certificate, and what it issues, may be used so: one that does not limit its use may.
func mayExtend(cert *x509.Certificate, use x509.ExtKeyUsage) bool {
	limited := len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0
	return !limited || slices.Contains(cert.ExtKeyUsage, use)
}

// kinds judges whether every server reads the keys on the way to the root: each is shown the certificate, and checks what signed it.
func (f *findings) kinds(path []*x509.Certificate, set Set, want Want) {
	for _, reader := range append([]Reader{want.Owner}, want.Readers...) {
		for i, cert := range path {
			if !reader.ReadsKeyOf(cert) {
				f.once(CodeKeyKind, set.fileOf(cert), say("the key of ", SubjectOneLine(cert), " is ", KindOfKey(cert.PublicKey), ", which ", reader.Who, " does not read"), say(cureOf(i), " with keys of RSA"))
			}
		}
	}
}

// ReadsKeyOf says that the server takes certificates with the key of this one.
func (r Reader) ReadsKeyOf(cert *x509.Certificate) bool {
	switch cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return r.Reads(P256)
	case ed25519.PublicKey:
		return r.Reads(Ed25519)
	}
	return true
}

// hasAlternativeName looks for the name that a receiver connects to, as every receiver does: an address is compared with addresses.
func hasAlternativeName(cert *x509.Certificate, name string) bool {
	if _, isName := parseHost(name); !isName {
		return hasIP(cert, name)
	}
	return slices.ContainsFunc(cert.DNSNames, func(have string) bool { return matches(have, name, true) })
}

// isCommonAlone says that a receiver takes the common name for want of alternative DNS names. MySQL does not for an address.
func isCommonAlone(cert *x509.Certificate, name string) bool {
	_, isName := parseHost(name)
	return isName && len(cert.DNSNames) == 0 && isFor(cert, name)
}

func hasAddress(cert *x509.Certificate, ip netip.Addr) bool {
	for _, have := range cert.IPAddresses {
		if addr, ok := netip.AddrFromSlice(have); ok && addr.Unmap() == ip.WithZone("").Unmap() {
			return true
		}
	}
	return false
}

// quoted is a name in quotation marks. What is not printable in it is so afterwards.
func quoted(name string) string { return `"` + Printable(name) + `"` }

// AlternativeNames are the names that a certificate is good for: hosts, then addresses.
func AlternativeNames(cert *x509.Certificate) []string {
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
