package plan

import (
	"bytes"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// judgeSet judges a set by its bytes, as they stand in the files.
func judgeSet(ca, cert, keyPublic string, names []string, f facts.Facts) Verdict {
	bundle, err := pki.ParseBundle([]byte(ca))
	if err != nil {
		return no("ca.pem: %v", err)
	}
	leaf, intermediates, err := pki.ParseLeaf([]byte(cert))
	if err != nil {
		return no("cert.pem: %v", err)
	}
	findings := pki.Judge(
		pki.Set{CA: bundle, Cert: leaf, Intermediates: intermediates, KeyFingerprint: keyPublic},
		pki.Want{Names: names, Now: f.At})
	if len(findings) == 0 {
		return yes()
	}
	reasons := make([]string, len(findings))
	for i, finding := range findings {
		reasons[i] = finding.String()
	}
	return no("%s", strings.Join(reasons, "; "))
}

// sameLeaf says that two PEM texts begin with the same certificate.
func sameLeaf(chain, file string) bool {
	one, _, err := pki.ParseLeaf([]byte(chain))
	if err != nil {
		return false
	}
	other, _, err := pki.ParseLeaf([]byte(file))
	return err == nil && one.Equal(other)
}

// sameBundle says that two PEM texts hold the same certificates in the same order, however they are laid out.
func sameBundle(one, other string) bool {
	a, err := pki.ParseBundle([]byte(one))
	if err != nil {
		return false
	}
	b, err := pki.ParseBundle([]byte(other))
	return err == nil && bytes.Equal(pki.EncodeCert(a...), pki.EncodeCert(b...))
}
