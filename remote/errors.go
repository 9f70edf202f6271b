package remote

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/remote/plain"
)

// ExitError says that a command ran to its end on the host and failed.
type ExitError struct {
	Host   string
	Code   int    // exit status; 128+N when signal N ended it
	Stderr string // empty for a confidential command
}

func (e *ExitError) Error() string {
	text := end(e.Stderr)
	if text == "" {
		return fmt.Sprintf("%s: the command failed, and told no reason (exit status %d)", e.Host, e.Code)
	}
	return fmt.Sprintf("%s: %s (exit status %d)", e.Host, text, e.Code)
}

// Hint is what a person can do, where the host's words tell.
func (e *ExitError) Hint() string {
	for _, known := range []struct{ text, hint string }{
		{"No space left on device", "make room on that file system (df -h, df -i), and apply again"},
		{"Disk quota exceeded", "make room in that user's quota, and apply again"},
		{"Read-only file system", "name a folder on a file system that can be written: tls.dir in the inventory"},
	} {
		if strings.Contains(e.Stderr, known.text) {
			return known.hint
		}
	}
	return ""
}

// end is the end of what a command printed, in one line: what it failed of comes last, after whatever else it had to say.
func end(stderr string) string {
	const most = 300
	text := strings.Join(strings.Fields(stderr), " ")
	if len(text) <= most {
		return text
	}
	kept := text[len(text)-most:]
	if text[len(text)-most-1] != ' ' {
		if _, rest, ok := strings.Cut(kept, " "); ok {
			kept = rest
		}
	}
	return "…" + strings.ToValidUTF8(kept, "")
}

// DialError says that the host could not, or would not, open a connection.
type DialError struct {
	Host    string
	Network string
	Address string

	// Forbidden tells that the host's SSH server does not allow this kind of forwarding, so that another way may be tried.
	// OpenSSH tells it for TCP only: of a unix socket it says the same whether forwarding is off, the socket is not there, or
	// the login may not open it.
	Forbidden bool

	Err error
}

func (e *DialError) Error() string {
	return fmt.Sprintf("%s: connecting from there to %s: %s", e.Host, e.Address, plain.Cause(e.Err))
}

func (e *DialError) Unwrap() error { return e.Err }

// TooMuchError says that a command was ended because it printed more than [MaxOutput].
type TooMuchError struct {
	Host string
}

func (e *TooMuchError) Error() string {
	return fmt.Sprintf("%s: the command printed more than %d MiB and was ended", e.Host, MaxOutput>>20)
}
