package pki

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
)

// hasForeignCurve says that a certificate's key is on an elliptic curve that Go does not read, such as those of Brainpool.
func hasForeignCurve(der []byte) bool {
	var cert struct {
		TBS struct {
			Version                   int `asn1:"optional,explicit,default:0,tag:0"`
			Serial, Signature         asn1.RawValue
			Issuer, Validity, Subject asn1.RawValue
			Key                       struct{ Algorithm pkix.AlgorithmIdentifier }
		}
	}
	_, err := asn1.Unmarshal(der, &cert)
	return err == nil && isForeignCurve(cert.TBS.Key.Algorithm)
}

// isForeignCurveKey says the same of a private key.
func isForeignCurveKey(block *pem.Block) bool {
	if block.Type == blockPKCS8 {
		var key struct {
			Version   int
			Algorithm pkix.AlgorithmIdentifier
		}
		_, err := asn1.Unmarshal(block.Bytes, &key)
		return err == nil && isForeignCurve(key.Algorithm)
	}
	var key struct {
		Version int
		Private []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	}
	_, err := asn1.Unmarshal(block.Bytes, &key)
	return err == nil && block.Type == blockSEC1 && len(key.Curve) > 0 && !isKnownCurve(key.Curve)
}

func isForeignCurve(algorithm pkix.AlgorithmIdentifier) bool {
	var curve asn1.ObjectIdentifier
	if algorithm.Algorithm.String() != "1.2.840.10045.2.1" {
		return false
	}
	_, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &curve)
	return err == nil && !isKnownCurve(curve)
}

// isKnownCurve knows P-224, P-256, P-384 and P-521.
func isKnownCurve(curve asn1.ObjectIdentifier) bool {
	switch curve.String() {
	case "1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35":
		return true
	}
	return false
}
