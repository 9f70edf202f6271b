package pkistore

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/replssl/replssl/orchestrate/pki"
)

// An authority is succeeded by another in four steps. In between, ca.pem holds both, so that every set that is made trusts both.
//
//	Prepare  a new authority waits in DIR/next-authority; the old one issues
//	Promote  the new one issues; the old one is in DIR/former-authority
//	Retire   ca.pem holds the new one alone
//	Forget   the old one's key is removed
//
// Each step ends with one rename that counts; one that is cut short is ended by doing it again.
const (
	nextDir   = "next-authority"
	formerDir = "former-authority"
)

func (s Store) beside(dir string) Store {
	of := Open(s.path(dir))
	of.open, of.with, of.work = s.open, s.with, s.work
	return of
}

// Next is the folder of the authority that is to succeed, with the same passphrases.
func (s Store) Next() Store { return s.beside(nextDir) }

func (s Store) former() Store { return s.beside(formerDir) }

// errNoSuccession says that a step has nothing to go on from.
var errNoSuccession = errors.New("no authority waits to succeed the one that is there")

// Prepare makes the authority that is to succeed, and lets ca.pem hold both. Its key is sealed where the old one's is, with the passphrase that
// opened that, or as [Store.SealWith] says.
func (s Store) Prepare(means pki.Means, cluster string) error {
	if err := s.prepare(means, cluster); err != nil {
		return fmt.Errorf("preparing the next authority of cluster %s: %w", cluster, here(err))
	}
	return nil
}

func (s Store) prepare(means pki.Means, cluster string) error {
	if err := s.sweep(); err != nil {
		return err
	}
	next := s.Next()
	if err := next.tidy(); err != nil {
		return err
	}
	cert, err := next.onlyCert()
	if errors.Is(err, fs.ErrNotExist) {
		cert, err = s.make(next, means, cluster)
	}
	if err != nil {
		return err
	}
	return s.trust(func(bundle []*x509.Certificate) []*x509.Certificate {
		if slices.ContainsFunc(bundle, cert.Equal) {
			return bundle
		}
		return append(slices.Clone(bundle), cert)
	})
}

// tidy removes what a promotion that died has left: a certificate whose key was moved to its place.
func (s Store) tidy() error {
	name, err := s.keyName()
	if err != nil || name != "" {
		return err
	}
	return os.RemoveAll(s.dir)
}

func (s Store) make(next Store, means pki.Means, cluster string) (*x509.Certificate, error) {
	sealed, err := isThere(s.path(SealedKeyFile))
	switch passphrase := s.open.by(); {
	case err != nil:
		return nil, err
	case sealed && passphrase.IsZero():
		return nil, &SealedError{Path: s.path(SealedKeyFile)}
	case sealed:
		authority, err := next.CreateSealedCA(means, cluster, passphrase)
		return authority.Cert, err
	}
	authority, err := next.CreateCA(means, cluster)
	return authority.Cert, err
}

// onlyCert is the authority of a folder that has one.
func (s Store) onlyCert() (*x509.Certificate, error) {
	data, err := readFile(s.path(caFile))
	if err != nil {
		return nil, err
	}
	bundle, err := pki.ParseBundle(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", s.path(caFile), err)
	case len(bundle) != 1:
		return nil, fmt.Errorf("%s holds %d certificates", s.path(caFile), len(bundle))
	}
	return bundle[0], nil
}

// trust changes what ca.pem holds, in one rename.
func (s Store) trust(change func([]*x509.Certificate) []*x509.Certificate) error {
	data, err := readFile(s.path(caFile))
	if err != nil {
		return err
	}
	bundle, err := pki.ParseBundle(data)
	if err != nil {
		return fmt.Errorf("%s: %w", s.path(caFile), err)
	}
	text := pki.EncodeCert(change(bundle)...)
	if bytes.Equal(text, pki.EncodeCert(bundle...)) {
		return nil
	}
	return replaceFile(s.path(caFile), text, publicFile)
}

