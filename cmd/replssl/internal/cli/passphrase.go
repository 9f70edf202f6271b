package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/private"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/ssh"
)

// passphraseWithin bounds the command for a passphrase: it may ask a person, or a vault.
const passphraseWithin = 2 * time.Minute

// unlocking gives a command the flags that say where the passphrase of the authority's key is.
func (s *settings) unlocking(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.StringVar(&s.passphrase.File, "passphrase-file", "", "the passphrase of the authority's key is the first line of `FILE`")
	f.StringVar(&s.passphrase.Command, "passphrase-command", "", "it is the first line that `COMMAND` prints")
	cmd.MarkFlagsMutuallyExclusive("passphrase-file", "passphrase-command")
	completesFile(cmd, "passphrase-file")
	return cmd
}

// passphraseError says why a passphrase could not be had.
type passphraseError struct {
	text, hint string
	err        error
}

func (e *passphraseError) Error() string { return e.text }
func (e *passphraseError) Unwrap() error { return e.err }

// Hint is what a person can do.
func (e *passphraseError) Hint() string { return e.hint }

// passphraseOf gives the passphrase of the authority's key: by the flags, else by the inventory, else a person is asked.
func (s *settings) passphraseOf(cluster topology.Cluster) orchestrate.Passphrase {
	source := s.sourceOf(cluster)
	return func(ctx context.Context, file string, again bool) (secret.Text, error) {
		switch {
		case !source.IsZero() && again:
			return secret.Text{}, &passphraseError{
				text: fmt.Sprintf("%s: %v", describe(source), pkistore.ErrWrongPassphrase), err: pkistore.ErrWrongPassphrase,
				hint: "give the passphrase with which it was sealed: nobody else can open it, and a copy of the key helps",
			}
		case !source.IsZero():
			return fetch(ctx, source)
		}
		return s.prompt().passphrase(ctx, file, again)
	}
}

func (s *settings) sourceOf(cluster topology.Cluster) topology.PasswordSource {
	return cmp.Or(s.passphrase, cluster.TLS.Passphrase)
}

func fetch(ctx context.Context, source topology.PasswordSource) (secret.Text, error) {
	var passphrase secret.Text
	var err error
	hint := "write the passphrase into that file, alone in the first line, and chmod 600 it"
	if source.File != "" {
		passphrase, err = private.FromFile(source.File)
	} else {
		passphrase, err = private.FromCommand(ctx, source.Command, passphraseWithin)
		hint = "run that command by hand on this machine, by /bin/sh -c: what it prints and complains of is not told here"
	}
	var open *private.OpenError
	switch {
	case err == nil:
		return passphrase, nil
	case ctx.Err() != nil:
		return passphrase, context.Cause(ctx)
	case errors.As(err, &open):
		hint = open.Hint()
	}
	return passphrase, &passphraseError{text: describe(source) + ": " + plain.Cause(err), hint: hint, err: err}
}

// describe tells of a command nothing more: its text may hold a secret.
func describe(source topology.PasswordSource) string {
	if source.File != "" {
		return "the passphrase file " + source.File
	}
	return "the passphrase command"
}

// newPassphrase is one to seal with: a person gives it twice.
func (s *settings) newPassphrase(ctx context.Context, cluster topology.Cluster, file string) (secret.Text, error) {
	if source := s.sourceOf(cluster); !source.IsZero() {
		return fetch(ctx, source)
	}
	p := s.prompt()
	for range maxDiffering {
		first, err := p.ask(ctx, fmt.Sprintf("New passphrase of %s: ", file))
		if err != nil {
			return first, withoutTerminal(err)
		}
		second, err := p.ask(ctx, "The same once more: ")
		if err != nil || second.Equal(first) {
			return first, withoutTerminal(err)
		}
		fmt.Fprintln(p.out, "The two differ.")
	}
	return secret.Text{}, &codeError{code: exitError, text: "no passphrase was given twice alike; nothing was changed"}
}

// maxDiffering is how often a person may mistype a new passphrase.
const maxDiffering = 3

// withoutTerminal says what to do where nobody can be asked.
func withoutTerminal(err error) error {
	if !errors.Is(err, ssh.ErrNoTerminal) {
		return err
	}
	return &passphraseError{
		text: ssh.ErrNoTerminal.Error() + "; nothing was changed", err: err,
		hint: "run replssl on a terminal, or say where the passphrase is: --passphrase-file FILE, --passphrase-command COMMAND, or tls.authority in the inventory",
	}
}

// prompt asks a person at a terminal, one question at a time.
type prompt struct {
	terminal *os.File // nil where there is none
	out      io.Writer
	pending  chan typed // of a question that nobody waits for any more: its answer is that of the next
}

type typed struct {
	text []byte
	err  error
}

// prompt is one for the whole run.
func (s *settings) prompt() *prompt {
	if s.asking == nil {
		s.asking = &prompt{out: s.world.Stderr}
		if terminal, ok := s.world.Stdin.(*os.File); ok && isTerminal(terminal) {
			s.asking.terminal = terminal
		}
	}
	return s.asking
}

// passphrase asks for the passphrase of a key file.
func (p *prompt) passphrase(ctx context.Context, file string, again bool) (secret.Text, error) {
	if again {
		fmt.Fprintln(p.out, "This passphrase is wrong.")
	}
	return p.ask(ctx, fmt.Sprintf("Passphrase of %s: ", file))
}

// ask shows nothing of what is typed. It fails with [ssh.ErrNoTerminal] where nobody can be asked.
func (p *prompt) ask(ctx context.Context, question string) (secret.Text, error) {
	if p.terminal == nil {
		return secret.Text{}, ssh.ErrNoTerminal
	}
	fmt.Fprint(p.out, question)
	defer fmt.Fprintln(p.out)
	before, err := term.GetState(int(p.terminal.Fd()))
	if err != nil {
		return secret.Text{}, ssh.ErrNoTerminal
	}
	if p.pending == nil {
		p.pending = make(chan typed, 1)
		go p.read(p.pending)
	}
	select {
	case answer := <-p.pending:
		p.pending = nil
		if answer.err != nil || len(answer.text) == 0 {
			return secret.Text{}, errors.New("no passphrase was given")
		}
		return secret.New(answer.text), nil
	case <-ctx.Done():
		_ = term.Restore(int(p.terminal.Fd()), before) // the reading goes on, and would leave the terminal without echo
		return secret.Text{}, context.Cause(ctx)
	}
}

func (p *prompt) read(answer chan<- typed) {
	text, err := term.ReadPassword(int(p.terminal.Fd()))
	answer <- typed{text, err}
}
