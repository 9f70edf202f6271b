package pkistore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

const (
	// sealWork lets one try of a passphrase take about a second and 256 MiB.
	sealWork = 18

	// mostWork bounds what opening a file of somebody else may take: 16 seconds and 4 GiB.
	mostWork = 22
)

// opened are the sealed keys that a passphrase has opened, by the digests of their files.
type opened struct {
	mu         sync.Mutex
	keys       map[string]secret.Text
	passphrase secret.Text // of the last one
}

func (o *opened) add(file, key, passphrase secret.Text) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys[digest([]byte(file.Reveal()))], o.passphrase = key, passphrase
}

func (o *opened) key(file secret.Text) (secret.Text, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key, ok := o.keys[digest([]byte(file.Reveal()))]
	return key, ok
}

func (o *opened) by() secret.Text {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.passphrase
}

// ErrWrongPassphrase says that a passphrase does not open the authority's key.
var ErrWrongPassphrase = errors.New("the passphrase is wrong")

// SealedError says that the authority's key is sealed and that no passphrase was given.
type SealedError struct{ Path string }

func (e *SealedError) Error() string { return e.Path + " is sealed, and no passphrase was given" }

// Unlock opens the sealed key of the authority, for this Store and its copies, until the file changes. It takes about a second. The error is
// [ErrWrongPassphrase], or fs.ErrNotExist where no key is sealed.
func (s Store) Unlock(passphrase secret.Text) error {
	_, err := s.openBy(passphrase)
	return err
}

// UnlockAlike opens the key with the passphrase that has opened another of this Store or its copies, and says whether it could.
func (s Store) UnlockAlike() bool {
	passphrase := s.open.by()
	return !passphrase.IsZero() && s.Unlock(passphrase) == nil
}

