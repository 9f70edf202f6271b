// Package mortal runs a command on this machine and lets it die: by SIGKILL, with all that it started, right before or right after the
// n-th of the system calls that can change something. It is for tests alone.
package mortal

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/replssl/replssl/remote"
)

// ErrUnknownSystem says that system calls are not known here: a test skips.
var ErrUnknownSystem = errors.New("system calls are only known of Linux on amd64")

// Death is when a command dies.
type Death struct {
	Call  int  // the number of the call, from 1; 0: it lives to its end
	After bool // the call is carried out
}

// Outcome is what became of a command.
type Outcome struct {
	Died   bool
	Calls  []string // those that can change something, in order: a call's name and what it is about
	Status int      // of a command that lived
	Stderr string
}

// Run runs a command. As is nil for the user who runs the test. A system call counts when it can change a file below the folder; it is told by its
// path or its descriptor. Nothing of the command is left when Run returns.
func Run(cmd remote.Command, folder string, as *syscall.Credential, death Death) (Outcome, error) {
	if err := cmd.Line.Err(); err != nil {
		return Outcome{}, err
	}
	stdin, err := input(cmd.Stdin)
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = stdin.Close() }()
	output, err := os.CreateTemp("", "mortal")
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = output.Close(); _ = os.Remove(output.Name()) }()
	outcome, err := trace(cmd.Line.String(), []uintptr{stdin.Fd(), output.Fd(), output.Fd()}, folder, as, death)
	if err != nil {
		return outcome, err
	}
	text, err := os.ReadFile(output.Name())
	outcome.Stderr = string(text)
	return outcome, err
}

// input is a file without a name, so that no goroutine has to feed the command.
func input(from io.Reader) (*os.File, error) {
	file, err := os.CreateTemp("", "mortal")
	if err != nil {
		return nil, err
	}
	err = os.Remove(file.Name())
	if from != nil && err == nil {
		_, err = io.Copy(file, from)
	}
	_, seeking := file.Seek(0, io.SeekStart)
	return file, errors.Join(err, seeking)
}
