package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"

	"golang.org/x/term"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/ssh"
	"github.com/replssl/replssl/remote/sshconfig"
)

// session is work on one cluster, over connections of its own.
type session struct {
	*orchestrate.Session
	dialer *ssh.Dialer
}

// Close ends all connections, those to jump hosts last.
func (s *session) Close() error { return errors.Join(s.Session.Close(), s.dialer.Close()) }

// dialer makes the SSH connections of a session.
func (s *settings) dialer() *ssh.Dialer {
	d := &ssh.Dialer{AgentSocket: s.world.Getenv("SSH_AUTH_SOCK"), DialTimeout: s.timeout}
	if me, err := user.Current(); err == nil {
		d.Home = me.HomeDir
	}
	if terminal, ok := s.world.Stdin.(*os.File); ok && isTerminal(terminal) {
		p := &prompt{terminal: terminal, out: s.world.Stderr}
		d.Ask = p.passphrase
	}
	return d
}

// sshConfigOf reads ssh_config for a person, as ssh does.
func sshConfigOf(me *user.User, getenv func(string) string) func(file string) (func(alias string) (topology.Route, error), error) {
	return func(file string) (func(string) (topology.Route, error), error) {
		env := sshconfig.Env{User: me.Username, Home: me.HomeDir, UID: me.Uid, Getenv: getenv}
		env.Host, _ = os.Hostname() // for %l and %L alone
		var config *sshconfig.Config
		var err error
		if file == "" {
			config, err = sshconfig.Default(env)
		} else {
			config, err = sshconfig.Named(env, file)
		}
		if err != nil {
			return nil, err
		}
		return func(alias string) (topology.Route, error) { return routeOf(config, alias) }, nil
	}
}

func routeOf(config *sshconfig.Config, alias string) (topology.Route, error) {
	host, err := config.Host(alias)
	var fault *sshconfig.Error
	if errors.As(err, &fault) {
		return topology.Route{}, fmt.Errorf("%w (%s)", err, fault.Hint())
	}
	return topology.Route{
		Address: host.Address, User: host.User, Port: host.Port, HostKeyAlias: host.HostKeyAlias, KnownHosts: host.KnownHosts,
		IdentityFiles: host.IdentityFiles, CertificateFiles: host.CertificateFiles, IdentitiesOnly: host.IdentitiesOnly, AgentSocket: host.Agent,
		Jump: host.Jump, ProxyCommand: host.ProxyCommand,
	}, err
}

// prompt asks a person at a terminal, one question at a time.
type prompt struct {
	terminal *os.File
	out      io.Writer
	pending  chan typed // of a question that nobody waits for any more: its answer is that of the next
}

type typed struct {
	text []byte
	err  error
}

// passphrase asks for the passphrase of an identity file. What is typed is not shown.
func (p *prompt) passphrase(ctx context.Context, file string, again bool) (secret.Text, error) {
	if again {
		fmt.Fprintln(p.out, "This passphrase is wrong.")
	}
	fmt.Fprintf(p.out, "Passphrase of %s: ", file)
	defer fmt.Fprintln(p.out)
	before, err := term.GetState(int(p.terminal.Fd()))
	if err != nil {
		return secret.Text{}, ssh.ErrNoTerminal
	}
	if p.pending == nil {
		p.pending = make(chan typed, 1)
		go p.read(p.pending)
	}
	select {
	case answer := <-p.pending:
		p.pending = nil
		if answer.err != nil || len(answer.text) == 0 {
			return secret.Text{}, errors.New("no passphrase was given")
		}
		return secret.New(answer.text), nil
	case <-ctx.Done():
		_ = term.Restore(int(p.terminal.Fd()), before) // the reading goes on, and would leave the terminal without echo
		return secret.Text{}, context.Cause(ctx)
	}
}

func (p *prompt) read(answer chan<- typed) {
	text, err := term.ReadPassword(int(p.terminal.Fd()))
	answer <- typed{text, err}
}
