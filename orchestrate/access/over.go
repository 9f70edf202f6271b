package access

import (
	"context"
	"net"
	"strconv"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/relay"
	"github.com/replssl/replssl/remote/ssh"
	"github.com/replssl/replssl/remote/sudo"
)

// Over reaches hosts over SSH. Whoever gives the dialer closes it, after the [Servers].
func Over(dialer *ssh.Dialer) Dial {
	return func(ctx context.Context, server topology.Server) (remote.Host, error) {
		client, err := dialer.Dial(ctx, over(server))
		if err != nil {
			return nil, err // not a typed nil
		}
		return equip(server, client), nil
	}
}

// equip puts around a host what the inventory asks for. Each layer is a [remote.Host] of its own.
func equip(server topology.Server, host remote.Host) remote.Host {
	host = relay.Host(host)
	if server.SSH.Sudo {
		host = sudo.Host(host, server.SSH.User)
	}
	return host
}

// over is the way to a server's host, in the words of SSH.
func over(server topology.Server) ssh.Config {
	config := hop(string(server.Name), server.SSH)
	for _, jump := range server.SSH.Jump {
		config.Jump = append(config.Jump, hop(nameOf(jump), jump))
	}
	return config
}

// nameOf is what a person calls a jump host, which need not be where it is.
func nameOf(jump topology.SSH) string {
	if jump.Alias != "" {
		return jump.Alias
	}
	return jump.Address
}

func hop(name string, way topology.SSH) ssh.Config {
	return ssh.Config{
		Name: name, Address: net.JoinHostPort(way.Address, strconv.Itoa(way.Port)), User: way.User,
		IdentityFiles: way.IdentityFiles, CertificateFiles: way.CertificateFiles, IdentitiesOnly: way.IdentitiesOnly, AgentSocket: way.AgentSocket,
		PassphraseCommand: way.PassphraseCommand, KnownHosts: way.KnownHosts, HostKeyAlias: way.HostKeyAlias,
	}
}
