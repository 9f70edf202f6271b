package ssh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/private"
	"github.com/replssl/replssl/remote/secret"
)

// Ask asks a person for the passphrase of an identity file, on a terminal that shows none of it. Again says that the one given before was
// wrong. It fails with [ErrNoTerminal] where nobody can be asked.
type Ask func(ctx context.Context, file string, again bool) (secret.Text, error)

// ErrNoTerminal says that there is no person to ask.
var ErrNoTerminal = errors.New("there is no terminal to ask for the passphrase at")

// maxAsked is how often a person may mistype a passphrase.
const maxAsked = 3

// unlocked are the encrypted identity files that were opened in a run: each passphrase is asked for once, and only one at a time.
type unlocked struct {
	turn chan struct{} // held by whoever opens a file

	mu    sync.Mutex // guards what follows
	files map[string]opened
}

// opened is what came of a file.
type opened struct {
	signer ssh.Signer
	err    error
}

func newUnlocked() *unlocked {
	return &unlocked{turn: make(chan struct{}, 1), files: map[string]opened{}}
}

// opener opens an encrypted identity file.
type opener func(ctx context.Context, config Config, id identity) (ssh.Signer, error)

// open gives the key of an encrypted file. What came of it the first time holds for the whole run, unless that was cut short.
func (u *unlocked) open(ctx context.Context, ask Ask, command string, id identity) (ssh.Signer, error) {
	select {
	case u.turn <- struct{}{}:
		defer func() { <-u.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	which := id.path + "\x00" + command
	u.mu.Lock()
	known, ok := u.files[which]
	u.mu.Unlock()
	if ok {
		return known.signer, known.err
	}
	signer, err := unlock(ctx, ask, command, id)
	if ctx.Err() == nil {
		u.mu.Lock()
		u.files[which] = opened{signer, err}
		u.mu.Unlock()
	}
	return signer, err
}

func unlock(ctx context.Context, ask Ask, command string, id identity) (ssh.Signer, error) {
	if command != "" {
		passphrase, err := private.FromCommand(ctx, command, passphraseWithin)
		if err != nil {
			return nil, &PassphraseError{File: id.path, Command: true, Err: err}
		}
		return decrypt(id, passphrase, true)
	}
	if ask == nil {
		return nil, &PassphraseError{File: id.path, Err: ErrNoTerminal}
	}
	var failed error
	for asked := range maxAsked {
		passphrase, err := ask(ctx, id.path, asked > 0)
		if err != nil {
			return nil, &PassphraseError{File: id.path, Err: err}
		}
		signer, err := decrypt(id, passphrase, false)
		if err == nil {
			return signer, nil
		}
		failed = err
	}
	return nil, failed
}

var errWrongPassphrase = errors.New("the passphrase is wrong")

// decrypt fails for a wrong passphrase only: that the file can be understood is known before.
func decrypt(id identity, passphrase secret.Text, command bool) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKeyWithPassphrase(id.text, []byte(passphrase.Reveal()))
	if err != nil {
		return nil, &PassphraseError{File: id.path, Command: command, Err: errWrongPassphrase}
	}
	return signer, nil
}

// passphraseWithin bounds the command for a passphrase, which may ask a person.
const passphraseWithin = time.Minute

// PassphraseError says why an encrypted identity file could not be opened.
type PassphraseError struct {
	File    string
	Command bool // the passphrase was to come from a command
	Err     error
}

func (e *PassphraseError) Error() string {
	if e.Command {
		return "it is encrypted; ssh.passphrase_command: " + plain.Cause(e.Err)
	}
	return "it is encrypted; " + plain.Cause(e.Err)
}

func (e *PassphraseError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *PassphraseError) Hint() string {
	if e.Command {
		return "ssh.passphrase_command in the inventory is run by /bin/sh on this machine, and the first line that it prints is the passphrase of " + e.File
	}
	return fmt.Sprintf("let an SSH agent hold the key (ssh-add %s), name a command that prints the passphrase by ssh.passphrase_command, or run replssl on a terminal", e.File)
}
