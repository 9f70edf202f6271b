package pki

import (
	"crypto/x509"
	"slices"
)

// NormalBundle is the normal form of a CA file: its certificates in their order, each once, and nothing else. Two files that differ only in
// comments, line ends or repetitions have the same.
func NormalBundle(file []byte) ([]byte, error) {
	certs, err := ParseBundle(file)
	if err != nil {
		return nil, err
	}
	return EncodeCert(once(certs)...), nil
}

// NormalChain is the normal form of a server's certificate file: the certificate, then the intermediate authorities of its file and of the
// chain file (empty for none), in their order, each once. Roots are left out: a peer trusts a root for being in its own bundle, never for
// having been sent one.
func NormalChain(file, chain []byte) ([]byte, error) {
	certs, err := ParseBundle(file)
	if err != nil {
		return nil, err
	}
	if len(chain) > 0 {
		more, err := ParseBundle(chain)
		if err != nil {
			return nil, err
		}
		certs = append(certs, more...)
	}
	sent := slices.DeleteFunc(once(certs[1:]), func(cert *x509.Certificate) bool { return isRoot(cert) || cert.Equal(certs[0]) })
	return EncodeCert(append([]*x509.Certificate{certs[0]}, sent...)...), nil
}

func once(certs []*x509.Certificate) []*x509.Certificate {
	var found []*x509.Certificate
	for _, cert := range certs {
		if !slices.ContainsFunc(found, cert.Equal) {
			found = append(found, cert)
		}
	}
	return found
}
