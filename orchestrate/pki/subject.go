package pki

import (
	"crypto/x509/pkix"
	"encoding/asn1"
)

// CommonName is the common name of a certificate that an authority of that common name issues: the wanted one, or the server's name where
// none is wanted, as long as X.509 and OpenSSL allow it. OpenSSL takes a certificate whose name is its authority's for one that signed itself.
func CommonName(authority, server, wanted string) string {
	name := wanted
	if name == "" {
		name = server
	}
	if name != "" && len(name) <= maxCommonName && name != authority {
		return name
	}
	suffix := "-" + shortDigest(server+"\x00"+name)
	return cut(name, maxCommonName-len(suffix)) + suffix
}

// SubjectOf is [SubjectOneLine] of a certificate whose subject is that common name and nothing else.
func SubjectOf(commonName string) string {
	raw, err := asn1.Marshal(pkix.Name{CommonName: commonName}.ToRDNSequence())
	if err != nil {
		return "" // cannot happen: every text has an encoding
	}
	return oneLine(raw)
}
