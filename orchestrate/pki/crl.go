package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
)

// FileCRL is the file of revoked certificates, as findings name it.
const FileCRL = "crl.pem"

// ParseCRLs reads a file of revoked certificates: the lists of one or more authorities. Its errors are [FormError]s.
func ParseCRLs(file []byte) ([]*x509.RevocationList, error) {
	blocks, err := blocks(file, revocations())
	if err != nil {
		return nil, err
	}
	lists := make([]*x509.RevocationList, len(blocks))
	for i, block := range blocks {
		if block.Type != blockCRL {
			return nil, foreign(i, block, revocations())
		}
		if lists[i], err = parseList(block.Bytes); err != nil {
			return nil, damaged("list", i+1, err)
		}
	}
	return lists, nil
}

// soonOfList is the part of a list's life, one in so many, at whose beginning a person wants to hear of its end: many live a week only.
const soonOfList = 4

const (
	cureRenewCRL = "have its authority make a new list, or leave the file out"
	cureCRL      = "put that authority's list there, or leave the file out"
)

// revocation judges the lists as OpenSSL does for servers and receivers, which have it check the whole way: where there is any list, each
// authority needs one that is valid now.
func (f *findings) revocation(path []*x509.Certificate, set Set, want Want) {
	if len(set.CRLs) == 0 {
		return
	}
	if want.Owner.NoCRL {
		f.add(CodeCRLUnread, FileCRL, say(want.Owner.Who, " checks no lists of revoked certificates, and would let in who is on them"), say("leave the file out (tls.crl)"))
		return
	}
	authorities := slices.Concat(set.CA, set.Intermediates)
	for _, list := range set.CRLs {
		f.list(list, authorities, want)
	}
	if len(path) < 2 {
		return
	}
	for i, cert := range path {
		issuer := path[min(i+1, len(path)-1)]
		lists := listsOf(set.CRLs, issuer)
		list := newestFor(lists, cert)
		switch {
		case len(lists) == 0:
			f.once(CodeCRLMissing, FileCRL, say("it has no list of ", SubjectOneLine(issuer), ", without which every connection is refused"), say(cureCRL))
		case list == nil:
			f.once(CodeCRLScope, FileCRL, say("the list of ", SubjectOneLine(issuer), " does not cover ", SubjectOneLine(cert),
				" (issuingDistributionPoint), so that every connection is refused"), say(cureCRL))
		case isRevoked(cert, list):
			f.add(CodeRevoked, set.fileOf(cert), say(SubjectOneLine(cert), " is revoked by its authority"), say(cureIssue))
		}
	}
}

// list judges one list by itself. Of an authority that is not there nothing counts.
func (f *findings) list(list *x509.RevocationList, authorities []*x509.Certificate, want Want) {
	who := "the list of " + oneLine(list.RawIssuer)
	issuers := slices.DeleteFunc(slices.Clone(authorities), func(c *x509.Certificate) bool { return !bytes.Equal(c.RawSubject, list.RawIssuer) })
	if len(issuers) == 0 {
		f.add(CodeCRLIssuer, FileCRL, say(who, " is by no authority that is in ", File(FileCA)), say("put that authority into ", File(FileCA), ", or its list out"))
		return
	}
	if !slices.ContainsFunc(issuers, func(c *x509.Certificate) bool { return hasSigned(c, list) }) {
		f.add(CodeCRLSignature, FileCRL, say(who, " is not signed by it, or it may not sign such lists"), say(cureRenewCRL))
	}
	if isWeak(list.SignatureAlgorithm) {
		f.add(CodeWeakSignature, FileCRL, say("the signature of ", who, " is ", list.SignatureAlgorithm, ", which current servers refuse"), say(cureRenewCRL))
	}
	f.listDates(list, who, want)
}

func (f *findings) listDates(list *x509.RevocationList, who string, want Want) {
	switch left := list.NextUpdate.Sub(want.Now); {
	case want.Now.Before(list.ThisUpdate):
		f.add(CodeCRLNotYetValid, FileCRL, say(who, " is not valid before ", day(list.ThisUpdate)), say("set the clock of the host, or ", cureRenewCRL))
	case list.NextUpdate.IsZero():
	case left < 0:
		f.add(CodeCRLExpired, FileCRL, say(who, " has expired on ", day(list.NextUpdate), ", after which every connection is refused"), say(cureRenewCRL))
	case left < min(want.MinLeft, list.NextUpdate.Sub(list.ThisUpdate)/soonOfList):
		f.add(CodeCRLExpiresSoon, FileCRL, say(who, " expires on ", day(list.NextUpdate), "; then every connection is refused"), say(cureRenewCRL))
	}
}

func hasSigned(issuer *x509.Certificate, list *x509.RevocationList) bool {
	err := list.CheckSignatureFrom(issuer)
	var weak x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &weak)
}

// listsOf are the lists of an authority. Where others of its name have lists too, those are its own that it has signed.
func listsOf(lists []*x509.RevocationList, issuer *x509.Certificate) []*x509.RevocationList {
	named := slices.DeleteFunc(slices.Clone(lists), func(l *x509.RevocationList) bool { return !bytes.Equal(l.RawIssuer, issuer.RawSubject) })
	signed := slices.DeleteFunc(slices.Clone(named), func(l *x509.RevocationList) bool { return !hasSigned(issuer, l) })
	if len(signed) > 0 {
		return signed
	}
	return named
}

// newestFor is the list that counts for a certificate, or nil.
func newestFor(lists []*x509.RevocationList, cert *x509.Certificate) (newest *x509.RevocationList) {
	for _, list := range lists {
		if covers(list, cert) && (newest == nil || list.ThisUpdate.After(newest.ThisUpdate)) {
			newest = list
		}
	}
	return newest
}

func isRevoked(cert *x509.Certificate, list *x509.RevocationList) bool {
	const backAgain = 8 // removeFromCRL: the reason says that it is not revoked any more
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(entry x509.RevocationListEntry) bool {
		return entry.ReasonCode != backAgain && entry.SerialNumber.Cmp(cert.SerialNumber) == 0
	})
}
