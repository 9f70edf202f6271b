// Package pkistore keeps a cluster's authority and certificates in a folder on the machine that runs the tool.
//
//	DIR/ca.pem                  the authority's certificate
//	DIR/ca-key.pem              its key, 0600; it may be kept elsewhere between uses
//	DIR/ca-key.pem.age          the same sealed with a passphrase, instead of it: age's format, in its armor
//	DIR/next-authority/         an authority that is to succeed, with the same files; ca.pem holds both then
//	DIR/former-authority/       the one that was succeeded, until nobody trusts it any more
//	DIR/SERVER/N/ca.pem         the sets of a server, N = 1, 2, ...: what its TLS folder is to hold
//	DIR/SERVER/N/cert.pem
//	DIR/SERVER/N/key.pem        0600
//
// A file appears complete or not at all and is never changed afterwards, but for DIR/ca.pem, which is replaced as a whole, so that a crash at any point, or two runs at once,
// leave a folder that the next run can go on with. Names that begin with a dot are unfinished work and are never read.
// A person may make the same layout with openssl; nothing in it is of the tool's own kind.
package pkistore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

// The files of the layout.
const (
	caFile    = pki.FileCA
	certFile  = pki.FileCert
	keyFile   = pki.FileKey
	caKeyFile = "ca-key.pem"

	// SealedKeyFile is the authority's key, sealed. It is armored: a person can put it into a vault or onto paper as they can the other files, and
	// age itself opens it (age -d).
	SealedKeyFile = "ca-key.pem.age"
)

const (
	privateDir  fs.FileMode = 0o700
	privateFile fs.FileMode = 0o600
	publicFile  fs.FileMode = 0o644
)

// Store is such a folder. Every method reads the disk, and any number of Stores may work on one folder, from any number of goroutines.
// A Store and its copies parse once what they read again and again.
type Store struct {
	dir  string
	last *atomic.Pointer[parsed]      // what the last look has parsed
	open *opened                      // sealed keys, once they were opened
	with *atomic.Pointer[secret.Text] // what a new authority's key is sealed with
	work int                          // how much it takes to try a passphrase: 2 to the power of it
}

// Open names the folder. It looks at nothing and creates nothing; the folder need not exist.
func Open(dir string) Store {
	last := &atomic.Pointer[parsed]{}
	last.Store(nothingParsed())
	return Store{dir: filepath.Clean(dir), last: last, open: &opened{keys: map[string]secret.Text{}}, with: &atomic.Pointer[secret.Text]{}, work: sealWork}
}

// Dir is the store's folder.
func (s Store) Dir() string { return s.dir }

// Files are the three files of a set, as they are.
type Files struct {
	CA   []byte
	Cert []byte
	Key  secret.Text
}

// Files reads a server's set. The error is fs.ErrNotExist if there is no such set or a part of it is missing.
func (s Store) Files(server string, version int) (Files, error) {
	files, err := s.files(server, version)
	if err != nil {
		return Files{}, fmt.Errorf("certificate set %d of %s: %w", version, server, err)
	}
	return files, nil
}

func (s Store) files(server string, version int) (Files, error) {
	dir, err := s.versionDir(server, version)
	if err != nil {
		return Files{}, err
	}
	ca, err := readFile(filepath.Join(dir, caFile))
	if err != nil {
		return Files{}, err
	}
	cert, err := readFile(filepath.Join(dir, certFile))
	if err != nil {
		return Files{}, err
	}
	key, err := readPrivate(filepath.Join(dir, keyFile))
	if err != nil {
		return Files{}, err
	}
	return Files{CA: ca, Cert: cert, Key: key}, nil
}

func (s Store) authority() (pki.Authority, []byte, error) {
	cert, err := readFile(s.path(caFile))
	if err != nil {
		return pki.Authority{}, nil, err
	}
	key, err := s.caKeyText()
	if err != nil {
		return pki.Authority{}, nil, err
	}
	authority, err := pki.ParseAuthority(cert, []byte(key.Reveal()))
	if err != nil {
		return pki.Authority{}, nil, s.unfit(err)
	}
	return authority, cert, nil
}

func (s Store) unfit(err error) error {
	return fmt.Errorf("%s with %s: %w", s.path(caFile), s.path(caKeyFile), err)
}

// ModeError says that a private key can be read by others than its owner. Such a key is not used: who made it so may have
// given it away.
type ModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%s is open to others than its owner (mode %04o): chmod 600 %s", e.Path, e.Mode.Perm(), shellWord(e.Path))
}

// readPrivate reads a key that only its owner can read. Mode and content are those of one open file.
func readPrivate(path string) (secret.Text, error) {
	file, err := os.Open(path)
	if err != nil {
		return secret.Text{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return secret.Text{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret.Text{}, &ModeError{Path: path, Mode: info.Mode()}
	}
	data, err := readAll(file, path)
	return secret.New(data), err
}

func (s Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s Store) versionDir(server string, version int) (string, error) {
	if err := checkServer(server); err != nil {
		return "", err
	}
	if version < 1 {
		return "", errors.New("versions begin with 1")
	}
	return s.path(server, strconv.Itoa(version)), nil
}

// checkServer keeps a server's name from leaving the folder, and from being taken for one of its files.
func checkServer(name string) error {
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:-", r))
	}
	switch {
	case name == "" || strings.HasPrefix(name, ".") || strings.ContainsFunc(name, odd):
		return fmt.Errorf("the server name %q cannot be the name of a folder", name)
	case strings.EqualFold(name, nextDir) || strings.EqualFold(name, formerDir) || strings.EqualFold(name, caFile) || strings.EqualFold(name, caKeyFile) || strings.EqualFold(name, SealedKeyFile):
		return fmt.Errorf("the server name %q is that of a file or folder of the authority", name)
	}
	return nil
}

// shellWord quotes a path for a command that a person pastes.
func shellWord(path string) string {
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._:+-", r))
	}
	if !strings.ContainsFunc(path, odd) && !strings.HasPrefix(path, "-") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
