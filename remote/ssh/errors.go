package ssh

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/plain"
)

// ConnectError says that the host could not be reached, or stopped answering before the login was done.
type ConnectError struct {
	Host    string
	Address string
	Via     string // the jump host from which it was tried; empty: this machine
	Agent   string // the socket of the agent that was asked, if any
	Step    string // how far it came: connect, banner, handshake, login, or agent during the login
	Err     error
}

func (e *ConnectError) Error() string {
	doing := fmt.Sprintf("SSH %s with %s", e.Step, e.Address)
	switch e.Step {
	case stepConnect:
		doing = "SSH connection to " + e.Address
	case stepBanner:
		doing = "SSH banner of " + e.Address
	case stepAgent:
		return fmt.Sprintf("%s: SSH login with %s: the SSH agent %s: %s", e.Host, e.Address, e.Agent, cause(e.Err))
	}
	if e.Via != "" {
		doing += " from the jump host " + e.Via
	}
	return fmt.Sprintf("%s: %s: %s", e.Host, doing, cause(e.Err))
}

func (e *ConnectError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *ConnectError) Hint() string {
	var name *net.DNSError
	var refused *forwardError
	switch {
	case errors.As(e.Err, &refused) && refused.forbidden:
		return fmt.Sprintf("sshd_config of %s must have AllowTcpForwarding yes (or local), no DisableForwarding, and a PermitOpen that lets %s through; "+
			"the key's line in authorized_keys there no restrict and no-port-forwarding", e.Via, e.Address)
	case errors.As(e.Err, &name):
		return fmt.Sprintf("give a name that this machine can resolve, or an IP address: servers: {%s: {ssh: {address: ADDRESS}}}", e.Host)
	case e.Step == stepAgent:
		return "see whether the agent answers (ssh-add -l) and whether it waits for a confirmation; without it: unset SSH_AUTH_SOCK, or IdentityAgent none in ssh_config"
	case e.Step == stepLogin:
		return "see on the host what its sshd logs and, where an SSH agent is used, whether that answers (ssh-add -l); --connect-timeout waits longer"
	case e.Step == stepBanner:
		return fmt.Sprintf("see whether it is an sshd that listens at %s, and whether it is overloaded (MaxStartups); --connect-timeout waits longer", e.Address)
	case e.Via != "":
		return fmt.Sprintf("see on %s whether an sshd answers at %s: the jump host has to resolve and reach that address", e.Via, e.Address)
	}
	return fmt.Sprintf("see whether an sshd answers at %s, and whether that is the host's address and SSH port", e.Address)
}

// SessionsError says that the host allows too few sessions of one SSH connection at once: commands that stay open hold all of them.
type SessionsError struct {
	Host string
	Most int // sessions that it allows
}

func (e *SessionsError) Error() string {
	return fmt.Sprintf("%s: running a command: the host allows %d session(s) of an SSH connection at once, and connections to its sockets hold all of them", e.Host, e.Most)
}

// Hint is what a person can do.
func (e *SessionsError) Hint() string {
	return "let sshd_config of " + e.Host + " have MaxSessions 10, which is the default (sshd -T shows what holds), and reload its sshd"
}

// JumpError says that a jump host could not be used, so that the host behind it could not be reached.
type JumpError struct {
	Host string // behind it
	Jump string
	Err  error // names the jump host itself
}

func (e *JumpError) Error() string { return fmt.Sprintf("%s: jump host %v", e.Host, e.Err) }

func (e *JumpError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *JumpError) Hint() string {
	var connect *ConnectError
	if errors.As(e.Err, &connect) && connect.Via == "" && connect.Step == stepConnect {
		return fmt.Sprintf("see whether an sshd answers at %s, and whether ssh.jump in the inventory (ProxyJump in ssh_config) has the right host and port",
			connect.Address)
	}
	var inner interface{ Hint() string }
	if errors.As(e.Err, &inner) {
		return inner.Hint()
	}
	return ""
}

// AuthError says that the host is the right one but does not let the user in.
type AuthError struct {
	Host    string
	User    string
	Tried   []string // each key that was offered, and each that could not be, with the reason
	Exposed []string // identity files that were not offered because others may read them
	Offered bool     // at least one of them was offered
	Wants   []string // the ways in that the host allows, where a key is none of them

	// Locked is the key that could not be opened, though the host would have taken it.
	Locked *PassphraseError

	Err error
}

func (e *AuthError) Error() string {
	tried := strings.Join(e.Tried, "; ")
	why := "the host takes none of the keys: " + tried
	switch ended := cause(e.Err); {
	case e.Locked != nil:
		why = fmt.Sprintf("identity file %s cannot be used: %v", e.Locked.File, e.Locked)
	case len(e.Wants) > 0:
		why = "the host lets nobody in by a key alone, it wants " + strings.Join(e.Wants, " or ")
	case tried == "":
		why = "there is no key to offer"
	case !e.Offered:
		why = "there is no key to offer: " + tried
	case !strings.HasPrefix(ended, "unable to authenticate"): // the library's way to say just that
		why += " (" + ended + ")"
	}
	return fmt.Sprintf("%s: SSH login as %s: %s", e.Host, e.User, why)
}

func (e *AuthError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *AuthError) Hint() string {
	switch {
	case e.Locked != nil:
		return e.Locked.Hint()
	case len(e.Wants) > 0:
		return "sshd_config of the host must have PubkeyAuthentication yes, and no AuthenticationMethods that ask for more than a key"
	case len(e.Exposed) > 0:
		return "chmod 600 " + strings.Join(e.Exposed, " ")
	case !e.Offered:
		return "set ssh.identity_file in the inventory to a private key, or let an SSH agent hold the key (ssh-add)"
	}
	return fmt.Sprintf("put the public half of one of them into the authorized_keys of %s on the host, or correct ssh.user or ssh.identity_file in the inventory", e.User)
}

// LostError says that an established connection has ended, or that the host no longer answers on it.
type LostError struct {
	Host string
	Err  error
}

func (e *LostError) Error() string {
	var jump *LostError // under the connection
	if errors.As(e.Err, &jump) {
		return fmt.Sprintf("%s: jump host %v", e.Host, jump)
	}
	return fmt.Sprintf("%s: the SSH connection was lost: %s", e.Host, cause(e.Err))
}

func (e *LostError) Unwrap() error { return e.Err }

// retoldError is an error of the library, told in other words.
type retoldError struct{ err error }

func (e *retoldError) Error() string { return cause(e.err) }
func (e *retoldError) Unwrap() error { return e.err }

// cause is what went wrong, without the library's words.
func cause(err error) string {
	var refused *ssh.OpenChannelError
	var silent *ssh.ExitMissingError
	switch {
	case errors.As(err, &refused):
		return whyRefused(refused)
	case errors.As(err, &silent):
		return "the host did not tell how the command ended"
	}
	text := plain.Cause(err)
	for _, prefix := range []string{"ssh: handshake failed: ", "ssh: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// whyRefused is why the host opened no channel. OpenSSH tells a reason for TCP, and says "open failed" of everything else.
func whyRefused(e *ssh.OpenChannelError) string {
	switch {
	case e.Reason == ssh.Prohibited, e.Reason == ssh.UnknownChannelType:
		return "the host's SSH server does not allow it"
	case e.Message == "" || e.Message == "open failed":
		return "the host's SSH server could not open it"
	}
	return strings.ToLower(e.Message[:1]) + e.Message[1:]
}
