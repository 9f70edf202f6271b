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

// State is everything that a folder holds.
type State struct {
	CA    CA
	CAKey CAKey

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
	// [Store.CreateCA] goes on with this key.
	Cert *x509.Certificate
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
	return pki.Set{CA: v.Bundle, Cert: v.Cert, Intermediates: v.Intermediates, KeyFingerprint: v.KeyFingerprint}
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
	state := State{CA: s.ca()}
	state.CAKey = s.caKey(state.CA)
	names, err := folders(s.dir)
	if err != nil {
		state.Why = err.Error()
	}
	for _, name := range names {
		if checkServer(name) == nil {
			state.Servers = append(state.Servers, s.server(name))
		}
	}
	return state
}

func (s Store) ca() CA {
	data, err := readFile(s.path(caFile))
	if errors.Is(err, fs.ErrNotExist) {
		return CA{}
	}
	if err != nil {
		return CA{Presence: Unknown, Why: err.Error()}
	}
	bundle, err := pki.ParseBundle(data)
	if err != nil {
		return CA{Presence: Unknown, Why: s.path(caFile) + ": " + err.Error()}
	}
	return CA{Presence: Known, Bundle: bundle, PEM: string(data), SHA256: digest(data)}
}

func (s Store) caKey(ca CA) CAKey {
	_, err := os.Lstat(s.path(caKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return CAKey{}
	}
	key := CAKey{Presence: Known}
	switch ca.Presence {
	case Known:
		var authority pki.Authority
		authority, _, err = s.authority()
		key.Cert = authority.Cert
	case Absent:
		_, err = s.leftCAKey()
	default:
		err = errors.New(ca.Why)
	}
	if err != nil {
		return CAKey{Presence: Unknown, Why: err.Error()}
	}
	return key
}

func (s Store) server(name string) Server {
	server := Server{Name: name}
	names, err := folders(s.path(name))
	if err != nil {
		server.Why = err.Error()
	}
	for _, folder := range names {
		number, err := strconv.Atoi(folder)
		if err == nil && number > 0 && strconv.Itoa(number) == folder {
			server.Versions = append(server.Versions, s.version(name, number))
		}
	}
	slices.SortFunc(server.Versions, func(a, b Version) int { return a.Number - b.Number })
	return server
}

func (s Store) version(server string, number int) Version {
	files, err := s.files(server, number)
	if err != nil {
		return Version{Number: number, Why: err.Error()}
	}
	version, err := parse(files)
	if err != nil {
		return Version{Number: number, Why: fmt.Sprintf("%s: %v", s.path(server, strconv.Itoa(number)), err)}
	}
	version.Number = number
	return version
}

func parse(files Files) (version Version, err error) {
	if version.Bundle, err = pki.ParseBundle(files.CA); err != nil {
		return Version{}, fmt.Errorf("%s: %w", caFile, err)
	}
	if version.Cert, version.Intermediates, err = pki.ParseLeaf(files.Cert); err != nil {
		return Version{}, fmt.Errorf("%s: %w", certFile, err)
	}
	key, err := pki.ParseKey([]byte(files.Key.Reveal()))
	if err != nil {
		return Version{}, fmt.Errorf("%s: %w", keyFile, err)
	}
	version.KeyForm, version.KeyFingerprint = key.Form, key.Fingerprint()
	version.CAPEM, version.CertPEM = string(files.CA), string(files.Cert)
	version.CASHA256, version.CertSHA256 = digest(files.CA), digest(files.Cert)
	version.KeySHA256 = digest([]byte(files.Key.Reveal()))
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
