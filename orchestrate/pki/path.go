package pki

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"
)

const (
	// maxPath bounds the way from a certificate to its root, the certificate included; OpenSSL's own bound is far above it.
	maxPath = 8

	// maxVisited bounds the certificates that are looked at on all ways together, so that a bundle which was made to be slow is not.
	maxVisited = 64
)

// path is the way from the set's certificate to a root in the bundle, both included, or nil. Dates do not count here, so that
// an expired chain is told as expired and not as missing; but where a way is valid now it is preferred, since
// that is the one that servers find while authorities change.
//
// OpenSSL asks for a root: an intermediate authority in the bundle is trusted, but is not the end of a chain.
func (s Set) path(now time.Time) []*x509.Certificate {
	pool := slices.Concat(s.CA, s.Intermediates)
	valid := slices.DeleteFunc(slices.Clone(pool), func(c *x509.Certificate) bool { return !isValid(c, now) })
	for _, pool := range [][]*x509.Certificate{valid, pool} {
		for _, way := range s.ways(pool) {
			if last := way[len(way)-1]; isRoot(last) && slices.ContainsFunc(s.CA, last.Equal) {
				return way
			}
		}
	}
	return nil
}

// ways are the shortest ways from the set's certificate to everything in the pool that it can have been issued by, itself first.
func (s Set) ways(pool []*x509.Certificate) [][]*x509.Certificate {
	ways := [][]*x509.Certificate{{s.Cert}}
	for next := 0; next < len(ways) && len(ways) < maxVisited; next++ {
		way := ways[next]
		last := way[len(way)-1]
		if isRoot(last) || len(way) == maxPath {
			continue
		}
		rest := pool[:0:0]
		for _, parent := range pool {
			switch {
			case parent.Equal(s.Cert):
			case isIssuedBy(last, parent):
				ways = append(ways, append(slices.Clone(way), parent))
			default:
				rest = append(rest, parent)
			}
		}
		pool = rest
	}
	return ways
}

// isIssuedBy checks the name, the key's identifier where both tell it, and the signature. Algorithms that are refused for their weakness
// count as issued, and so do authorities that may not sign: both are told as such, and a cure for a missing authority would lead astray.
func isIssuedBy(cert, parent *x509.Certificate) bool {
	if !bytes.Equal(cert.RawIssuer, parent.RawSubject) {
		return false
	}
	return mayBeKeyOf(parent, cert) && (isWeak(cert.SignatureAlgorithm) || parent.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil)
}

// mayBeKeyOf says that the identifiers of the keys allow the parent to have signed; where one of them is missing, they do.
func mayBeKeyOf(parent, cert *x509.Certificate) bool {
	return len(cert.AuthorityKeyId) == 0 || len(parent.SubjectKeyId) == 0 || bytes.Equal(cert.AuthorityKeyId, parent.SubjectKeyId)
}

// isRoot says, as OpenSSL does, that a certificate signed itself. An authority that changed its key and kept its name did not: its new key
// is certified by the old one.
func isRoot(cert *x509.Certificate) bool { return isSelfIssued(cert) && mayBeKeyOf(cert, cert) }

func isSelfIssued(cert *x509.Certificate) bool { return bytes.Equal(cert.RawIssuer, cert.RawSubject) }

func isValid(cert *x509.Certificate, now time.Time) bool {
	return !now.Before(cert.NotBefore) && !now.After(cert.NotAfter)
}

// isAuthority says that a certificate is made to be one. Those of the first version say nothing of it, and roots among them count.
func isAuthority(cert *x509.Certificate) bool {
	if cert.BasicConstraintsValid {
		return cert.IsCA
	}
	return cert.Version < 3 && isRoot(cert) || cert.KeyUsage&x509.KeyUsageCertSign != 0
}

func maySign(cert *x509.Certificate) bool {
	return isAuthority(cert) && (cert.KeyUsage == 0 || cert.KeyUsage&x509.KeyUsageCertSign != 0)
}

