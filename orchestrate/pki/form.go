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

	reason, cure Text
}

func (e *FormError) Error() string { return e.reason.String() }

// Hint is what to do about it. FILE stands for the file.
func (e *FormError) Hint() string { return e.cure.String() }

// HintFor is the same for a file that a person calls so.
func (e *FormError) HintFor(path string) string { return e.cure.In(Names{itself: path}) }

// Finding is the error as a finding of a file.
func (e *FormError) Finding(file File) Finding {
	return Finding{Code: e.Code, File: file, Reason: e.reason, Cure: e.cure}
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
		return nil, &FormError{CodeTooLarge, say("it has ", len(file), " bytes, more than any file of certificates"), say(cureCopy)}
	}
	if bytes.HasPrefix(file, []byte("\xef\xbb\xbf")) {
		return nil, &FormError{
			CodeByteOrder, say("it begins with a byte order mark, for which servers with an older OpenSSL overlook what comes first"),
			say(`take the mark out: sed -i '1s/^\xEF\xBB\xBF//' `, itself.word()),
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
		return nil, &FormError{CodeDamaged, say(begun-len(found), " of its ", begun, " parts in PEM cannot be read"), say(cureCopy)}
	}
	return found, nil
}

// withoutPEM tells what a file is that holds no PEM at all.
func withoutPEM(file []byte, want kind) error {
	if isPKCS12(file) {
		return &FormError{
			CodePKCS12, say("it is a PKCS#12 container, not PEM"),
			say("take it apart: openssl pkcs12 -in ", itself.word(), " -nokeys -clcerts -out ", itself.beside(".cert.pem"),
				"; openssl pkcs12 -in ", itself.word(), " -nocerts -nodes -out ", itself.beside(".key.pem")),
		}
	}
	if isDER(file) {
		return &FormError{CodeDER, say("it is in DER, not in PEM"), say("convert it: openssl ", want.command, " -inform DER -in ", itself.word(), " -out ", itself.beside(".pem"))}
	}
	return &FormError{CodeNotPEM, say(want.missing), say("see what is in it: replssl pki inspect ", itself.word())}
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
	split := say("take out what belongs there: openssl ", want.command, " -in ", itself.word(), " -out ", itself.beside(".new"))
	switch {
	case block.Type == "TRUSTED CERTIFICATE":
		return &FormError{
			CodeTrustedForm, say("certificate ", i+1, " is in OpenSSL's own form (TRUSTED CERTIFICATE)"),
			say("write it as others read it: openssl x509 -in ", itself.word(), " -out ", itself.beside(".new")),
		}
	case isKeyBlock(block):
		return &FormError{CodeHoldsKey, say("it holds a private key, which does not belong into a file of certificates"), split}
	}
	return &FormError{CodeForeignPart, say("part ", i+1, " is ", quoted(cut(block.Type, maxLabel)), ", not a ", want.name), split}
}

func isKeyBlock(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") }

// isSealed says that the key is encrypted, in either of the forms that openssl writes.
func isSealed(block *pem.Block) bool {
	return strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
}

// damaged says that part of a file is PEM around something else.
func damaged(what string, number int, err error) error {
	return &FormError{CodeDamaged, say(what, " ", number, ": ", err), say(cureCopy)}
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
