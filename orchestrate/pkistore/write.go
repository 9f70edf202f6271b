package pkistore

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

// CreateCA makes the cluster's authority. It never overwrites one: the error is then fs.ErrExist.
//
// The key is written before the certificate. If a run ends between the two, the next finds a key without a certificate and
// makes the certificate for that key; so do two runs at once, of which one wins and the other is told that it exists.
//
// After [Store.SealWith] it is [Store.CreateSealedCA].
func (s Store) CreateCA(means pki.Means, cluster string) (pki.Authority, error) {
	if passphrase := s.with.Load(); passphrase != nil {
		return s.CreateSealedCA(means, cluster, *passphrase)
	}
	return s.create(means, cluster, keeping{write: s.writeKey, left: func() error { return nil }})
}

// SealWith lets this Store and its copies seal the key of an authority that they make.
func (s Store) SealWith(passphrase secret.Text) { s.with.Store(&passphrase) }

// CreateSealedCA is [Store.CreateCA] with a key that never lies on the disk unsealed. A key that a former run left behind unsealed
// is sealed first.
func (s Store) CreateSealedCA(means pki.Means, cluster string, passphrase secret.Text) (pki.Authority, error) {
	return s.create(means, cluster, keeping{
		write: func(key secret.Text) error { return s.writeSealed(key, passphrase) },
		left:  func() error { return s.sealLeft(passphrase) },
	})
}

// keeping is how the authority's key lies on the disk.
type keeping struct {
	write func(secret.Text) error
	left  func() error // brings what a former run left behind into the same form
}

// sealLeft does nothing where no key lies there unsealed.
func (s Store) sealLeft(passphrase secret.Text) error {
	if there, err := isThere(s.path(caKeyFile)); err != nil || !there {
		return err
	}
	return s.seal(passphrase)
}

// LeftKind is the kind of the authority's key, which has no certificate yet as a run was cut short; empty where there is none, or where it is
// sealed and was not opened.
func (s Store) LeftKind() string {
	if there, err := isThere(s.path(caFile)); err != nil || there {
		return ""
	}
	key, err := s.leftCAKey()
	if err != nil {
		return ""
	}
	return pki.KindOfKey(key.Public())
}

func (s Store) create(means pki.Means, cluster string, keep keeping) (pki.Authority, error) {
	authority, err := s.createCA(means, cluster, keep)
	if err != nil {
		return pki.Authority{}, fmt.Errorf("creating the authority of cluster %s: %w", cluster, here(err))
	}
	return authority, nil
}

func (s Store) createCA(means pki.Means, cluster string, keep keeping) (pki.Authority, error) {
	if err := s.checkNoCA(); err != nil {
		return pki.Authority{}, err
	}
	if err := os.MkdirAll(s.dir, privateDir); err != nil {
		return pki.Authority{}, err
	}
	if err := keep.left(); err != nil {
		return pki.Authority{}, err
	}
	key, err := s.caKeyToUse(means, keep.write)
	if err != nil {
		return pki.Authority{}, err
	}
	means.NewKey = pki.GivenKey(key)
	authority, err := pki.NewAuthority(means, cluster)
	if err != nil {
		return pki.Authority{}, err
	}
	return authority, createFile(s.path(caFile), pki.EncodeCert(authority.Cert), publicFile)
}

// checkNoCA also refuses where only the authority's certificate was lost: a new one, though for the same key, would not be the
// issuer of the certificates that are in use.
func (s Store) checkNoCA() error {
	if _, err := os.Lstat(s.path(caFile)); err == nil {
		return fmt.Errorf("%s: %w", s.path(caFile), fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	state := s.State()
	if state.Why != "" {
		return errors.New(state.Why)
	}
	for _, server := range state.Servers {
		if len(server.Versions) > 0 {
			lost := s.path(server.Name, fmt.Sprint(server.Versions[0].Number), caFile)
			return fmt.Errorf("%s is missing, but certificates by it exist: put it back, a copy should be %s", s.path(caFile), lost)
		}
	}
	return nil
}

// caKeyToUse is the key that a former run left behind or that another one has just written, else a new one, now on disk.
func (s Store) caKeyToUse(means pki.Means, write func(secret.Text) error) (crypto.Signer, error) {
	key, err := s.leftCAKey()
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = means.NewKey(); err != nil {
		return nil, fmt.Errorf("making its key: %w", err)
	}
	text, err := pki.EncodeKey(key)
	if err != nil {
		return nil, err
	}
	err = write(text)
	if errors.Is(err, fs.ErrExist) {
		return s.leftCAKey()
	}
	return key, err
}

func (s Store) leftCAKey() (crypto.Signer, error) {
	text, err := s.caKeyText()
	if err != nil {
		return nil, err
	}
	key, err := pki.ParseKey([]byte(text.Reveal()))
	if err == nil {
		_, err = pki.GivenKey(key.Signer)()
	}
	if err != nil {
		return nil, fmt.Errorf("%s is there already: %w; move it away", s.path(caKeyFile), err)
	}
	return key.Signer, nil
}

// Issue makes a set for a server: a certificate by the authority, its key, and the authority's file as it is now.
//
// A version is never overwritten; the error is then fs.ErrExist. It appears as a whole: of two runs at once, one wins.
func (s Store) Issue(version int, means pki.Means, request pki.LeafRequest) (Version, error) {
	made, err := s.issue(version, means, request)
	if err != nil {
		return Version{}, fmt.Errorf("issuing certificate set %d of %s: %w", version, request.Server, here(err))
	}
	return made, nil
}

func (s Store) issue(number int, means pki.Means, request pki.LeafRequest) (Version, error) {
	dir, err := s.versionDir(request.Server, number)
	if err != nil {
		return Version{}, err
	}
	if _, err := os.Lstat(dir); err == nil {
		return Version{}, fmt.Errorf("%s: %w", dir, fs.ErrExist)
	}
	if err := s.sweep(); err != nil {
		return Version{}, err
	}
	authority, bundle, err := s.authority()
	if err != nil {
		return Version{}, err
	}
	leaf, err := authority.Issue(means, request)
	if err != nil {
		return Version{}, err
	}
	files := Files{CA: bundle, Cert: leaf.CertPEM(), Key: leaf.KeyPEM()}
	made, err := newKnowledge(nothingParsed()).parse(files)
	if err != nil {
		return Version{}, err
	}
	made.Number = number
	return made, createSet(dir, files)
}

// createSet writes a set beside its place and moves it there as a whole.
func createSet(dir string, files Files) (err error) {
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	temp, lock, err := newSet(parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	defer func() {
		if err != nil {
			_ = os.RemoveAll(temp)
		}
	}()
	for _, file := range []struct {
		name string
		data secret.Text
		mode fs.FileMode
	}{
		{caFile, secret.New(files.CA), publicFile},
		{certFile, secret.New(files.Cert), publicFile},
		{keyFile, files.Key, privateFile},
	} {
		if err := createFile(filepath.Join(temp, file.name), []byte(file.data.Reveal()), file.mode); err != nil {
			return err
		}
	}
	return publish(temp, dir)
}

// publish moves a finished folder to its place. A folder that is there already, and not empty, stays: the system refuses to
// replace it.
func publish(temp, dir string) error {
	if err := os.Rename(temp, dir); err != nil {
		if _, gone := os.Lstat(dir); gone == nil {
			return fmt.Errorf("%s: %w", dir, fs.ErrExist)
		}
		return err
	}
	return syncDir(filepath.Dir(dir))
}
