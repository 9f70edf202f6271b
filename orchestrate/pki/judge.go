package pki

import (
	"cmp"
	"crypto/dsa" //nolint:staticcheck // known by name only, to be refused
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/replssl/replssl/remote/secret"
)

// Usage is the end of a connection at which a certificate is shown.
type Usage string

// The ends. A server that may become a primary or a replica one day needs both.
const (
	UsageServer Usage = "server"
	UsageClient Usage = "client"
	UsageBoth   Usage = "both"
)

// Set is what a server is given: CA file, certificate file, key file, and a file of revoked certificates if there is one.
type Set struct {
	CA             []*x509.Certificate    // the bundle
	Cert           *x509.Certificate      // nil if the file holds none
	Intermediates  []*x509.Certificate    // what follows the certificate in its file
	CRLs           []*x509.RevocationList // empty for none
	KeyFingerprint string                 // [Key.Fingerprint] of the key file; empty if it is not known, and then not judged
	KeyForm        KeyForm                // how the key file is written; empty if it is not known, and then not judged

	beside []*x509.Certificate // those of the intermediates that stand in a file of their own
}

// Files are the files of a set as they stand on a disk.
type Files struct {
	CA, Cert []byte
	Chain    []byte      // intermediate authorities that are not behind the certificate; empty for none
	CRL      []byte      // empty for none
	Key      secret.Text // the zero value is not judged
}

// Want is what a set is judged by.
type Want struct {
	Names   []string      // every name that receivers connect to, exactly as they have it
	Now     time.Time     // by the clock of the host that checks the certificate
	MinLeft time.Duration // a certificate with less time left is to be replaced: [SoonLeft] for people; 0 for any that is valid
	Usage   Usage         // empty is [UsageBoth]

	Owner   Reader   // the server that loads these files
	Readers []Reader // the other servers: those that are shown the certificate, as its replicas or its sources
}

// SoonLeft is the time before its end at which a person wants to hear of a certificate.
const SoonLeft = 30 * 24 * time.Hour

// The files of a set, as findings name them.
const (
	FileCA    = "ca.pem"
	FileCert  = "cert.pem"
	FileKey   = "key.pem"
	FileChain = "chain.pem"
)

// Finding is one thing wrong with a set. All its texts are free of secrets.
type Finding struct {
	Code   Code
	File   File
	Reason Text // what is wrong
	Cure   Text // what to do about it
}

func (f Finding) String() string { return f.In(nil).String() }

// Severity says whether the finding forbids the use of the files.
func (f Finding) Severity() Severity { return f.Code.Severity() }

// In is the finding for whoever calls the files so.
func (f Finding) In(names Names) Told {
	own := names.about(f.File)
	return Told{Code: f.Code, File: names.of(f.File), Reason: f.Reason.In(own), Cure: f.Cure.In(own)}
}

// Told is a finding in words.
type Told struct {
	Code   Code
	File   string
	Reason string
	Cure   string
}

func (t Told) String() string { return t.File + ": " + t.Reason }

// Severity says whether the finding forbids the use of the files.
func (t Told) Severity() Severity { return t.Code.Severity() }

// Forbidding are the findings with which the files must not be used, in their order; the others only warn.
func Forbidding(findings []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Severity() != Forbids })
}

const (
	cureIssue     = "issue a new certificate for this server"
	cureAuthority = "make a new authority, and certificates by it"
)

