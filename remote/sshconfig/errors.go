package sshconfig

import (
	"errors"
	"fmt"
	"io/fs"
)

// unguardedError says that others than the person may have written a file.
type unguardedError struct{ why, hint string }

func (e *unguardedError) Error() string { return e.why }

// Error says what of ssh_config could not be taken as ssh takes it.
type Error struct {
	File string
	Line int // 0: the file as a whole
	Err  error
}

func (e *Error) Error() string {
	var unguarded *unguardedError
	switch {
	case errors.As(e.Err, &unguarded):
		return fmt.Sprintf("%s is not heeded: %v", e.File, e.Err)
	case e.Line == 0:
		return fmt.Sprintf("%s cannot be read: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s line %d: %v", e.File, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *Error) Hint() string {
	var unguarded *unguardedError
	if errors.As(e.Err, &unguarded) {
		return unguarded.hint
	}
	if errors.Is(e.Err, fs.ErrNotExist) || errors.Is(e.Err, fs.ErrPermission) {
		return "name a file that you can read by ssh.config in the inventory, or none"
	}
	return "correct that line; or give replssl a file of its own by ssh.config: FILE in the inventory, or none and the settings by ssh.user and the like"
}
