package pkistore

import (
	"crypto/x509"

	"github.com/replssl/replssl/orchestrate/pki"
)

// knowledge parses what was read, and nothing that the look before has parsed already: an observation looks at the whole folder, again
// and again, and nearly always finds what was there.
//
// A file is known again by its digest alone: whoever changes one, in whatever way, is noticed. What this look meets is kept and the
// rest forgotten, so that no more is kept than the folder holds. No private key is kept.
type knowledge struct {
	former *parsed // of the look before; nobody writes to it any more
	now    *parsed
}

// parsed is what was made of files, by the digests of their contents.
type parsed struct {
	bundles map[string][]*x509.Certificate
	keys    map[string]publicHalf
	issuers map[[2]string]*x509.Certificate // by ca.pem and ca-key.pem
}

// publicHalf is what everybody may know of a private key.
type publicHalf struct {
	form        pki.KeyForm
	fingerprint string
}

func nothingParsed() *parsed {
	return &parsed{
		bundles: map[string][]*x509.Certificate{}, keys: map[string]publicHalf{}, issuers: map[[2]string]*x509.Certificate{},
	}
}

// newKnowledge has parsed nothing yet, but knows what a former look has.
func newKnowledge(former *parsed) knowledge { return knowledge{former: former, now: nothingParsed()} }

func (k knowledge) bundle(data []byte, sum string) ([]*x509.Certificate, error) {
	return recall(k.former.bundles, k.now.bundles, sum, func() ([]*x509.Certificate, error) { return pki.ParseBundle(data) })
}

func (k knowledge) key(data []byte, sum string) (publicHalf, error) {
	return recall(k.former.keys, k.now.keys, sum, func() (publicHalf, error) {
		key, err := pki.ParseKey(data)
		if err != nil {
			return publicHalf{}, err
		}
		return publicHalf{key.Form, key.Fingerprint()}, nil
	})
}

// issuer is the certificate of an authority's file that belongs to its key.
func (k knowledge) issuer(ca CA, key []byte) (*x509.Certificate, error) {
	return recall(k.former.issuers, k.now.issuers, [2]string{ca.SHA256, digest(key)}, func() (*x509.Certificate, error) {
		authority, err := pki.ParseAuthority([]byte(ca.PEM), key)
		return authority.Cert, err
	})
}

// recall takes from what is known, or parses. What cannot be parsed is not remembered.
func recall[K comparable, V any](former, now map[K]V, sum K, parse func() (V, error)) (V, error) {
	if value, ok := now[sum]; ok {
		return value, nil
	}
	value, ok := former[sum]
	if !ok {
		var err error
		if value, err = parse(); err != nil {
			return value, err
		}
	}
	now[sum] = value
	return value, nil
}
