package pki

// Code names a kind of finding. Codes are stable: scripts compare them.
type Code string

// What can be wrong with a file by itself.
const (
	CodeNotPEM      Code = "not-pem"
	CodeDER         Code = "der"
	CodePKCS12      Code = "pkcs12"
	CodeByteOrder   Code = "byte-order-mark"
	CodeDamaged     Code = "damaged"
	CodeTooLarge    Code = "too-large"
	CodeForeignPart Code = "foreign-part"
	CodeTrustedForm Code = "trusted-form"
	CodeHoldsKey    Code = "holds-key"
	CodeKeySealed   Code = "key-sealed"
	CodeKeyCount    Code = "key-count"
	CodeKeyUnknown  Code = "key-unknown"
)

// What can be wrong with a set.
const (
	CodeNoCA             Code = "ca-missing"
	CodeNoCert           Code = "cert-missing"
	CodeKeyMismatch      Code = "key-mismatch"
	CodeCertOrder        Code = "cert-order"
	CodeNotChained       Code = "not-chained"
	CodeChainNotSent     Code = "chain-not-sent"
	CodeChainNotInCA     Code = "chain-not-in-ca"
	CodeRootSent         Code = "root-sent"
	CodeNotAuthority     Code = "not-authority"
	CodeMayNotSign       Code = "may-not-sign"
	CodeNotYetValid      Code = "not-yet-valid"
	CodeExpired          Code = "expired"
	CodeExpiresSoon      Code = "expires-soon"
	CodeOutlivesCA       Code = "outlives-ca"
	CodeNameMissing      Code = "name-missing"
	CodeNameOnlyCommon   Code = "name-only-common"
	CodeNameNotCommon    Code = "name-not-common"
	CodeNameOfCA         Code = "name-of-ca"
	CodeNameForbidden    Code = "name-forbidden"
	CodeNamesUnjudged    Code = "names-unjudged"
	CodeUsageMissing     Code = "usage-missing"
	CodeWeakSignature    Code = "weak-signature"
	CodeWeakKey          Code = "weak-key"
	CodeUnknownExtension Code = "unknown-extension"
	CodeKeyKind          Code = "key-kind"
	CodeKeyForm          Code = "key-form"
	CodeCRLIssuer        Code = "crl-issuer"
	CodeCRLSignature     Code = "crl-signature"
	CodeCRLUnread        Code = "crl-unread"
	CodeCRLMissing       Code = "crl-missing"
	CodeCRLScope         Code = "crl-scope"
	CodeCRLNotYetValid   Code = "crl-not-yet-valid"
	CodeCRLExpired       Code = "crl-expired"
	CodeCRLExpiresSoon   Code = "crl-expires-soon"
	CodeRevoked          Code = "revoked"
)

// Severity is what a finding means for the use of the files.
type Severity string

// The severities.
const (
	Forbids Severity = "forbids" // with these files a connection fails, or a server does not start
	Warns   Severity = "warns"   // they work now
)

// CodeInfo is what there is to say of a code.
type CodeInfo struct {
	Code     Code
	Severity Severity
	Meaning  string
}

