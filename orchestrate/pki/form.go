package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

// FormError says that a file is not in the form in which servers read it. It never quotes the file.
type FormError struct {
	Code Code

	reason, cure string
}

func (e *FormError) Error() string { return e.reason }

// Hint is what to do about it. FILE stands for the file, as a person calls it.
func (e *FormError) Hint() string { return e.cure }

// Finding is the error as a finding of a file.
func (e *FormError) Finding(file string) Finding {
	return Finding{Code: e.Code, Subject: file, Reason: e.reason, Cure: e.cure}
}

// kind is what a file is expected to hold: how openssl calls it, how a person does, and what is said where it is missing.
type kind struct{ command, name, missing string }

func certificates() kind { return kind{"x509", "certificate", "it holds no certificate in PEM"} }
func privateKey() kind   { return kind{"pkey", "private key", "it holds 0 private keys in PEM, not one"} }

func revocations() kind {
	return kind{"crl", "list of revoked certificates", "it holds no list of revoked certificates in PEM"}
}

// maxLabel bounds what is repeated of a part's label, in bytes: longer than any that is in use.
const maxLabel = 40

const cureCopy = "take the file anew from where it was made"

// blocks takes a PEM file apart. Damaged parts, over which decoders step without a word, are an error.
func blocks(file []byte, want kind) ([]*pem.Block, error) {
	if len(file) > maxPEM {
		return nil, &FormError{CodeTooLarge, fmt.Sprintf("it has %d bytes, more than any file of certificates", len(file)), cureCopy}
	}
	if bytes.HasPrefix(file, []byte("\xef\xbb\xbf")) {
		return nil, &FormError{
			CodeByteOrder, "it begins with a byte order mark, for which servers with an older OpenSSL overlook what comes first",
			"take the mark out: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE",
		}
	}
	begun := bytes.Count(file, []byte("-----BEGIN "))
	if begun == 0 {
		return nil, withoutPEM(file, want)
	}
	var found []*pem.Block
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		found = append(found, block)
	}
	if len(found) != begun {
		return nil, &FormError{CodeDamaged, fmt.Sprintf("%d of its %d parts in PEM cannot be read", begun-len(found), begun), cureCopy}
	}
	return found, nil
}

// withoutPEM tells what a file is that holds no PEM at all.
func withoutPEM(file []byte, want kind) error {
	if isPKCS12(file) {
		return &FormError{
			CodePKCS12, "it is a PKCS#12 container, not PEM",
			"take it apart: openssl pkcs12 -in FILE -nokeys -clcerts -out cert.pem; openssl pkcs12 -in FILE -nocerts -nodes -out key.pem",
		}
	}
	if isDER(file) {
		return &FormError{CodeDER, "it is in DER, not in PEM", fmt.Sprintf("convert it: openssl %s -inform DER -in FILE -out FILE.pem", want.command)}
	}
	return &FormError{CodeNotPEM, want.missing, "see what is in it: replssl pki inspect FILE"}
}

// isDER knows DER by its outside: one sequence that fills the file.
func isDER(file []byte) bool {
	var whole asn1.RawValue
	rest, err := asn1.Unmarshal(file, &whole)
	return err == nil && len(rest) == 0 && whole.Class == asn1.ClassUniversal && whole.Tag == asn1.TagSequence && whole.IsCompound
}

// isPKCS12 knows the container by its version, which is always 3, and the content that follows: other keys and certificates begin otherwise.
func isPKCS12(file []byte) bool {
	var container struct {
		Version int
		Content struct {
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
		}
		MAC asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(file, &container)
	return err == nil && container.Version == 3
}

// foreign says that a part of the file is not what belongs there.
func foreign(i int, block *pem.Block, want kind) error {
	split := fmt.Sprintf("take out what belongs there: openssl %s -in FILE -out FILE.new", want.command)
	switch {
	case block.Type == "TRUSTED CERTIFICATE":
		return &FormError{
			CodeTrustedForm, fmt.Sprintf("certificate %d is in OpenSSL's own form (TRUSTED CERTIFICATE)", i+1),
			"write it as others read it: openssl x509 -in FILE -out FILE.new",
		}
	case isKeyBlock(block):
		return &FormError{CodeHoldsKey, "it holds a private key, which does not belong into a file of certificates", split}
	}
	return &FormError{CodeForeignPart, fmt.Sprintf("part %d is %q, not a %s", i+1, cut(block.Type, maxLabel), want.name), split}
}

func isKeyBlock(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") }

// isSealed says that the key is encrypted, in either of the forms that openssl writes.
func isSealed(block *pem.Block) bool {
	return strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
}

// damaged says that part of a file is PEM around something else.
func damaged(what string, number int, err error) error {
	return &FormError{CodeDamaged, fmt.Sprintf("%s %d: %v", what, number, err), cureCopy}
}

// certificatesOf reads the certificates of a file.
func certificatesOf(found []*pem.Block) ([]*x509.Certificate, error) {
	certs := make([]*x509.Certificate, len(found))
	for i, block := range found {
		if block.Type != blockCert {
			return nil, foreign(i, block, certificates())
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil && hasForeignCurve(block.Bytes) {
			return nil, unknownKey(fmt.Sprintf("the key of certificate %d is on an elliptic curve that not every server reads", i+1))
		}
		if err != nil {
			return nil, damaged("certificate", i+1, err)
		}
		certs[i] = cert
	}
	return certs, nil
}
