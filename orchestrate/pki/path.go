package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// maxPath bounds the way from a certificate to its root, the certificate included; OpenSSL's own bound is far above it.
const maxPath = 8

// path is the way from the set's certificate to a root in the bundle, both included, or nil. Dates do not count here, so that
// an expired chain is told as expired and not as missing; but of several ways the one that is valid now is preferred, since
// that is the one that servers find while authorities change.
//
// OpenSSL asks for a root: an intermediate authority in the bundle is trusted, but is not the end of a chain.
func (s Set) path(now time.Time) []*x509.Certificate {
	pool := slices.Concat(s.CA, s.Intermediates)
	slices.SortStableFunc(pool, func(a, b *x509.Certificate) int {
		return boolean(isValid(b, now)) - boolean(isValid(a, now))
	})
	return s.extend([]*x509.Certificate{s.Cert}, pool)
}

func (s Set) extend(path, pool []*x509.Certificate) []*x509.Certificate {
	last := path[len(path)-1]
	if isRoot(last) {
		if slices.ContainsFunc(s.CA, last.Equal) {
			return path
		}
		return nil
	}
	if len(path) == maxPath {
		return nil
	}
	for _, parent := range pool {
		if slices.ContainsFunc(path, parent.Equal) || !isIssuedBy(last, parent) {
			continue
		}
		if whole := s.extend(append(slices.Clone(path), parent), pool); whole != nil {
			return whole
		}
	}
	return nil
}

// isIssuedBy checks the signature. Algorithms that are refused for their weakness count as issued: the weakness is told as
// such, and a cure for a missing authority would lead astray.
func isIssuedBy(cert, parent *x509.Certificate) bool {
	if !bytes.Equal(cert.RawIssuer, parent.RawSubject) {
		return false
	}
	err := cert.CheckSignatureFrom(parent)
	var weak x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &weak)
}

func isRoot(cert *x509.Certificate) bool { return bytes.Equal(cert.RawIssuer, cert.RawSubject) }

func isValid(cert *x509.Certificate, now time.Time) bool {
	return !now.Before(cert.NotBefore) && !now.After(cert.NotAfter)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
