package hostkey

import (
	"fmt"
	"net"
	"strings"
)

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
