package pkistore

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

// maxFile bounds what is read of one file, in bytes.
const maxFile = 1 << 20

// Presence tells whether something is there.
type Presence int

// What is not known is not absent: it could not be looked at, or cannot be used as it is.
const (
	Absent Presence = iota
	Known
	Unknown
)

// State is everything that a folder holds. Certificates are shared with other States: they are there to be read.
type State struct {
	CA    CA
	CAKey CAKey

	// Next is the authority that is to succeed, absent where none is, and Former the one that was succeeded, until it is forgotten.
	Next, Former CA

	// Servers have a folder of their own, sorted by name. Folders that no server can be named by are left out.
	Servers []Server

	// Why is set where the list of servers could not be read; it is then not known which there are.
	Why string
}

// CA is the authority's certificate file.
type CA struct {
	Presence
	Why    string // why it is unknown
	Bundle []*x509.Certificate
	PEM    string // the file as it is
	SHA256 string // of the file, in lower-case hex
}

// CAKey is the authority's key file; known means that it can be used.
type CAKey struct {
	Presence
	Why string // why it is unknown

	// Cert is the one in ca.pem that belongs to it. It is nil where ca.pem is absent: a run ended between the two, and
	// [Store.CreateCA] goes on with this key; and where the key is sealed and ca.pem has several authorities.
	Cert *x509.Certificate

	Sealed bool // it is sealed with a passphrase, which [Store.Unlock] takes
	Rest   bool // it lies there unsealed and sealed: [Store.Seal] or [Store.Unseal] was cut short, and is to be called again
}

// Server is what the folder of a server holds.
type Server struct {
	Name     string
	Versions []Version // ascending
	Why      string    // set where the list of versions could not be read
}

// Version is one set. If Why is set, it cannot be used, and nothing else is known of it.
type Version struct {
	Number int
	Why    string

	Bundle        []*x509.Certificate // ca.pem
	Cert          *x509.Certificate   // cert.pem
	Intermediates []*x509.Certificate // the rest of cert.pem
	KeyForm       pki.KeyForm         // how key.pem is written

	CAPEM   string // the files as they are
	CertPEM string

	CASHA256       string // of the three files, in lower-case hex
	CertSHA256     string
	KeySHA256      string
	KeyFingerprint string // [pki.Key.Fingerprint] of key.pem
}

// Set is the version as [pki.Judge] takes it.
func (v Version) Set() pki.Set {
	return pki.Set{CA: v.Bundle, Cert: v.Cert, Intermediates: v.Intermediates, KeyFingerprint: v.KeyFingerprint, KeyForm: v.KeyForm}
}

// Server finds a server; one without a folder has no versions.
func (s State) Server(name string) Server {
	for _, server := range s.Servers {
		if server.Name == name {
			return server
		}
	}
	return Server{Name: name, Why: s.Why}
}

// Version finds a version by its number.
func (s Server) Version(number int) (Version, bool) {
	for _, version := range s.Versions {
		if version.Number == number {
			return version, true
		}
	}
	return Version{}, false
}

// Next is the number of the version to make next: one above all that exist, usable or not.
func (s Server) Next() int {
	if len(s.Versions) == 0 {
		return 1
	}
	return s.Versions[len(s.Versions)-1].Number + 1
}

// State looks at everything in the folder. There is no error: what cannot be read is unknown, each with its reason.
func (s Store) State() State {
	l := look{Store: s, knowledge: newKnowledge(s.last.Load())}
	state := State{CA: l.ca(), Next: l.in(s.Next()).ca(), Former: l.in(s.former()).ca()}
	if state.Next.Presence == Known && !l.waits() {
		state.Next = CA{} // it was promoted by a run that died before it could tidy up
	}
	state.CAKey = l.caKey(state)
	names, err := folders(s.dir)
	if err != nil {
		state.Why = err.Error()
	}
	for _, name := range names {
		if checkServer(name) == nil {
			state.Servers = append(state.Servers, l.server(name))
		}
	}
	s.last.Store(l.now)
	return state
}

// look is one look at everything in the folder.
type look struct {
	Store
	knowledge
}

// in is the same look at another folder.
func (l look) in(other Store) look { return look{Store: other, knowledge: l.knowledge} }

// waits says that the next authority has its key still.
func (l look) waits() bool {
	name, err := l.Next().keyName()
	return name != "" || err != nil
}

func (l look) ca() CA {
	data, err := readFile(l.path(caFile))
	if errors.Is(err, fs.ErrNotExist) {
		return CA{}
	}
	if err != nil {
		return CA{Presence: Unknown, Why: err.Error()}
	}
	sum := digest(data)
	bundle, err := l.bundle(data, sum)
	if err != nil {
		return CA{Presence: Unknown, Why: l.path(caFile) + ": " + err.Error()}
	}
	return CA{Presence: Known, Bundle: bundle, PEM: string(data), SHA256: sum}
}

