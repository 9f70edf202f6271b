package hostkey

import (
	"fmt"
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
