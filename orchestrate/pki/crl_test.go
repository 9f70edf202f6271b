package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
)

func TestListsOfTheFirstVersion(t *testing.T) {
	for name, want := range map[string]x509.SignatureAlgorithm{
		"crl.pem": x509.SHA256WithRSA, "crl-sha1.pem": x509.SHA1WithRSA, "crl-sha384.pem": x509.SHA384WithRSA, "crl-sha512.pem": x509.SHA512WithRSA,
		"crl-ec.pem": x509.ECDSAWithSHA256, "crl-ed25519.pem": x509.PureEd25519,
	} {
		block, _ := pem.Decode(fileNamed(t, name))
		if _, err := x509.ParseRevocationList(block.Bytes); err == nil {
			t.Errorf("%s: it is not of the first version, or Go reads those now", name)
		}
		lists, err := ParseCRLs(fileNamed(t, name))
		if err != nil || len(lists) != 1 || lists[0].SignatureAlgorithm != want || lists[0].ThisUpdate.Year() != 2000 || lists[0].NextUpdate.Year() != 2099 {
			t.Errorf("%s: %+v, %v", name, lists, err)
		}
	}
}

func TestListsThatAreDamaged(t *testing.T) {
	block, _ := pem.Decode(fileNamed(t, "crl.pem"))
	unknown := bytes.ReplaceAll(block.Bytes, []byte{0x86, 0xf7, 0x0d, 1, 1, 11}, []byte{0x86, 0xf7, 0x0d, 1, 1, 99})
	for name, der := range map[string][]byte{
		"cut off": block.Bytes[:len(block.Bytes)-1], "longer": append(bytes.Clone(block.Bytes), 0), "unknown": unknown, "empty": nil,
	} {
		_, err := ParseCRLs(pem.EncodeToMemory(&pem.Block{Type: blockCRL, Bytes: der}))
		var form *FormError
		if !errors.As(err, &form) || form.Code != CodeDamaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}