// JudgeFiles tells everything that is wrong with the files of a set: with each by itself, and, where all can be read, with the set.
func JudgeFiles(files Files, want Want) []Finding {
	var found findings
	set := Set{}
	var err error
	set.CA, err = ParseBundle(files.CA)
	found.form(FileCA, err)
	set.Cert, set.Intermediates, err = ParseLeaf(files.Cert)
	found.form(FileCert, err)
	if len(files.Chain) > 0 {
		chain, err := ParseBundle(files.Chain)
		found.form(FileChain, err)
		set.beside = chain
		set.Intermediates = slices.Concat(set.Intermediates, chain)
	}
	if len(files.CRL) > 0 {
		set.CRLs, err = ParseCRLs(files.CRL)
		found.form(FileCRL, err)
	}
	if !files.Key.IsZero() {
		key, err := ParseKey([]byte(files.Key.Reveal()))
		found.form(FileKey, err)
		if err == nil {
			set.KeyFingerprint, set.KeyForm = key.Fingerprint(), key.Form
		}
	}
	if set.CA == nil || set.Cert == nil {
		return found.sorted()
	}
	return append(found, Judge(set, want)...).sorted()
}

// Judge tells everything that is wrong with a set, sorted by file and code; nothing for a good one.
func Judge(set Set, want Want) []Finding {
	found := findings{}
	found.bundle(set)
	if set.Cert == nil {
		found.add(CodeNoCert, FileCert, say("it holds no certificate"), say(cureIssue))
		return found.sorted()
	}
	found.key(set, want.Owner)
	set = set.byKey()
	path := set.path(want.Now)
	if path == nil {
		path = []*x509.Certificate{set.Cert}
		found.notChained(set)
	} else {
		found.sent(path, set, want.Owner)
	}
	found.dates(path, set, want)
	found.names(set, want)
	found.limits(path, set)
	found.extensions(path, set)
	found.usage(path, set, want.Usage)
	found.strength(path, set)
	found.kinds(path, set, want)
	found.revocation(path, set, want)
	return found.sorted()
}

// findings collects what is found.
type findings []Finding

func (f *findings) add(code Code, file File, reason, cure Text) {
	*f = append(*f, Finding{Code: code, File: file, Reason: reason, Cure: cure})
}

// once adds what several certificates can be the cause of.
func (f *findings) once(code Code, file File, reason, cure Text) {
	told := (Finding{code, file, reason, cure}).In(nil)
	if !slices.ContainsFunc(*f, func(have Finding) bool { return have.In(nil) == told }) {
		f.add(code, file, reason, cure)
	}
}

// form adds what is wrong with a file by itself.
func (f *findings) form(file File, err error) {
	if wrong := (*FormError)(nil); errors.As(err, &wrong) {
		*f = append(*f, wrong.Finding(file))
	}
}

func (f findings) sorted() []Finding {
	slices.SortStableFunc(f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Code, b.Code))
	})
	return f
}

func (f *findings) bundle(set Set) {
	if len(set.CA) == 0 {
		f.add(CodeNoCA, FileCA, say("it holds no certificate"), say("put the certificate of the authority there"))
	}
	for _, cert := range set.CA {
		if !isAuthority(cert) {
			f.add(CodeNotAuthority, FileCA, say(SubjectOneLine(cert), " is not an authority"), say("take it out, and look whether the files were mixed up"))
		}
	}
}

// key judges the key's file, which the owner alone reads.
func (f *findings) key(set Set, owner Reader) {
	if set.KeyForm != "" && !owner.ReadsForm(set.KeyForm) {
		f.add(CodeKeyForm, FileKey, say("it is written as ", set.KeyForm, ", and ", owner.Who, " reads ", PKCS1, " alone"),
			say("use an RSA key as this writes it: openssl rsa -traditional -in ", itself.word(), " -out ", itself.beside(".new")))
	}
	switch at, belongs := set.ofKey(); {
	case !belongs:
		f.add(CodeKeyMismatch, FileKey, say("it is not the key of ", File(FileCert)), say("put the key there with which the certificate was requested, or ", cureIssue))
	case at > 0:
		f.add(CodeCertOrder, FileCert, say("its certificate ", at+1, ", ", SubjectOneLine(set.sends()[at]), ", is the one that belongs to the key, and must be the first"),
			say("put the server's certificate first, then the authority that issued it, and so on"))
	}
}

// sends are the certificates that a server sends, in their order.
func (s Set) sends() []*x509.Certificate {
	return slices.Concat([]*x509.Certificate{s.Cert}, s.Intermediates)
}

