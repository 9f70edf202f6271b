package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// SplitNames parts the names that clients connect to into those for each kind of alternative name: a literal address is
// compared as an address by some servers (MySQL) and as either by others (MariaDB), so it goes to the addresses alone.
// The order is kept; empty names and repetitions are dropped.
func SplitNames(names []string) (dns []string, ips []netip.Addr) {
	for _, name := range names {
		ip, err := netip.ParseAddr(name)
		switch {
		case name == "":
		case err == nil:
			if ip = ip.WithZone("").Unmap(); !slices.Contains(ips, ip) {
				ips = append(ips, ip)
			}
		case !slices.ContainsFunc(dns, func(have string) bool { return strings.EqualFold(have, name) }):
			dns = append(dns, name)
		}
	}
	return dns, ips
}

// KeyFingerprint is the SHA-256 of a certificate's public key; it equals [Key.Fingerprint] of the key that belongs to it.
func KeyFingerprint(cert *x509.Certificate) string { return digest(cert.RawSubjectPublicKeyInfo) }

// SubjectOneLine is a certificate's subject in the form in which servers compare REQUIRE SUBJECT: /C=../CN=.., in the order of
// the certificate, bytes that are not printable ASCII as \xHH.
//
// It is what OpenSSL 3 makes. Servers with an older one leave / and + within a value as they are, and part the values of one
// set by / instead of +; certificates of this package have neither.
func SubjectOneLine(cert *x509.Certificate) string { return oneLine(cert.RawSubject) }

// IssuerOneLine is the same for a certificate's issuer.
func IssuerOneLine(cert *x509.Certificate) string { return oneLine(cert.RawIssuer) }

// attribute is one part of a name; its value is kept as it was encoded.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type attributesSET []attribute

func oneLine(rawName []byte) string {
	var name []attributesSET
	if rest, err := asn1.Unmarshal(rawName, &name); err != nil || len(rest) > 0 {
		return ""
	}
	var line strings.Builder
	for _, set := range name {
		for i, part := range set {
			separator := "/"
			if i > 0 {
				separator = "+"
			}
			line.WriteString(separator + shortName(part.Type) + "=")
			writeEscaped(&line, part.Value.Bytes)
		}
	}
	return line.String()
}

func writeEscaped(line *strings.Builder, value []byte) {
	for _, char := range value {
		switch {
		case char < ' ' || char > '~':
			fmt.Fprintf(line, `\x%02X`, char)
		case char == '/' || char == '+':
			line.WriteByte('\\')
			fallthrough
		default:
			line.WriteByte(char)
		}
	}
}

// shortName is OpenSSL's short name of an attribute, or its number.
func shortName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.4":
		return "SN"
	case "2.5.4.5":
		return "serialNumber"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "street"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.12":
		return "title"
	case "2.5.4.13":
		return "description"
	case "2.5.4.17":
		return "postalCode"
	case "2.5.4.41":
		return "name"
	case "2.5.4.42":
		return "GN"
	case "2.5.4.43":
		return "initials"
	case "2.5.4.46":
		return "dnQualifier"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "emailAddress"
	}
	return id.String()
}
