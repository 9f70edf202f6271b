package orchestrate

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/secret"
)

// Passphrase gives the passphrase of a key file. Again says that the one given before was wrong: it fails where no other can be had.
type Passphrase func(ctx context.Context, file string, again bool) (secret.Text, error)

// maxAsked is how often a person may mistype a passphrase.
const maxAsked = 3

// LockedKeyError says that the key of the authority is sealed and could not be opened. Nothing was changed.
type LockedKeyError struct {
	File string
	Err  error
}

func (e *LockedKeyError) Error() string {
	return fmt.Sprintf("%s is sealed; %v; nothing was changed", e.File, e.Err)
}
func (e *LockedKeyError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *LockedKeyError) Hint() string {
	var hinted interface{ Hint() string }
	if errors.As(e.Err, &hinted) {
		return hinted.Hint()
	}
	return "run replssl on a terminal, or say where the passphrase is: tls: {authority: {passphrase_file: FILE}}, or passphrase_command: COMMAND"
}

// errNoPassphrase says that nobody gives passphrases to this session.
var errNoPassphrase = errors.New("there is no passphrase for it")

// Unlock opens the sealed key of the authority where the plan issues certificates, and asks for nothing where it does not. Where the plan makes
// the authority and a place is named where the passphrase is, it fetches that, and the key will be sealed. Call it right after
// the plan is approved: the person who approved it is still there, and nothing has begun.
func (s *Session) Unlock(ctx context.Context, p plan.Plan) error {
	for _, step := range p.Steps {
		if slices.ContainsFunc(step.Actions, needsAuthority) {
			if err := s.unlock(ctx); err != nil {
				return err
			}
			if err := s.unlockNext(ctx); err != nil {
				return err
			}
			return s.sealNew(ctx, p)
		}
	}
	return nil
}

// sealNew fetches the passphrase for an authority that is made.
func (s *Session) sealNew(ctx context.Context, p plan.Plan) error {
	if !s.config.Seals || s.Folder().CAKey.Sealed || !slices.ContainsFunc(p.Steps, func(step plan.Step) bool { return slices.ContainsFunc(step.Actions, isCreation) }) {
		return nil
	}
	passphrase, err := s.config.Passphrase(ctx, filepath.Join(s.store.Dir(), pkistore.SealedKeyFile), false)
	if err != nil {
		return fmt.Errorf("the authority's key is to be sealed; %w; nothing was changed", err)
	}
	s.store.SealWith(passphrase)
	return nil
}

func isCreation(action plan.Action) bool {
	switch action.(type) {
	case plan.CreateAuthority, plan.PrepareAuthority:
		return true
	}
	return false
}

func needsAuthority(action plan.Action) bool {
	switch action.(type) {
	case plan.CreateAuthority, plan.PrepareAuthority, plan.IssueLeaf:
		return true
	}
	return false
}

func (s *Session) unlock(ctx context.Context) error {
	if !s.store.IsLocked() {
		return nil
	}
	return s.ask(ctx, s.store, s.store.Unlock)
}

// unlockNext opens the key of an authority that is to succeed, which has the same passphrase, as a rule.
func (s *Session) unlockNext(ctx context.Context) error {
	next := s.store.Next()
	if !next.IsLocked() || next.UnlockAlike() {
		return nil
	}
	return s.ask(ctx, next, next.Unlock)
}

// ask asks for the passphrase until it opens the key.
func (s *Session) ask(ctx context.Context, store pkistore.Store, open func(secret.Text) error) error {
	file := filepath.Join(store.Dir(), pkistore.SealedKeyFile)
	if _, err := os.Lstat(file); err != nil {
		return err
	}
	if s.config.Passphrase == nil {
		return &LockedKeyError{File: file, Err: errNoPassphrase}
	}
	for asked := range maxAsked {
		passphrase, err := s.config.Passphrase(ctx, file, asked > 0)
		if err != nil {
			return &LockedKeyError{File: file, Err: err}
		}
		if err = open(passphrase); !errors.Is(err, pkistore.ErrWrongPassphrase) {
			return err
		}
	}
	return &LockedKeyError{File: file, Err: pkistore.ErrWrongPassphrase}
}

// Seal puts the authority's key under a passphrase: see [pkistore.Store.Seal].
func (s *Session) Seal(passphrase secret.Text) error { return s.store.Seal(passphrase) }

// Unseal takes the passphrase off the authority's key: see [pkistore.Store.Unseal].
func (s *Session) Unseal(ctx context.Context) error {
	return s.ask(ctx, s.store, s.store.Unseal)
}