// Codes are all codes with their meanings, those of single files first.
func Codes() []CodeInfo {
	return []CodeInfo{
		{CodeNotPEM, Forbids, "the file holds nothing in PEM"},
		{CodeDER, Forbids, "the file is in DER, which servers do not read"},
		{CodePKCS12, Forbids, "the file is a PKCS#12 container, which servers do not read"},
		{CodeByteOrder, Forbids, "the file begins with a byte order mark, for which older servers overlook its first part"},
		{CodeDamaged, Forbids, "a part of the file cannot be read"},
		{CodeTooLarge, Forbids, "the file is larger than any file of certificates"},
		{CodeForeignPart, Forbids, "the file holds something that does not belong there"},
		{CodeTrustedForm, Forbids, "a certificate is in OpenSSL's own form, which not every server reads"},
		{CodeHoldsKey, Forbids, "a file of certificates, which everyone may read, holds a private key"},
		{CodeKeySealed, Forbids, "the key has a passphrase, which a server cannot enter"},
		{CodeKeyCount, Forbids, "the key file holds no key, or several"},
		{CodeKeyUnknown, Forbids, "the key is neither RSA, ECDSA on a curve of NIST, nor Ed25519"},

		{CodeNoCA, Forbids, "the bundle holds no certificate"},
		{CodeNoCert, Forbids, "there is no certificate"},
		{CodeKeyMismatch, Forbids, "the key is another certificate's"},
		{CodeCertOrder, Forbids, "the key is that of a certificate which is not the first in its file"},
		{CodeNotChained, Forbids, "no way leads from the certificate to a root in the bundle"},
		{CodeChainNotSent, Forbids, "the server sends its first certificate alone, and an intermediate stands behind that"},
		{CodeChainNotInCA, Forbids, "the server takes a certificate anew only where its whole chain is in the bundle, and an intermediate stands behind the certificate"},
		{CodeRootSent, Warns, "the root is sent with the certificate, where nobody needs it"},
		{CodeNotAuthority, Warns, "the bundle holds a certificate that is not an authority's"},
		{CodeMayNotSign, Forbids, "an authority on the way to the root may not sign certificates"},
		{CodeNotYetValid, Forbids, "a certificate's time has not come"},
		{CodeExpired, Forbids, "a certificate's time is over"},
		{CodeExpiresSoon, Warns, "less time is left than wanted"},
		{CodeOutlivesCA, Warns, "the certificate says that it is valid longer than its authority is"},
		{CodeNameMissing, Forbids, "a wanted name is not among the alternative names"},
		{CodeNameOnlyCommon, Warns, "a wanted name is the common name alone, and there are no alternative DNS names"},
		{CodeNameNotCommon, Forbids, "a wanted name is not the common name, and a replica looks at nothing else"},
		{CodeNameOfCA, Forbids, "the certificate's name is its authority's"},
		{CodeNameForbidden, Forbids, "an authority on the way to the root may not issue for a name of the certificate"},
		{CodeNamesUnjudged, Warns, "an authority on the way to the root limits names in a way that is not judged here"},
		{CodeUsageMissing, Forbids, "the certificate may not be shown at an end where it is needed"},
		{CodeWeakSignature, Forbids, "a signature is SHA-1 or older"},
		{CodeWeakKey, Forbids, "an RSA key has less than 2048 bits"},
		{CodeUnknownExtension, Forbids, "a certificate has a critical extension that servers do not know"},
		{CodeKeyKind, Forbids, "a server does not read keys of this kind"},
		{CodeKeyForm, Forbids, "the server does not read keys that are written in this form"},
		{CodeCRLIssuer, Warns, "a list of revoked certificates is by no authority of the bundle"},
		{CodeCRLSignature, Forbids, "a list of revoked certificates is not signed by its authority"},
		{CodeCRLUnread, Forbids, "the server's TLS library checks no lists of revoked certificates"},
		{CodeCRLMissing, Forbids, "an authority on the way to the root has no list of revoked certificates, and others have"},
		{CodeCRLScope, Forbids, "a list of revoked certificates does not cover a certificate on the way to the root"},
		{CodeCRLNotYetValid, Forbids, "the time of a list of revoked certificates has not come"},
		{CodeCRLExpired, Forbids, "the time of a list of revoked certificates is over"},
		{CodeCRLExpiresSoon, Warns, "a list of revoked certificates has less time left than wanted, and than a quarter of its life"},
		{CodeRevoked, Forbids, "a certificate is revoked"},
	}
}

// Severity is what a finding of this code means. One that is not known forbids.
func (c Code) Severity() Severity {
	for _, info := range Codes() {
		if info.Code == c {
			return info.Severity
		}
	}
	return Forbids
}

// RestsOnClock says that a finding of this code is about the time at which it was judged.
func (c Code) RestsOnClock() bool {
	switch c {
	case CodeNotYetValid, CodeExpired, CodeExpiresSoon, CodeCRLNotYetValid, CodeCRLExpired, CodeCRLExpiresSoon:
		return true
	default:
		return false
	}
}
