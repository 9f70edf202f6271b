package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/topology"
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
	text, err := p.text(ctx, source)
	if err != nil {
		return secret.Text{}, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
		return secret.Text{}, &PasswordError{From: describe(source), Err: errors.New("the first line is empty"), hint: "put the password there, alone in the first line"}
	}
	return secret.New(line), nil
}

func (p *passwords) text(ctx context.Context, source topology.PasswordSource) ([]byte, error) {
	switch {
	case source.File != "":
		return readPrivate(source)
	case source.Env != "":
		if p.getenv == nil || p.getenv(source.Env) == "" {
			return nil, &PasswordError{From: describe(source), Err: errors.New("it is not set, or empty"), hint: "export " + source.Env + " before replssl starts"}
		}
		return []byte(p.getenv(source.Env)), nil
	}
	return runPrivate(ctx, source)
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

// readPrivate refuses a file that others can read, as ssh does with keys: the password is as good as the key, and a warning among much else
// would be overlooked.
func readPrivate(source topology.PasswordSource) ([]byte, error) {
	failed := &PasswordError{From: describe(source), hint: "write the password into that file, alone in the first line, and chmod 600 it"}
	file, err := os.Open(source.File)
	if err != nil {
		var path *fs.PathError
		if failed.Err = err; errors.As(err, &path) {
			failed.Err = path.Err // the path is told already
		}
		return nil, failed
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	const others = 0o077
	switch {
	case err != nil:
		failed.Err = err
	case info.Mode().Perm()&others != 0:
		failed.Err = fmt.Errorf("other users of this machine may read it (mode %04o)", info.Mode().Perm())
		failed.hint = "chmod 600 " + source.File
	default:
		const most = 64 << 10
		text, err := io.ReadAll(io.LimitReader(file, most))
		if err == nil {
			return text, nil
		}
		failed.Err = err
	}
	return nil, failed
}

// runPrivate tells of a command that failed how it ended, and neither its text nor what it printed, also of what it complained: all of that
// may hold a secret.
func runPrivate(ctx context.Context, source topology.PasswordSource) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, passwordWithin)
	defer cancel()
	command := exec.CommandContext(within, "/bin/sh", "-c", source.Command)
	command.WaitDelay = time.Second
	text, err := command.Output()
	if err == nil {
		return text, nil
	}
	if within.Err() != nil {
		err = context.Cause(within)
	}
	return nil, &PasswordError{
		From: describe(source), Err: err,
		hint: "run the command of mysql.admin.password_command by hand on this machine, by /bin/sh -c: what it prints and complains of is not told here",
	}
}