func (s Store) openBy(passphrase secret.Text) (secret.Text, error) {
	path := s.path(SealedKeyFile)
	file, err := readPrivate(path)
	if err != nil {
		return secret.Text{}, err
	}
	key, err := unseal(file, passphrase)
	if err != nil {
		return secret.Text{}, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := pki.ParseKey([]byte(key.Reveal())); err != nil {
		return secret.Text{}, fmt.Errorf("the key in %s: %w", path, err)
	}
	s.open.add(file, key, passphrase)
	return key, nil
}

// IsLocked tells that the key of the authority is sealed, and was not opened.
func (s Store) IsLocked() bool {
	_, err := s.caKeyText()
	var sealed *SealedError
	return errors.As(err, &sealed)
}

// Seal puts the authority's key under a passphrase. The sealed file is on disk, and was opened once, before the other one goes: at every
// moment one of them is there. Called again it ends what was cut short. The error is fs.ErrExist where there is only the sealed one already.
func (s Store) Seal(passphrase secret.Text) error {
	if err := s.seal(passphrase); err != nil {
		return fmt.Errorf("sealing the authority's key: %w", err)
	}
	return nil
}

func (s Store) seal(passphrase secret.Text) error {
	if err := s.onlyName(caKeyFile); err != nil {
		return err
	}
	key, err := readPrivate(s.path(caKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		if sealed, _ := isThere(s.path(SealedKeyFile)); sealed {
			return fmt.Errorf("%s: %w", s.path(SealedKeyFile), fs.ErrExist)
		}
	}
	if err != nil {
		return err
	}
	if _, err := pki.ParseKey([]byte(key.Reveal())); err != nil {
		return fmt.Errorf("%s: %w", s.path(caKeyFile), err)
	}
	if err := s.writeSealed(key, passphrase); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.opensTo(key, passphrase); err != nil {
		return err
	}
	return s.remove(caKeyFile)
}

// onlyName sees to it that a key which is removed under its name is gone: a run that died has perhaps left it under another one.
func (s Store) onlyName(name string) error {
	if err := s.sweep(); err != nil {
		return err
	}
	info, err := os.Lstat(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().IsRegular() && stat.Nlink > 1 {
		return &LinkedError{Path: s.path(name)}
	}
	return nil
}

// LinkedError says that a key has another name too, under which it would stay.
type LinkedError struct{ Path string }

func (e *LinkedError) Error() string {
	return e.Path + " is there under another name too, and would stay there; nothing was changed"
}

// Hint is what a person can do.
func (e *LinkedError) Hint() string {
	return fmt.Sprintf("find it and remove it: find / -xdev -samefile %s", shellWord(e.Path))
}

// opensTo makes sure that what is on the disk gives the key back.
func (s Store) opensTo(key, passphrase secret.Text) error {
	opened, err := s.openBy(passphrase)
	if err != nil {
		return err
	}
	if !opened.Equal(key) {
		return fmt.Errorf("%s holds another key than %s: move one of them away", s.path(SealedKeyFile), s.path(caKeyFile))
	}
	return nil
}

// Unseal takes the passphrase off the authority's key. At every moment one of the two files is there; called again it ends what was cut short.
func (s Store) Unseal(passphrase secret.Text) error {
	if err := s.unseal(passphrase); err != nil {
		return fmt.Errorf("unsealing the authority's key: %w", err)
	}
	return nil
}

func (s Store) unseal(passphrase secret.Text) error {
	if err := s.onlyName(SealedKeyFile); err != nil {
		return err
	}
	key, err := s.openBy(passphrase)
	if err != nil {
		return err
	}
	if err := s.writeKey(key); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	written, err := readPrivate(s.path(caKeyFile))
	if err != nil {
		return err
	}
	if err := s.opensTo(written, passphrase); err != nil {
		return err
	}
	return s.remove(SealedKeyFile)
}

func (s Store) remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

func (s Store) writeKey(key secret.Text) error {
	return createFile(s.path(caKeyFile), []byte(key.Reveal()), privateFile)
}

func (s Store) writeSealed(key, passphrase secret.Text) error {
	file, err := seal(key, passphrase, s.work)
	if err != nil {
		return err
	}
	if err := createFile(s.path(SealedKeyFile), file, privateFile); err != nil {
		return err
	}
	s.open.add(secret.New(file), key, passphrase)
	return nil
}

// caKeyText is the authority's key as its file has it, or as the passphrase has opened it.
func (s Store) caKeyText() (secret.Text, error) {
	text, missing := readPrivate(s.path(caKeyFile))
	if !errors.Is(missing, fs.ErrNotExist) {
		return text, missing
	}
	file, err := readPrivate(s.path(SealedKeyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return secret.Text{}, missing
	case err != nil:
		return secret.Text{}, err
	}
	if key, ok := s.open.key(file); ok {
		return key, nil
	}
	return secret.Text{}, &SealedError{Path: s.path(SealedKeyFile)}
}

func seal(key, passphrase secret.Text, work int) ([]byte, error) {
	recipient, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	recipient.SetWorkFactor(work)
	var file bytes.Buffer
	armored := armor.NewWriter(&file)
	into, err := age.Encrypt(armored, recipient)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(into, key.Reveal())
	err = errors.Join(err, into.Close(), armored.Close())
	return file.Bytes(), err
}

func unseal(file, passphrase secret.Text) (secret.Text, error) {
	identity, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return secret.Text{}, ErrWrongPassphrase // it is empty
	}
	identity.SetMaxWorkFactor(mostWork)
	from, err := age.Decrypt(dearmored(file), identity)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return secret.Text{}, wrongOrOther(file)
	case err != nil:
		return secret.Text{}, errDamaged
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFile))
	if err != nil {
		return secret.Text{}, errDamaged
	}
	return secret.New(text), nil
}

var (
	errDamaged  = errors.New("it is damaged, or was not made by age")
	errOtherKey = errors.New("it is sealed for a key of age, not with a passphrase")
)

func wrongOrOther(file secret.Text) error {
	if err := checkSealed(file); err != nil {
		return err
	}
	return ErrWrongPassphrase
}

// checkSealed tells what no passphrase could cure.
func checkSealed(file secret.Text) error {
	header, err := age.ExtractHeader(dearmored(file))
	switch {
	case err != nil:
		return errDamaged
	case !bytes.Contains(header, []byte("\n-> scrypt ")):
		return errOtherKey
	}
	return nil
}

// dearmored reads age's two forms: a person may have sealed the key with age itself.
func dearmored(file secret.Text) io.Reader {
	text := file.Reveal()
	if strings.HasPrefix(strings.TrimSpace(text), armor.Header) {
		return armor.NewReader(strings.NewReader(text))
	}
	return strings.NewReader(text)
}