func (l look) caKey(state State) CAKey {
	ca := state.CA
	plain, err := isThere(l.path(caKeyFile))
	sealed, errSealed := isThere(l.path(SealedKeyFile))
	key := CAKey{Presence: Known, Sealed: sealed && !plain, Rest: sealed && plain}
	switch {
	case errors.Join(err, errSealed) != nil:
		err = errors.Join(err, errSealed)
	case !plain && !sealed:
		return CAKey{}
	case ca.Presence == Unknown:
		err = errors.New(ca.Why)
	case key.Sealed:
		key.Cert, err = l.issuerOfSealed(state)
	case ca.Presence == Known:
		key.Cert, err = l.issuerOf(ca)
	default:
		_, err = l.leftCAKey()
	}
	if err != nil {
		return CAKey{Presence: Unknown, Why: err.Error(), Sealed: key.Sealed, Rest: key.Rest}
	}
	return key
}

func isThere(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// issuerOfSealed does without the key where it was not opened: of a single authority, besides the next and the former one, it is that one's.
func (l look) issuerOfSealed(state State) (*x509.Certificate, error) {
	ca := state.CA
	file, err := readPrivate(l.path(SealedKeyFile))
	if err != nil {
		return nil, err
	}
	if err := checkSealed(file); err != nil {
		return nil, fmt.Errorf("%s: %w", l.path(SealedKeyFile), err)
	}
	if key, ok := l.open.key(file); ok && ca.Presence == Known {
		return l.issuerBy(ca, key)
	}
	others := slices.Concat(state.Next.Bundle, state.Former.Bundle)
	issuing := slices.DeleteFunc(slices.Clone(ca.Bundle), func(cert *x509.Certificate) bool { return slices.ContainsFunc(others, cert.Equal) })
	if len(issuing) == 1 {
		return issuing[0], nil
	}
	return nil, nil //nolint:nilnil // it is not known, and nothing is wrong
}

func (l look) issuerOf(ca CA) (*x509.Certificate, error) {
	text, err := readPrivate(l.path(caKeyFile))
	if err != nil {
		return nil, err
	}
	return l.issuerBy(ca, text)
}

func (l look) issuerBy(ca CA, key secret.Text) (*x509.Certificate, error) {
	cert, err := l.issuer(ca, []byte(key.Reveal()))
	if err != nil {
		return nil, l.unfit(err)
	}
	return cert, nil
}

func (l look) server(name string) Server {
	server := Server{Name: name}
	names, err := folders(l.path(name))
	if err != nil {
		server.Why = err.Error()
	}
	for _, folder := range names {
		number, err := strconv.Atoi(folder)
		if err == nil && number > 0 && strconv.Itoa(number) == folder {
			server.Versions = append(server.Versions, l.version(name, number))
		}
	}
	slices.SortFunc(server.Versions, func(a, b Version) int { return a.Number - b.Number })
	return server
}

func (l look) version(server string, number int) Version {
	files, err := l.files(server, number)
	if err != nil {
		return Version{Number: number, Why: err.Error()}
	}
	version, err := l.parse(files)
	if err != nil {
		return Version{Number: number, Why: fmt.Sprintf("%s: %v", l.path(server, strconv.Itoa(number)), err)}
	}
	version.Number = number
	return version
}

func (k knowledge) parse(files Files) (version Version, err error) {
	key := []byte(files.Key.Reveal())
	version.CAPEM, version.CertPEM = string(files.CA), string(files.Cert)
	version.CASHA256, version.CertSHA256, version.KeySHA256 = digest(files.CA), digest(files.Cert), digest(key)
	if version.Bundle, err = k.bundle(files.CA, version.CASHA256); err != nil {
		return Version{}, fmt.Errorf("%s: %w", caFile, err)
	}
	chain, err := k.bundle(files.Cert, version.CertSHA256)
	if err != nil {
		return Version{}, fmt.Errorf("%s: %w", certFile, err)
	}
	version.Cert, version.Intermediates = chain[0], chain[1:]
	public, err := k.key(key, version.KeySHA256)
	if err != nil {
		return Version{}, fmt.Errorf("%s: %w", keyFile, err)
	}
	version.KeyForm, version.KeyFingerprint = public.form, public.fingerprint
	return version, nil
}

// folders are the names of the folders in a folder; a folder that is missing has none.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		// A link to a folder is as good as the folder: people keep keys on other disks.
		if entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, path)
}

func readAll(file io.Reader, path string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than any file of certificates", path)
	}
	return data, err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
