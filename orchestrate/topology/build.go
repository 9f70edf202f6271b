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
		TLS: TLS{Verify: Verify(inv.verify.value)},
		Policy: Policy{
			Canary:       inv.canary.value,
			Parallel:     inv.parallel.value,
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
		Restart: s.restart.value,
	}
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
