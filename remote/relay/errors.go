package relay

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/replssl/replssl/remote"
)

// NoProgramError says that the host has no program that could connect to a socket.
type NoProgramError struct {
	Err error // why the SSH server's forwarding was no way; nil where it was not tried
}

func (e *NoProgramError) Error() string {
	const missing = "the host has none of the programs that connect to a socket: perl, python3, socat, or for a unix socket an nc that has the options -N and -U"
	if e.Err == nil {
		return missing
	}
	return fmt.Sprintf("%v; and %s", e.Err, missing)
}

func (e *NoProgramError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *NoProgramError) Hint() string {
	const install = "install socat on the host"
	if e.Err == nil {
		return install
	}
	return "see whether the server runs and has that socket, and whether sshd_config of the host allows forwarding (AllowStreamLocalForwarding yes, " +
		"AllowTcpForwarding yes, no DisableForwarding); or " + install
}

// failure is the error of a relay that ended before it was connected.
func failure(host remote.Host, network, address string, err error) error {
	failed := &remote.DialError{Host: host.Name(), Network: network, Address: address}
	var ended *remote.ExitError
	switch {
	case errors.Is(err, io.EOF):
		failed.Err = errors.New("the command that connects ended before it was connected")
	case errors.As(err, &ended):
		failed.Err = reason(ended)
	default:
		return err
	}
	return failed
}

// reason is why the program did not connect. Each of them names the fault last in its last line.
func reason(ended *remote.ExitError) error {
	if _, rest, ok := strings.Cut(ended.Stderr, "\n"+opening+": "); ok {
		why, _, _ := strings.Cut(rest, closing+"\n")
		if why == noProgram {
			return &NoProgramError{}
		}
		return errors.New(plainly(why))
	}
	lines := strings.Split(strings.TrimSpace(ended.Stderr), "\n")
	last := lines[len(lines)-1]
	if i := strings.LastIndex(last, ": "); i >= 0 {
		return errors.New(plainly(strings.TrimSuffix(last[i+2:], ".")))
	}
	return ended
}

// plainly begins like other causes.
func plainly(why string) string {
	if why == "" {
		return "it told no reason"
	}
	return strings.ToLower(why[:1]) + why[1:]
}
