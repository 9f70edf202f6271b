package ssh

import (
	"fmt"
	"strings"
)

// ConnectError says that the host could not be reached, or stopped answering before the login was done.
type ConnectError struct {
	Host    string
	Address string
	Step    string // how far it came: connect, handshake or login
	Err     error
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("%s: SSH %s with %s: %v", e.Host, e.Step, e.Address, e.Err)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *ConnectError) Hint() string {
	return fmt.Sprintf("see whether an sshd answers at %s, and whether that is the host's address and SSH port", e.Address)
}

// AuthError says that the host is the right one but does not let the user in.
type AuthError struct {
	Host  string
	User  string
	Tried []string // each key that was offered, and each that could not be, with the reason
	Err   error
}

func (e *AuthError) Error() string {
	tried := "no key to offer"
	if len(e.Tried) > 0 {
		tried = "tried " + strings.Join(e.Tried, "; ")
	}
	return fmt.Sprintf("%s: SSH login as %s failed: %s: %v", e.Host, e.User, tried, e.Err)
}

func (e *AuthError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *AuthError) Hint() string {
	return fmt.Sprintf("log in by hand as %s with the same key first: its public half belongs into the authorized_keys of that user on the host", e.User)
}

// LostError says that an established connection has ended, or that the host no longer answers on it.
type LostError struct {
	Host string
	Err  error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s: the SSH connection was lost: %v", e.Host, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }
