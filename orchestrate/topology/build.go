package topology

import (
	"path"
	"strings"
)

// cluster makes the desired state of an inventory that has no faults.
func (inv *inventory) cluster(env Defaults) Cluster {
	cluster := Cluster{
		Name: inv.name.value,
		Account: Account{
			User:         inv.account.user.value,
			Require:      Require(inv.account.require.value),
			PasswordFile: localPath(inv.account.passwordFile.value, env),
		},
		TLS: inv.tls.build(env),
		Policy: Policy{
			Canary:       inv.canary.value,
			Parallel:     inv.parallel.value,
			Unavailable:  inv.unavailable.value.of(len(inv.servers) - 1),
			Failures:     inv.failures.value,
			Pause:        inv.pause.value,
			Enforce:      Enforce(inv.enforce.value),
			AllowRestart: inv.restart.value,
			MaxLag:       inv.maxLag.value,
		},
	}
	for _, server := range inv.servers {
		cluster.Servers = append(cluster.Servers, server.build(env))
	}
	return cluster
}

func (s serverSection) build(env Defaults) Server {
	socket := s.mysql.socket.value
	if socket == socketAuto {
		socket = ""
	}
	return Server{
		Name:    ServerName(s.name.value),
		Address: s.address.value,
		Source:  ServerName(s.source.value),
		SSH:     s.way,
		MySQL: MySQL{
			Socket: socket, Port: s.mysql.port.value, Admin: s.mysql.admin.value,
			Password: PasswordSource{
				File: localPath(s.mysql.passwordFile.value, env), Env: s.mysql.passwordEnv.value, Command: s.mysql.passwordCommand.value,
			},
		},
		TLSDir:  path.Clean(s.dir.value),
		Given:   s.given(env),
		Restart: s.restart.value,
	}
}

func (t tlsSection) build(env Defaults) TLS {
	algorithm := Algorithm(t.algorithm.value)
	if algorithm == algorithmAuto {
		algorithm = ""
	}
	return TLS{
		Verify: Verify(t.verify.value), Source: Source(t.source.value), Algorithm: algorithm, Servers: Coverage(t.servers.value),
		Passphrase: PasswordSource{File: localPath(t.passphraseFile.value, env), Command: t.passphraseCommand.value},
	}
}

// given fills the patterns of the files in.
func (s serverSection) given(env Defaults) Given {
	file := func(pattern setting[string]) string {
		return localPath(strings.NewReplacer(patternServer, s.name.value, patternAddress, s.address.value).Replace(pattern.value), env)
	}
	return Given{CA: file(s.files.ca), Cert: file(s.files.cert), Key: file(s.files.key), Chain: file(s.files.chain), CRL: file(s.files.crl)}
}

// localPath is a file on the machine that runs the tool: ~ is the person's home, and a relative path starts at the inventory.
func localPath(name string, env Defaults) string {
	switch {
	case name == "":
		return ""
	case name == "~" || strings.HasPrefix(name, "~/"):
		return path.Join(env.Home, strings.TrimPrefix(name, "~"))
	case path.IsAbs(name):
		return path.Clean(name)
	}
	return path.Join(env.Dir, name)
}
