// Package hostkey decides whether a host is the one it claims to be, by the keys recorded in known_hosts files.
//
// There is no way to switch the check off here: a host that is not recorded, or that shows another key, is refused.
package hostkey

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// Policy is what a set of known_hosts files says. It is read once and never written.
type Policy struct {
	db    *knownhosts.HostKeyDB
	files []string
}

// Load reads known_hosts files, of which one at least has to exist: where none does that is a wrong path more often than an empty record.
// One that cannot be read is a *FileError.
func Load(files ...string) (*Policy, error) {
	if len(files) == 0 {
		return nil, errors.New("no known_hosts file is given, so no host key can be checked")
	}
	var there []string
	var missing error
	for _, file := range files {
		switch err := readable(file); {
		case err == nil:
			there = append(there, file)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, &FileError{File: file, Err: err}
		case missing == nil:
			missing = &FileError{File: file, Err: err}
		}
	}
	if len(there) == 0 {
		return nil, missing
	}
	db, err := knownhosts.NewDB(there...)
	if err != nil {
		return nil, &SyntaxError{Err: err}
	}
	return &Policy{db: db, files: slices.Clone(files)}, nil
}

// Algorithms are the host key algorithms to ask hostPort for, so that it shows a key of the recorded type. Empty for a host
// that is not recorded. Those that sign with SHA-1 are left out: what they prove can be forged.
//
// Where an authority is recorded the host is asked for a certificate of any type, since that of the authority says nothing of it; and, lest
// the two find nothing in common and nobody knows why, for a plain key of any type at last.
func (p *Policy) Algorithms(hostPort string) []string {
	var authority bool
	var plain []string
	for _, key := range p.db.HostKeys(hostPort) {
		switch {
		case key.Cert:
			authority = true
		case key.Type() == ssh.KeyAlgoRSA:
			plain = append(plain, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			plain = append(plain, key.Type())
		}
	}
	all := plain
	if authority {
		supported := ssh.SupportedAlgorithms().HostKeys
		certificates := slices.DeleteFunc(slices.Clone(supported), func(name string) bool { return !isOfCertificate(name) })
		others := slices.DeleteFunc(supported, isOfCertificate)
		all = slices.Concat(certificates, plain, others)
	}
	weak := ssh.InsecureAlgorithms().HostKeys
	var asked []string
	for _, name := range all {
		if !slices.Contains(weak, name) && !slices.Contains(asked, name) {
			asked = append(asked, name)
		}
	}
	return asked
}

func isOfCertificate(algorithm string) bool { return strings.Contains(algorithm, "-cert-v01@") }

// Callback checks a presented key. It fails with *UnknownError, *ChangedError, *RevokedError or *CertificateError.
func (p *Policy) Callback() ssh.HostKeyCallback {
	check := p.db.HostKeyCallback()
	return func(hostPort string, address net.Addr, key ssh.PublicKey) error {
		certificate, ok := key.(*ssh.Certificate)
		if !ok {
			return p.explain(hostPort, key, check(hostPort, address, key))
		}
		// The library looks for the certificate itself among what is revoked, and not for the keys that it rests on.
		for _, part := range []ssh.PublicKey{certificate.Key, certificate.SignatureKey} {
			var revoked *xknownhosts.RevokedError
			if err := check(hostPort, address, part); errors.As(err, &revoked) {
				return p.explain(hostPort, part, err)
			}
		}
		return p.explainCertificate(hostPort, certificate, check(hostPort, address, key))
	}
}

func (p *Policy) explain(hostPort string, key ssh.PublicKey, err error) error {
	var mismatch *xknownhosts.KeyError
	var revoked *xknownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return &RevokedError{Host: hostPort, Presented: Fingerprint(key), File: revoked.Revoked.Filename, Line: revoked.Revoked.Line}
	case errors.As(err, &mismatch) && len(mismatch.Want) == 0:
		return &UnknownError{Host: hostPort, Presented: Fingerprint(key), Line: line(hostPort, key), Files: p.files}
	case errors.As(err, &mismatch) && p.isAuthority(hostPort, closest(mismatch.Want, key).Key):
		want := closest(mismatch.Want, key)
		return &CertificateError{
			Host: hostPort, Presented: Fingerprint(key),
			Why: fmt.Sprintf("it is no certificate, and %s line %d trusts those of the authority %s alone", want.Filename, want.Line, Fingerprint(want.Key)),
		}
	case errors.As(err, &mismatch):
		want := closest(mismatch.Want, key)
		return &ChangedError{
			Host: hostPort, Presented: Fingerprint(key),
			File: want.Filename, Line: want.Line, Recorded: Fingerprint(want.Key), NewLine: line(hostPort, key),
		}
	default:
		return fmt.Errorf("the host key of %s (%s) is refused: %w", hostPort, Fingerprint(key), err)
	}
}

// line is what a known_hosts file says of a host with this key.
func line(hostPort string, key ssh.PublicKey) string { return knownhosts.Line([]string{hostPort}, key) }

// closest is the recorded key to hold against the presented one: of the same type where there is one.
func closest(recorded []xknownhosts.KnownKey, presented ssh.PublicKey) xknownhosts.KnownKey {
	for _, key := range recorded {
		if key.Key.Type() == presented.Type() {
			return key
		}
	}
	return recorded[0]
}

// Fingerprint is a key as people compare it: its type and SHA-256.
func Fingerprint(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }

func readable(file string) error {
	handle, err := os.Open(file)
	if err != nil {
		return reason(err)
	}
	defer func() { _ = handle.Close() }()
	info, err := handle.Stat()
	switch {
	case err != nil:
		return reason(err)
	case info.IsDir():
		return errors.New("it is a directory")
	}
	return nil
}

// reason leaves out what os repeats: the path is in the sentence already.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
