package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// scope is the extension issuingDistributionPoint of a list (RFC 5280, 5.2.5): of which certificates it tells.
type scope struct {
	Point      pointName      `asn1:"optional,tag:0"`
	OnlyUsers  bool           `asn1:"optional,tag:1"`
	OnlyCAs    bool           `asn1:"optional,tag:2"`
	Reasons    asn1.BitString `asn1:"optional,tag:3"`
	Indirect   bool           `asn1:"optional,tag:4"`
	Attributes bool           `asn1:"optional,tag:5"`
}

type pointName struct {
	Full []asn1.RawValue `asn1:"optional,tag:0"`
}

// covers says that OpenSSL takes a list as one for this certificate. Without extended support for lists, which no server asks it for, that
// is a whole list for all reasons.
func covers(list *x509.RevocationList, cert *x509.Certificate) bool {
	for _, extension := range list.Extensions {
		switch extension.Id.String() {
		case "2.5.29.27": // deltaCRLIndicator
			return false
		case "2.5.29.28":
			var scope scope
			rest, err := asn1.Unmarshal(extension.Value, &scope)
			return err == nil && len(rest) == 0 && scope.covers(cert)
		}
	}
	return true
}

func (s scope) covers(cert *x509.Certificate) bool {
	switch {
	case s.Attributes, s.Indirect, s.Reasons.BitLength > 0:
		return false
	case cert.IsCA && s.OnlyUsers, !cert.IsCA && s.OnlyCAs:
		return false
	case len(s.Point.Full) == 0:
		return true
	}
	return slices.ContainsFunc(s.Point.Full, func(name asn1.RawValue) bool {
		const uri = 6
		return name.Tag == uri && slices.Contains(cert.CRLDistributionPoints, string(name.Bytes))
	})
}
