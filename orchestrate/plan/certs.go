package plan

import (
	"bytes"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// verdictOn is no where findings forbid the use of a set.
func verdictOn(findings []pki.Finding) Verdict {
	var reasons []string
	for _, finding := range pki.Forbidding(findings) {
		reasons = append(reasons, finding.String())
	}
	if len(reasons) > 0 {
		return no("%s", strings.Join(reasons, "; "))
	}
	return yes()
}

// findingsOf are all findings of a set by its bytes, as they stand in the files: those that only warn too.
func findingsOf(set facts.Leaf, want pki.Want) []pki.Finding {
	parsed, err := parseSet(set)
	if err != nil { // each file is told of by itself
		return pki.JudgeFiles(pki.Files{CA: []byte(set.CA), Cert: []byte(set.Cert), CRL: []byte(set.CRL)}, want)
	}
	return pki.Judge(parsed, want)
}

func parseSet(set facts.Leaf) (pki.Set, error) {
	bundle, err := pki.ParseBundle([]byte(set.CA))
	if err != nil {
		return pki.Set{}, err
	}
	cert, intermediates, err := pki.ParseLeaf([]byte(set.Cert))
	if err != nil {
		return pki.Set{}, err
	}
	parsed := pki.Set{CA: bundle, Cert: cert, Intermediates: intermediates, KeyFingerprint: set.KeyPublic, KeyForm: pki.KeyForm(set.KeyForm)}
	if set.CRL != "" {
		parsed.CRLs, err = pki.ParseCRLs([]byte(set.CRL))
	}
	return parsed, err
}

// leafOf is a set on a host as the set that it was before it came there. The public half of its key is left open.
func leafOf(set facts.FileSet) facts.Leaf {
	return facts.Leaf{CA: set.CA, Cert: set.Cert, CRL: set.CRL, KeyDigest: set.KeyDigest}
}

// normalDigest is the digest of a set's content, however its files are laid out: people add comments, and roots behind certificates.
func normalDigest(set facts.Leaf) string {
	if bundle, err := pki.NormalBundle([]byte(set.CA)); err == nil {
		set.CA = string(bundle)
	}
	if chain, err := pki.NormalChain([]byte(set.Cert), nil); err == nil {
		set.Cert = string(chain)
	}
	return set.Digest()
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