// ofKey is the place of the certificate that belongs to the key among those that are sent: the first where no key was seen.
func (s Set) ofKey() (at int, belongs bool) {
	if s.KeyFingerprint == "" {
		return 0, true
	}
	at = slices.IndexFunc(s.sends(), func(cert *x509.Certificate) bool { return KeyFingerprint(cert) == s.KeyFingerprint })
	return at, at >= 0
}

// byKey is the set with the certificate that belongs to the key as the server's, where it has one: what else is wrong is told of that.
func (s Set) byKey() Set {
	if at, belongs := s.ofKey(); belongs {
		sent := s.sends()
		s.Cert = sent[at]
		s.Intermediates = slices.Delete(sent, at, at+1)
	}
	return s
}

// fileOf is where a certificate of the way to the root stands. A server looks into the bundle first.
func (s Set) fileOf(cert *x509.Certificate) File {
	switch {
	case cert.Equal(s.Cert):
		return FileCert
	case slices.ContainsFunc(s.CA, cert.Equal):
		return FileCA
	case slices.ContainsFunc(s.beside, cert.Equal):
		return FileChain
	}
	return FileCert
}

// whatOf names a certificate of the way in a text about its file, and cureOf is what helps when it is worth nothing.
func whatOf(i int, cert *x509.Certificate) string {
	if i > 0 {
		return "the authority " + SubjectOneLine(cert)
	}
	return "it"
}

func cureOf(i int) string {
	if i > 0 {
		return cureAuthority
	}
	return cureIssue
}

// dates judges the times of the certificate and of every authority on its way to the root.
func (f *findings) dates(path []*x509.Certificate, set Set, want Want) {
	leaf := path[0]
	for i, cert := range path {
		what := whatOf(i, cert)
		switch {
		case want.Now.Before(cert.NotBefore):
			f.add(CodeNotYetValid, set.fileOf(cert), say(what, " is not valid before ", day(cert.NotBefore)), say("set the clock of the host, or ", cureOf(i)))
		case want.Now.After(cert.NotAfter):
			f.add(CodeExpired, set.fileOf(cert), say(what, " has expired on ", day(cert.NotAfter)), say(cureOf(i)))
		case cert.NotAfter.Sub(want.Now) < want.MinLeft:
			f.add(CodeExpiresSoon, set.fileOf(cert), say(what, " expires on ", day(cert.NotAfter)), say(cureOf(i)))
		}
		if leaf.NotAfter.After(cert.NotAfter) {
			f.add(CodeOutlivesCA, FileCert, say("it is valid until ", day(leaf.NotAfter), ", but its authority only until ", day(cert.NotAfter)), say(cureIssue))
		}
	}
}

// strength passes over the signatures of roots, which nobody checks: a root is trusted for being in the bundle.
func (f *findings) strength(path []*x509.Certificate, set Set) {
	for i, cert := range path {
		if isWeak(cert.SignatureAlgorithm) && !isRoot(cert) {
			f.add(CodeWeakSignature, set.fileOf(cert), say("the signature of ", SubjectOneLine(cert), " is ", cert.SignatureAlgorithm, ", which current servers refuse"), say(cureOf(i)))
		}
		switch key := cert.PublicKey.(type) {
		case *rsa.PublicKey:
			if key.N.BitLen() < minRSABits {
				f.add(CodeWeakKey, set.fileOf(cert), say("the RSA key of ", SubjectOneLine(cert), " has ", key.N.BitLen(), " bits, and current servers refuse less than ", minRSABits), say(cureOf(i)))
			}
		case nil, *dsa.PublicKey:
			f.add(CodeKeyUnknown, set.fileOf(cert), say("the key of ", SubjectOneLine(cert), " is ", KindOfKey(cert.PublicKey), ", and servers use RSA, ECDSA or Ed25519"), say(cureOf(i)))
		}
	}
}

func isWeak(algorithm x509.SignatureAlgorithm) bool {
	switch algorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}