// notChained tells which authority is missing, and where it belongs.
func (f *findings) notChained(set Set) {
	if len(set.CA) == 0 {
		return
	}
	ways := set.ways(slices.Concat(set.CA, set.Intermediates))
	way := ways[len(ways)-1]
	last := way[len(way)-1]
	ca, own := File(FileCA), File(FileCert)
	reason := say("it was issued by ", IssuerOneLine(set.Cert), ", and no chain leads from it to a root in ", ca)
	missing := IssuerOneLine(last)
	cure := say("put that authority into ", ca, " if it is a root, and behind the certificate in ", own, " if not")
	switch {
	case isRoot(last) && last == set.Cert:
		reason, cure = say("it signed itself, and is not in ", ca), say(cureIssue, " by an authority that is there")
	case isRoot(last):
		reason = say(reason, ": the root ", missing, " is missing there, and counts for nothing in ", own)
		cure = say("put that root into ", ca)
	case hasNamesake(set, last):
		reason = say(reason, ": the ", missing, " that is there has another key than the one that signed")
		cure = say("put the authority there that signed, or ", cureIssue, " by the one that is there")
	case len(way) > 1 && slices.ContainsFunc(set.CA, last.Equal):
		reason = say(reason, ": ", missing, ", which issued ", SubjectOneLine(last), ", is missing there")
		cure = say("put that root into ", ca, "; an intermediate authority alone is not enough")
	default:
		reason = say(reason, ": ", missing, " is missing")
	}
	f.add(CodeNotChained, FileCert, reason, cure)
	f.signers(way, set)
}

func hasNamesake(set Set, cert *x509.Certificate) bool {
	return slices.ContainsFunc(slices.Concat(set.CA, set.Intermediates), func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawSubject, cert.RawIssuer)
	})
}

// sent judges what the server sends of a whole chain, and whether its authorities may sign.
func (f *findings) sent(path []*x509.Certificate, set Set, owner Reader) {
	f.signers(path, set)
	for _, cert := range path[1:] {
		if owner.FirstCertOnly && !slices.ContainsFunc(set.CA, cert.Equal) {
			f.add(CodeChainNotSent, FileCert, say(owner.Who, " sends its first certificate alone, so that nobody sees ", SubjectOneLine(cert), " behind it"),
				say("put that authority into ", File(FileCA), " of every server"))
		}
		if owner.WholeChainInCA && !slices.ContainsFunc(set.CA, cert.Equal) {
			f.add(CodeChainNotInCA, FileCert, say(owner.Who, " reads its certificate anew only where every authority above it is in ", File(FileCA), " (else error 3888), and ",
				SubjectOneLine(cert), " is not"), say("put that authority into ", File(FileCA), ", too, beside the root"))
		}
	}
	for _, cert := range set.Intermediates {
		if isRoot(cert) && isAuthority(cert) {
			f.add(CodeRootSent, FileCert, say("the root ", SubjectOneLine(cert), " stands in it; whoever trusts it has it"), say("take the root out"))
		}
	}
}

func (f *findings) signers(path []*x509.Certificate, set Set) {
	for i, cert := range path[1:] {
		if !maySign(cert) {
			f.add(CodeMayNotSign, set.fileOf(cert), say(SubjectOneLine(cert), " may not sign certificates (basicConstraints CA, keyUsage keyCertSign)"), say(cureAuthority))
		}
		if below, limit := i, pathLength(cert); limit >= 0 && below > limit {
			f.add(CodeMayNotSign, set.fileOf(cert), say(SubjectOneLine(cert), " has ", below, " authorities below it here, and may have ", limit, " (basicConstraints pathlen)"),
				say(cureAuthority))
		}
	}
}

// pathLength is how many authorities may stand between this one and a server's certificate; negative for any number.
func pathLength(cert *x509.Certificate) int {
	if !cert.BasicConstraintsValid || cert.MaxPathLen == 0 && !cert.MaxPathLenZero {
		return -1
	}
	return cert.MaxPathLen
}
