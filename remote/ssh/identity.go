package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// identity is what an identity file holds.
type identity struct {
	path        string
	text        []byte
	signer      ssh.Signer    // nil for an encrypted key and for a public one
	public      ssh.PublicKey // nil for an encrypted key that does not tell
	encrypted   bool
	certificate *certificate // beside it
}

func (id identity) what() string { return "identity file " + id.path }

// certificate is one of a user, signed by an authority that the hosts trust.
type certificate struct {
	path string
	*ssh.Certificate
}

// what tells of a certificate whose time is over, or has not come: the host only says that it does not take it.
func (c certificate) what() string {
	what, now := "certificate "+c.path, time.Now()
	switch after, before := time.Unix(int64(c.ValidAfter), 0), time.Unix(int64(c.ValidBefore), 0); {
	case c.ValidBefore != ssh.CertTimeInfinity && now.After(before):
		return what + " (which expired " + before.UTC().Format(time.DateTime) + " UTC)"
	case now.Before(after):
		return what + " (which is not valid before " + after.UTC().Format(time.DateTime) + " UTC)"
	}
	return what
}

// usualIdentities are the files that ssh takes where none is named, and that exist.
func usualIdentities(home string) []string {
	var found []string
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		path := filepath.Join(home, ".ssh", name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			found = append(found, path)
		}
	}
	return found
}

func readIdentity(path string) (identity, error) {
	id := identity{path: path}
	text, err := readFile(path)
	if err != nil {
		return id, err
	}
	id.text = text
	if beside, err := readCertificate(path + "-cert.pub"); err == nil {
		id.certificate = &beside
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil {
		id.public = public
		return id, nil
	}
	if err := ownersAlone(path); err != nil {
		return id, err
	}
	var locked *ssh.PassphraseMissingError
	switch id.signer, err = ssh.ParsePrivateKey(text); {
	case err == nil:
		id.public = id.signer.PublicKey()
	case errors.As(err, &locked):
		id.encrypted, id.public = true, locked.PublicKey
		if id.public == nil {
			id.public = publicBeside(path)
		}
	default:
		return id, errors.New("it holds no private key of a kind that is known")
	}
	return id, nil
}

// exposedError says that a private key can be read by others.
type exposedError struct{ mode os.FileMode }

func (e *exposedError) Error() string {
	return fmt.Sprintf("other users of this machine may read it, mode %04o", e.mode)
}

// ownersAlone refuses a private key as ssh does: one of ours that others may read. What belongs to somebody else was given to us as it is.
func ownersAlone(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.New("it is gone")
	}
	const others = 0o077
	owner, known := info.Sys().(*syscall.Stat_t)
	if mine := known && int(owner.Uid) == os.Getuid(); mine && info.Mode().Perm()&others != 0 {
		return &exposedError{info.Mode().Perm()}
	}
	return nil
}

// publicBeside is the public half of an encrypted key of the old format, which does not tell it itself; nil where it is not there.
func publicBeside(path string) ssh.PublicKey {
	text, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return public
}

func readCertificate(path string) (certificate, error) {
	text, err := readFile(path)
	if err != nil {
		return certificate{}, err
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if found, ok := public.(*ssh.Certificate); err == nil && ok && found.CertType == ssh.UserCert {
		return certificate{path, found}, nil
	}
	return certificate{}, errors.New("it holds no certificate of a user")
}

func readFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	var fault *os.PathError
	if errors.As(err, &fault) {
		return nil, fault.Err // the path is told already
	}
	return text, err
}

func (k *keyring) addCertificate(path string) {
	found, err := readCertificate(path)
	if err != nil {
		k.tried = append(k.tried, fmt.Sprintf("certificate %s (not offered: %s)", path, cause(err)))
		return
	}
	k.certificates = append(k.certificates, found)
	k.known = append(k.known, found.Key)
}

// withCertificates puts before a key the certificates of it.
func (k *keyring) withCertificates(offer key, beside *certificate) []key {
	if offer.signer == nil {
		return []key{offer}
	}
	certificates := k.certificates
	if beside != nil {
		certificates = append([]certificate{*beside}, certificates...)
	}
	var all []key
	met := map[string]bool{}
	for _, c := range certificates {
		signer, err := ssh.NewCertSigner(c.Certificate, offer.signer)
		if err == nil && !met[string(c.Marshal())] { // an error: it is of another key
			met[string(c.Marshal())] = true
			all = append(all, key{what: c.what(), signer: signer})
		}
	}
	return append(all, offer)
}

// lazySigner is an encrypted key that is opened by its first signature. It signs only after the host has said that it takes the key.
type lazySigner struct {
	public ssh.PublicKey
	open   func(context.Context) (ssh.Signer, error)
	ring   *keyring
}

var _ ssh.AlgorithmSigner = (*lazySigner)(nil)

func (s *lazySigner) PublicKey() ssh.PublicKey { return s.public }

func (s *lazySigner) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	return s.SignWithAlgorithm(rand.Reader, data, "")
}

func (s *lazySigner) SignWithAlgorithm(random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	signer, err := s.open(s.ring.patience.ctx)
	if err != nil {
		return nil, err
	}
	return signWith(signer, random, data, algorithm)
}

// agentSigner is a key of the agent.
type agentSigner struct {
	ssh.Signer
	ring *keyring
}

var _ ssh.AlgorithmSigner = (*agentSigner)(nil)

func (s *agentSigner) SignWithAlgorithm(random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	defer s.ring.waitForAgent()()
	return signWith(s.Signer, random, data, algorithm)
}

func signWith(signer ssh.Signer, random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if able, ok := signer.(ssh.AlgorithmSigner); ok && algorithm != "" {
		return able.SignWithAlgorithm(random, data, algorithm)
	}
	return signer.Sign(random, data)
}
