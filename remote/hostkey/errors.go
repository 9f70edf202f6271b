package hostkey

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
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
	return fmt.Sprintf("record the key of each host: ssh-keyscan -p PORT HOST >> %s; then compare the fingerprints (ssh-keygen -lf %s) with each "+
		"host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)", e.File, e.File)
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
	Files     []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the host key of %s is not recorded in %s (it shows %s)", e.Host, strings.Join(e.Files, ", "), e.Presented)
}

// Hint is what a person can do.
func (e *UnknownError) Hint() string {
	return fmt.Sprintf("compare the fingerprint with the host's own (%s there), then record it: %s",
		fingerprinting(e.Presented), recording(e.Host, strings.Join(e.Files[:min(1, len(e.Files))], "")))
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

// recording is the command that puts the keys of a host into a file.
func recording(hostPort, file string) string {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host, port = hostPort, "22"
	}
	return fmt.Sprintf("ssh-keyscan -p %s %s >> %s", port, host, file)
}

// ChangedError says that another key is recorded for the host: it was installed anew, or it is not that host.
type ChangedError struct {
	Host      string
	Presented string // type and fingerprint of the key that the host shows
	Recorded  string // type and fingerprint of the key that is recorded
	File      string // where that is recorded
	Line      int
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("the host key of %s is not the recorded one: it shows %s, and %s line %d has %s",
		e.Host, e.Presented, e.File, e.Line, e.Recorded)
}

// Hint is what a person can do.
func (e *ChangedError) Hint() string {
	return fmt.Sprintf("if the host was installed anew, compare the fingerprint with the host's own (%s there), take line %d out of %s, and record the new key: %s; "+
		"if it was not, do not go on: another machine may be answering", fingerprinting(e.Presented), e.Line, e.File, recording(e.Host, e.File))
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