// Folder is what the local folder of certificates holds.
func (s *Session) Folder() pkistore.State { return s.store.State() }

// CreateAuthority makes the certificate authority of the cluster in the local folder; it never overwrites one: the error is then fs.ErrExist.
// No server is looked at: without a kind in the inventory its key is RSA 3072, which every server reads. A passphrase seals it; without, it
// lies there in the clear. A sealed key that a run left behind before it had a certificate is opened and used.
func (s *Session) CreateAuthority(ctx context.Context, kind pki.KeyKind, passphrase secret.Text) error {
	if err := s.unlock(ctx); err != nil {
		return err
	}
	if left := s.store.LeftKind(); kind != "" && left != "" && left != string(kind) {
		return &leftKeyError{dir: s.store.Dir(), is: left, wanted: kind}
	}
	if kind == "" {
		kind = orKind(s.config.Cluster.TLS.Algorithm, pki.RSA3072)
	}
	if passphrase.IsZero() {
		_, err := s.store.CreateCA(s.means(kind), s.config.Cluster.Name)
		return err
	}
	_, err := s.store.CreateSealedCA(s.means(kind), s.config.Cluster.Name, passphrase)
	return err
}

// leftKeyError says that a run was cut short, and its key is of another kind than is wanted now.
type leftKeyError struct {
	dir    string
	is     string
	wanted pki.KeyKind
}

func (e *leftKeyError) Error() string {
	return fmt.Sprintf("%s has the key of an authority already, without its certificate: it is %s, not %s; nothing was changed", e.dir, e.is, e.wanted)
}

// Hint is what a person can do.
func (e *leftKeyError) Hint() string {
	return "a run was cut short: leave --algorithm out to go on with that key, or move it away"
}

func (s *Session) means(kind pki.KeyKind) pki.Means {
	return pki.Means{Random: rand.Reader, Now: s.config.Now(), NewKey: pki.NewKeys(kind)}
}

func orKind(wanted topology.Algorithm, other pki.KeyKind) pki.KeyKind {
	if kind, ok := pki.ParseKeyKind(string(wanted)); ok {
		return kind
	}
	return other
}

// Issued is a set that was made.
type Issued struct {
	Server  topology.ServerName
	Version int
	Folder  string
	Names   []string
	Kind    pki.KeyKind
	Until   time.Time
}

// Order is what is wanted of new sets.
type Order struct {
	Servers []topology.Server
	Names   []string      // besides the inventory's address of each server
	Life    time.Duration // 0 is the usual one
}

// Issue makes the next set of each server in the local folder, and copies nothing. The keys are of the inventory's kind, else of a kind that
// whoever reads the authority's certificate reads too: no server is looked at. It stops at the first that fails, and gives those before it.
func (s *Session) Issue(ctx context.Context, order Order) ([]Issued, error) {
	if err := s.unlock(ctx); err != nil {
		return nil, err
	}
	state := s.store.State()
	if why := state.CAKey.Why; why != "" {
		return nil, errors.New(why)
	}
	kind := orKind(s.config.Cluster.TLS.Algorithm, kindBeside(state))
	var made []Issued
	for _, server := range order.Servers {
		one, err := s.issue(order, server, kind, state)
		if err != nil {
			return made, err
		}
		made = append(made, one)
	}
	return made, nil
}

func (s *Session) issue(order Order, server topology.Server, kind pki.KeyKind, state pkistore.State) (Issued, error) {
	names := slices.Compact(slices.Sorted(slices.Values(append([]string{server.Address}, order.Names...))))
	dns, ips := pki.SplitNames(names)
	version, err := s.store.Issue(state.Server(string(server.Name)).Next(), s.means(kind), pki.LeafRequest{
		Server: string(server.Name), CommonName: s.config.Cluster.CommonName(server), DNS: dns, IPs: ips, Life: order.Life,
	})
	if err != nil {
		return Issued{}, err
	}
	return Issued{
		Server: server.Name, Version: version.Number, Folder: filepath.Join(s.store.Dir(), string(server.Name), fmt.Sprint(version.Number)),
		Names: names, Kind: kind, Until: version.Cert.NotAfter,
	}, nil
}

// kindBeside is the kind of keys for servers whose peers read the authority's certificate.
func kindBeside(state pkistore.State) pki.KeyKind {
	if state.CAKey.Cert == nil {
		return pki.RSA2048
	}
	switch state.CAKey.Cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return pki.P256
	case ed25519.PublicKey:
		return pki.Ed25519
	}
	return pki.RSA2048
}
