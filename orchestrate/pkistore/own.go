package pkistore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/secret"
)

// Own is a server's own set, made by somebody else, as it goes to the host: the certificates in their normal form ([pki.NormalBundle],
// [pki.NormalChain]), the key and the CRL byte for byte.
type Own struct {
	Files

	CRL            []byte // nil: it has none
	KeySHA256      string // of the key's file, in lower-case hex
	KeyForm        pki.KeyForm
	KeyFingerprint string // [pki.Key.Fingerprint]
}

// OwnError says which of a server's own files cannot be used.
type OwnError struct {
	Path string
	err  error
}

func (e *OwnError) Error() string {
	var form *pki.FormError
	if errors.As(e.err, &form) {
		return fmt.Sprintf("%s: %s: %v", form.Code, e.Path, e.err)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.err)
}

func (e *OwnError) Unwrap() error { return e.err }

// Hint is what a person can do.
func (e *OwnError) Hint() string {
	var form *pki.FormError
	switch {
	case errors.As(e.err, &form):
		return form.HintFor(e.Path)
	case errors.Is(e.err, fs.ErrNotExist), errors.Is(e.err, errNoFile):
		return "correct the path in the inventory: tls.ca, tls.cert, tls.key, tls.chain, tls.crl, for all servers or below servers.NAME.tls"
	case errors.Is(e.err, fs.ErrPermission):
		return "run as a user that can read it"
	}
	return "see what it holds: replssl pki inspect " + shellWord(e.Path)
}

// Refused is the file that an error of [ReadOwn] is about.
func Refused(err error) (facts.RefusedFile, bool) {
	var mode *ModeError
	var own *OwnError
	var form *pki.FormError
	switch {
	case errors.As(err, &mode):
		return facts.RefusedFile{Path: mode.Path, Code: "key-open", Why: mode.Error()}, true
	case !errors.As(err, &own):
		return facts.RefusedFile{}, false
	case errors.As(err, &form):
		return facts.RefusedFile{Path: own.Path, Code: string(form.Code), Why: form.Error()}, true
	}
	return facts.RefusedFile{Path: own.Path, Why: own.err.Error()}, true
}

var (
	errNoFile   = errors.New("it is no file")
	errTooLarge = errors.New("it is larger than any file of certificates")
)

// OwnReader reads servers' own files. It keeps nothing of them but what it parsed of the last ones, and no private key. Its methods may be
// called from several goroutines at once.
type OwnReader struct{ last *atomic.Pointer[parsed] }

// NewOwnReader makes a reader; it looks at nothing yet.
func NewOwnReader() OwnReader {
	last := &atomic.Pointer[parsed]{}
	last.Store(nothingParsed())
	return OwnReader{last: last}
}

// OwnResult is a server's own set, or why there is none.
type OwnResult struct {
	Own Own
	Err error // an [OwnError] or a [ModeError]
}

// All reads the files of all servers, which are on this machine.
func (r OwnReader) All(servers []topology.Server) map[topology.ServerName]OwnResult {
	known := newKnowledge(r.last.Load())
	found := map[topology.ServerName]OwnResult{}
	for _, server := range servers {
		own, err := known.own(server.Given)
		found[server.Name] = OwnResult{Own: own, Err: err}
	}
	r.last.Store(known.now)
	return found
}

// ReadOwn reads a server's own files. The error is an [OwnError], or a [ModeError] of the key.
func ReadOwn(paths topology.Given) (Own, error) { return newKnowledge(nothingParsed()).own(paths) }

func (k knowledge) own(paths topology.Given) (own Own, err error) {
	if own.CA, err = readOwn(paths.CA, pki.NormalBundle); err != nil {
		return Own{}, err
	}
	if own.Cert, err = readChain(paths); err != nil {
		return Own{}, err
	}
	if paths.CRL != "" {
		if own.CRL, err = readOwn(paths.CRL, revocations); err != nil {
			return Own{}, err
		}
	}
	if err := k.ownKey(paths.Key, &own); err != nil {
		return Own{}, err
	}
	return own, nil
}

func (k knowledge) ownKey(path string, own *Own) error {
	key, err := readOwnKey(path)
	if err != nil {
		return ownError(path, err)
	}
	file := []byte(key.Reveal())
	own.KeySHA256 = digest(file)
	public, err := k.key(file, own.KeySHA256)
	if err != nil {
		return ownError(path, err)
	}
	own.Key, own.KeyForm, own.KeyFingerprint = key, public.form, public.fingerprint
	return nil
}

func readChain(paths topology.Given) ([]byte, error) {
	var chain []byte
	if paths.Chain != "" {
		var err error
		if chain, err = readOwn(paths.Chain, pki.NormalBundle); err != nil {
			return nil, err
		}
	}
	return readOwn(paths.Cert, func(file []byte) ([]byte, error) { return pki.NormalChain(file, chain) })
}

func readOwnKey(path string) (secret.Text, error) {
	if err := isFile(path); err != nil {
		return secret.Text{}, err
	}
	return readPrivate(path)
}

// isFile keeps a look from waiting for somebody who writes into a pipe.
func isFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errNoFile
	case info.Size() > maxFile:
		return errTooLarge
	}
	return nil
}

// revocations leaves the file as it is.
func revocations(file []byte) ([]byte, error) {
	_, err := pki.ParseCRLs(file)
	return file, err
}

func readOwn(path string, normal func([]byte) ([]byte, error)) ([]byte, error) {
	err := isFile(path)
	if err != nil {
		return nil, ownError(path, err)
	}
	file, err := readFile(path)
	if err == nil {
		file, err = normal(file)
	}
	if err != nil {
		return nil, ownError(path, err)
	}
	return file, nil
}

// ownError names the file where the error does not.
func ownError(path string, err error) error {
	var mode *ModeError
	var fault *fs.PathError
	switch {
	case errors.As(err, &mode):
		return err
	case errors.As(err, &fault):
		err = fault.Err
	}
	return &OwnError{Path: path, err: err}
}
