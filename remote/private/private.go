// Package private fetches a secret that a person keeps on this machine: from a file of theirs, or from a command that they name. The
// secret is the first line of it.
package private

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/secret"
)

// ErrEmpty says that the first line is empty.
var ErrEmpty = errors.New("the first line is empty")

// most bounds what is read of a file, in bytes.
const most = 64 << 10

// What else is no secret.
var (
	ErrBlank   = errors.New("the first line has nothing but blanks")
	ErrNoFile  = errors.New("it is no regular file")
	ErrTooLong = errors.New("it is longer than 64 KiB")
)

// OpenError says that other users of this machine may read the file: a secret is as good as a key, and a warning among much else would be
// overlooked.
type OpenError struct {
	Path string
	Mode fs.FileMode
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("other users of this machine may read it (mode %04o)", e.Mode.Perm())
}

// Hint is what a person can do.
func (e *OpenError) Hint() string { return "chmod 600 " + e.Path }

// FromFile reads a file that only its owner can read; otherwise the error is an [OpenError]. No error tells the path: whoever calls names
// the place as the person did.
func FromFile(path string) (secret.Text, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for somebody who writes into it
	if err != nil {
		return secret.Text{}, withoutPath(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return secret.Text{}, withoutPath(err)
	case !info.Mode().IsRegular():
		return secret.Text{}, ErrNoFile
	}
	const others = 0o077
	if info.Mode().Perm()&others != 0 {
		return secret.Text{}, &OpenError{Path: path, Mode: info.Mode()}
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return secret.Text{}, withoutPath(err)
	case len(text) > most:
		return secret.Text{}, ErrTooLong
	}
	return FirstLine(text)
}

func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// FromCommand runs a command by /bin/sh, which may take the given time: it may ask a person, or a vault. What
// it started and left running is not waited for. An error tells how it ended, and
// neither its text nor what it printed, also of what it complained: all of that may hold a secret.
func FromCommand(ctx context.Context, command string, within time.Duration) (secret.Text, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within, &plain.Late{Within: within})
	defer cancel()
	process := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	process.WaitDelay = time.Second // what it started may hold its output open
	text, err := process.Output()
	switch {
	case errors.Is(err, exec.ErrWaitDelay): // it ended well itself
	case ctx.Err() != nil:
		return secret.Text{}, context.Cause(ctx)
	case err != nil:
		return secret.Text{}, fmt.Errorf("it failed: %w", err)
	}
	return FirstLine(text)
}

// FirstLine is the secret in a text, without the end of the line.
func FirstLine(text []byte) (secret.Text, error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	switch line = bytes.TrimSuffix(line, []byte("\r")); {
	case len(line) == 0:
		return secret.Text{}, ErrEmpty
	case len(bytes.TrimSpace(line)) == 0:
		return secret.Text{}, ErrBlank
	}
	return secret.New(line), nil
}
