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

// Hint is what a person can do; it is empty unless the file is missing.
func (e *FileError) Hint() string {
	if !errors.Is(e.Err, fs.ErrNotExist) {
		return ""
	}
	return fmt.Sprintf("record the key of each host: ssh-keyscan -p PORT HOST >> %s; then compare the fingerprints (ssh-keygen -lf %s) with each "+
		"host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)", e.File, e.File)
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
	host, port, err := net.SplitHostPort(e.Host)
	if err != nil {
		host, port = e.Host, "22"
	}
	return fmt.Sprintf("compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then record it: ssh-keyscan -p %s %s >> %s",
		port, host, strings.Join(e.Files[:min(1, len(e.Files))], ""))
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
	return fmt.Sprintf("if the host was installed anew, compare the fingerprint with the host's own, and take line %d out of %s; if not, somebody is in between", e.Line, e.File)
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
