package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/private"
	"github.com/replssl/replssl/remote/secret"
)

// passwordWithin bounds a command that prints a password: it may ask a person, or a vault.
const passwordWithin = 2 * time.Minute

// PasswordError says that the administrator's password could not be had on this machine.
type PasswordError struct {
	From string // where it should be
	Err  error
	hint string
}

func (e *PasswordError) Error() string {
	return fmt.Sprintf("the password of the administrator: %s: %v", e.From, e.Err)
}

func (e *PasswordError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *PasswordError) Hint() string { return e.hint }

// passwords reads each password once, when it is first needed, and keeps it for the run; so it does with a failure.
type passwords struct {
	getenv func(string) string

	mu   sync.Mutex
	read map[topology.PasswordSource]reading
}

type reading struct {
	password secret.Text
	err      error
}

// WithEnvironment lets passwords come from environment variables too.
func (s *Servers) WithEnvironment(getenv func(string) string) *Servers {
	s.passwords.getenv = getenv
	return s
}

func (p *passwords) of(ctx context.Context, source topology.PasswordSource) (secret.Text, error) {
	if source.IsZero() {
		return secret.Text{}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.read[source]; ok {
		return known.password, known.err
	}
	password, err := p.fetch(ctx, source)
	if ctx.Err() == nil {
		p.read[source] = reading{password, err}
	}
	return password, err
}

func (p *passwords) fetch(ctx context.Context, source topology.PasswordSource) (secret.Text, error) {
	password, hint, err := p.take(ctx, source)
	var open *private.OpenError
	switch {
	case err == nil:
		return password, nil
	case errors.Is(err, private.ErrEmpty):
		hint = "put the password there, alone in the first line"
	case errors.As(err, &open):
		hint = open.Hint()
	}
	return secret.Text{}, &PasswordError{From: describe(source), Err: err, hint: hint}
}

// take also gives what helps where it fails.
func (p *passwords) take(ctx context.Context, source topology.PasswordSource) (password secret.Text, hint string, err error) {
	switch {
	case source.File != "":
		password, err = private.FromFile(source.File)
		return password, "write the password into that file, alone in the first line, and chmod 600 it", err
	case source.Env != "":
		if p.getenv == nil || p.getenv(source.Env) == "" {
			return password, "export " + source.Env + " before replssl starts", errors.New("it is not set, or empty")
		}
		password, err = private.FirstLine([]byte(p.getenv(source.Env)))
		return password, "", err
	}
	password, err = private.FromCommand(ctx, source.Command, passwordWithin)
	return password, "run the command of mysql.admin.password_command by hand on this machine, by /bin/sh -c: what it prints and complains of is not told here", err
}

// describe names the place of a password as the inventory does, and of a command nothing more: its text may hold a secret.
func describe(source topology.PasswordSource) string {
	switch {
	case source.File != "":
		return "password_file " + source.File
	case source.Env != "":
		return "password_env " + source.Env
	}
	return "password_command"
}
