package plan

import (
	"bytes"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// judgeSet judges a set by its bytes, as they stand in the files.
func judgeSet(set facts.Leaf, want pki.Want) Verdict {
	findings, err := findingsOf(set, want)
	switch {
	case err != nil:
		return no("%v", err)
	case len(findings) == 0:
		return yes()
	}
	reasons := make([]string, len(findings))
	for i, finding := range findings {
		reasons[i] = finding.String()
	}
	return no("%s", strings.Join(reasons, "; "))
}

// findingsOf are the findings that forbid the use of a set. An error says which file cannot be read.
func findingsOf(set facts.Leaf, want pki.Want) ([]pki.Finding, error) {
	parsed, err := parseSet(set)
	if err != nil {
		return nil, err
	}
	return pki.Forbidding(pki.Judge(parsed, want)), nil
}

func parseSet(set facts.Leaf) (pki.Set, error) {
	bundle, err := pki.ParseBundle([]byte(set.CA))
	if err != nil {
		return pki.Set{}, &fileError{pki.FileCA, err}
	}
	cert, intermediates, err := pki.ParseLeaf([]byte(set.Cert))
	if err != nil {
		return pki.Set{}, &fileError{pki.FileCert, err}
	}
	parsed := pki.Set{CA: bundle, Cert: cert, Intermediates: intermediates, KeyFingerprint: set.KeyPublic, KeyForm: pki.KeyForm(set.KeyForm)}
	if set.CRL != "" {
		if parsed.CRLs, err = pki.ParseCRLs([]byte(set.CRL)); err != nil {
			return pki.Set{}, &fileError{pki.FileCRL, err}
		}
	}
	return parsed, nil
}

// fileError says which file of a set cannot be read.
type fileError struct {
	file string
	err  error
}

func (e *fileError) Error() string { return e.file + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// clockOf is the time on a server's host, by which it judges certificates; the operator's where it was not looked at.
func clockOf(f facts.Facts, server topology.ServerName) time.Time {
	return f.At.Add(f.Server(server).Clock.Or(0))
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
