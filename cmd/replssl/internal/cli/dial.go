package cli

import (
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/topology"
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
	if p := s.prompt(); p.terminal != nil {
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