// Promote lets the next authority issue, and keeps the old one's key as that of the former authority.
func (s Store) Promote() error {
	if err := s.promote(); err != nil {
		return fmt.Errorf("letting the next authority issue: %w", here(err))
	}
	return nil
}

func (s Store) promote() error {
	next, former := s.Next(), s.former()
	cert, err := next.onlyCert()
	if errors.Is(err, fs.ErrNotExist) {
		return errNoSuccession
	}
	if err != nil {
		return err
	}
	name, err := next.keyName()
	if err != nil {
		return err
	}
	if name != "" { // else it was moved, and the run died
		if err := s.keepFormer(former, cert); err != nil {
			return err
		}
		if err := s.takeKey(next, name); err != nil {
			return err
		}
	}
	if err := os.Remove(next.path(caFile)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(next.dir), syncDir(s.dir))
}

// keyName is how the key lies in a folder; empty where it does not.
func (s Store) keyName() (string, error) {
	for _, name := range []string{caKeyFile, SealedKeyFile} {
		there, err := isThere(s.path(name))
		if err != nil || there {
			return name, err
		}
	}
	return "", nil
}

// keepFormer lets the former authority's folder have what issues now: its key by one more name, and the certificate.
func (s Store) keepFormer(former Store, next *x509.Certificate) error {
	if err := makeDir(former.dir); err != nil {
		return err
	}
	name, err := s.keyName()
	if err != nil {
		return err
	}
	if name != "" { // else it was kept already
		if err := os.Link(s.path(name), former.path(name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := syncDir(former.dir); err != nil {
			return err
		}
	}
	data, err := readFile(s.path(caFile))
	if err != nil {
		return err
	}
	bundle, err := pki.ParseBundle(data)
	if err != nil {
		return err
	}
	old := slices.DeleteFunc(bundle, next.Equal)
	if err := createFile(former.path(caFile), pki.EncodeCert(old...), publicFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// takeKey moves the next authority's key to its place. The old one, which the former authority's folder has, makes room: by the rename itself, or
// before it where one is sealed and the other is not.
func (s Store) takeKey(next Store, name string) error {
	old, err := s.keyName()
	if err != nil {
		return err
	}
	if old != "" && old != name {
		if err := s.remove(old); err != nil {
			return err
		}
	}
	if err := os.Rename(next.path(name), s.path(name)); err != nil {
		return err
	}
	return errors.Join(syncDir(next.dir), syncDir(s.dir))
}

// Retire lets ca.pem hold the authority that issues alone.
func (s Store) Retire() error {
	err := s.retire()
	if err != nil {
		return fmt.Errorf("retiring the former authority: %w", here(err))
	}
	return nil
}

func (s Store) retire() error {
	data, err := readFile(s.former().path(caFile))
	if errors.Is(err, fs.ErrNotExist) {
		return errNoSuccession
	}
	if err != nil {
		return err
	}
	old, err := pki.ParseBundle(data)
	if err != nil {
		return err
	}
	return s.trust(func(bundle []*x509.Certificate) []*x509.Certificate {
		return slices.DeleteFunc(slices.Clone(bundle), func(cert *x509.Certificate) bool { return slices.ContainsFunc(old, cert.Equal) })
	})
}

// Forget removes the former authority with its key.
func (s Store) Forget() error {
	former := s.former()
	for _, name := range []string{caKeyFile, SealedKeyFile, caFile} {
		if err := os.Remove(former.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the former authority: %w", here(err))
		}
	}
	if err := os.RemoveAll(former.dir); err != nil {
		return fmt.Errorf("removing the former authority: %w", here(err))
	}
	return syncDir(s.dir)
}

// replaceFile puts a file in the place of another in one rename.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return err
	}
	if err := fill(temp, data, mode); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(filepath.Dir(path))
}
