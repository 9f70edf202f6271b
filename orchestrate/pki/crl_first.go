package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// firstList is a list of the first version, which openssl makes unless it is told otherwise, and which Go does not read.
type firstList struct {
	TBS struct {
		Raw        asn1.RawContent
		Signature  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		ThisUpdate time.Time
		NextUpdate time.Time `asn1:"optional"`
		Revoked    []struct {
			Serial *big.Int
			Time   time.Time
		} `asn1:"optional"`
	}
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// parseList reads a list of either version.
func parseList(der []byte) (*x509.RevocationList, error) {
	list, err := x509.ParseRevocationList(der)
	if err == nil {
		return list, nil
	}
	var first firstList
	if rest, wrong := asn1.Unmarshal(der, &first); wrong != nil || len(rest) > 0 {
		return nil, err
	}
	list = &x509.RevocationList{
		Raw: der, RawTBSRevocationList: first.TBS.Raw, RawIssuer: first.TBS.Issuer.FullBytes,
		Signature: first.Signature.RightAlign(), SignatureAlgorithm: signatureOf(first.Algorithm.Algorithm),
		ThisUpdate: first.TBS.ThisUpdate, NextUpdate: first.TBS.NextUpdate,
	}
	if list.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return nil, errors.New("its signature is of a kind that is not known")
	}
	for _, entry := range first.TBS.Revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: entry.Serial, RevocationTime: entry.Time,
		})
	}
	return list, nil
}

func signatureOf(algorithm asn1.ObjectIdentifier) x509.SignatureAlgorithm {
	switch algorithm.String() {
	case "1.2.840.113549.1.1.4":
		return x509.MD5WithRSA
	case "1.2.840.113549.1.1.5":
		return x509.SHA1WithRSA
	case "1.2.840.113549.1.1.11":
		return x509.SHA256WithRSA
	case "1.2.840.113549.1.1.12":
		return x509.SHA384WithRSA
	case "1.2.840.113549.1.1.13":
		return x509.SHA512WithRSA
	case "1.2.840.10045.4.1":
		return x509.ECDSAWithSHA1
	case "1.2.840.10045.4.3.2":
		return x509.ECDSAWithSHA256
	case "1.2.840.10045.4.3.3":
		return x509.ECDSAWithSHA384
	case "1.2.840.10045.4.3.4":
		return x509.ECDSAWithSHA512
	case "1.3.101.112":
		return x509.PureEd25519
	}
	return x509.UnknownSignatureAlgorithm
}
