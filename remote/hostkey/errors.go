package hostkey

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// FileError says that a known_hosts file cannot be read, so that no host can be told from another.
type FileError struct {
	File string
	Err  error
}

func (e *FileError) Error() string {
	return fmt.Sprintf("known_hosts file %s cannot be read, so no host key can be checked: %v", e.File, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *FileError) Hint() string {
	if !errors.Is(e.Err, fs.ErrNotExist) {
		return "set ssh.known_hosts in the inventory to a file that you can read"
	}
	return fmt.Sprintf("make it, empty (touch %s), and run replssl again: it tells the line that each host needs, and what to compare before you add it", e.File)
}

// SyntaxError says that a known_hosts file has a line that is none.
type SyntaxError struct{ Err error }

func (e *SyntaxError) Error() string {
	return "known_hosts file cannot be understood: " + strings.TrimPrefix(e.Err.Error(), "knownhosts: ")
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *SyntaxError) Hint() string {
	return "correct or remove the line that is named: it has a host, the type of its key, and the key in base64"
}

// UnknownError says that no known_hosts file records the host.
type UnknownError struct {
	Host      string // host:port
	Presented string // type and fingerprint of the key that the host shows
	Line      string // what a known_hosts file would have to say for it to be believed
	Files     []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the host key of %s is not recorded in %s (it shows %s)", e.Host, strings.Join(e.Files, ", "), e.Presented)
}

// Hint is what a person can do.
func (e *UnknownError) Hint() string {
	return fmt.Sprintf("compare the fingerprint with what the host's own console shows (%s); when they are the same, add this line to %s: %s",
		fingerprinting(e.Presented), strings.Join(e.Files[:min(1, len(e.Files))], ""), e.Line)
}

// fingerprinting is the command that shows the fingerprint of a host's own key, of the type that it has presented.
func fingerprinting(presented string) string {
	kind := "ed25519"
	switch {
	case strings.HasPrefix(presented, "ecdsa"):
		kind = "ecdsa"
	case strings.Contains(presented, "rsa"):
		kind = "rsa"
	}
	return "ssh-keygen -lf /etc/ssh/ssh_host_" + kind + "_key.pub"
}

// ChangedError says that another key is recorded for the host: it was installed anew, or it is not that host.
type ChangedError struct {
	Host      string
	Presented string // type and fingerprint of the key that the host shows
	Recorded  string // type and fingerprint of the key that is recorded
	File      string // where that is recorded
	Line      int
	NewLine   string // what a known_hosts file would have to say for the key to be believed
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("the host key of %s is not the recorded one: it shows %s, and %s line %d has %s",
		e.Host, e.Presented, e.File, e.Line, e.Recorded)
}

// Hint is what a person can do.
func (e *ChangedError) Hint() string {
	return fmt.Sprintf("if the host was not installed anew, do not go on: another machine may be answering; if it was, compare the fingerprint with what the host's own "+
		"console shows (%s); when they are the same, take line %d out of %s and add this one: %s", fingerprinting(e.Presented), e.Line, e.File, e.NewLine)
}

// RevokedError says that the key which the host shows is marked as revoked.
type RevokedError struct {
	Host      string
	Presented string
	File      string
	Line      int
}

func (e *RevokedError) Error() string {
	return fmt.Sprintf("the host key of %s is revoked: it shows %s, which %s line %d revokes", e.Host, e.Presented, e.File, e.Line)
}

// Hint is what a person can do.
func (e *RevokedError) Hint() string {
	return "somebody has marked this key as not to be trusted: give the host a new key, and record that one"
}
