// Package hostkey decides whether a host is the one it claims to be, by the keys recorded in known_hosts files.
//
// There is no way to switch the check off here: a host that is not recorded, or that shows another key, is refused.
package hostkey

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// Policy is what a set of known_hosts files says. It is read once and never written.
type Policy struct {
	db    *knownhosts.HostKeyDB
	files []string
}

// Load reads known_hosts files. Each has to exist: a missing one is a wrong path more often than an empty record. One that cannot
// be read is a *FileError.
func Load(files ...string) (*Policy, error) {
	if len(files) == 0 {
		return nil, errors.New("no known_hosts file is given, so no host key can be checked")
	}
	for _, file := range files {
		if err := readable(file); err != nil {
			return nil, &FileError{File: file, Err: err}
		}
	}
	db, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, &SyntaxError{Err: err}
	}
	return &Policy{db: db, files: append([]string(nil), files...)}, nil
}

// Algorithms are the host key algorithms to ask hostPort for, so that it shows a key of the recorded type. Empty for a host
// that is not recorded. Those that sign with SHA-1 are left out: what they prove can be forged.
func (p *Policy) Algorithms(hostPort string) []string {
	weak := ssh.InsecureAlgorithms().HostKeys
	return slices.DeleteFunc(p.db.HostKeyAlgorithms(hostPort), func(algorithm string) bool {
		return slices.Contains(weak, algorithm)
	})
}

// Callback checks a presented key. It fails with *UnknownError, *ChangedError or *RevokedError.
func (p *Policy) Callback() ssh.HostKeyCallback {
	check := p.db.HostKeyCallback()
	return func(hostPort string, address net.Addr, key ssh.PublicKey) error {
		if err := check(hostPort, address, key); err != nil {
			return p.explain(hostPort, key, err)
		}
		return nil
	}
}

func (p *Policy) explain(hostPort string, key ssh.PublicKey, err error) error {
	var mismatch *xknownhosts.KeyError
	var revoked *xknownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		return &RevokedError{Host: hostPort, Presented: Fingerprint(key), File: revoked.Revoked.Filename, Line: revoked.Revoked.Line}
	case errors.As(err, &mismatch) && len(mismatch.Want) == 0:
		return &UnknownError{Host: hostPort, Presented: Fingerprint(key), Files: p.files}
	case errors.As(err, &mismatch):
		want := closest(mismatch.Want, key)
		return &ChangedError{
			Host: hostPort, Presented: Fingerprint(key),
			File: want.Filename, Line: want.Line, Recorded: Fingerprint(want.Key),
		}
	default:
		return fmt.Errorf("the host key of %s (%s) is refused: %w", hostPort, Fingerprint(key), err)
	}
}

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
