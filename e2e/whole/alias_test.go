package whole_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// TestAliasesOfSSHConfig has nothing about SSH in the inventory but names: users, keys, ports and the way are in the file of ssh.
func TestAliasesOfSSHConfig(t *testing.T) {
	s := start(t, host.Options{
		Extra: []string{"bastion"}, Prepare: "echo 'Port 2222' >>/etc/ssh/sshd_config", PrepareHost: map[string]string{"bastion": ops},
	}, `
primary: db1
replicas: [db2]
account: {user: repl}
servers: {db1: {ssh: {address: orders-1}}, db2: {ssh: {address: orders-2}}}
`)
	s.file(".ssh/config", `
Host orders-*
	User root
	ProxyJump hop
Host orders-1
	HostName db1
Host orders-2
	HostName db2
Host hop
	HostName bastion
	User ops
Host *
	Port 2222
	IdentityFile ~/.ssh/id_ed25519
	StrictHostKeyChecking yes
`)
	s.knowPort(2222)
	if said, err := s.SSH(t.Context(), "orders-2", "hostname").CombinedOutput(); err != nil {
		t.Fatalf("ssh itself does not come through: %s", said)
	}
	s.mainJob()
}

// knowPort records the host keys for another port as well.
func (s *site) knowPort(port int) {
	s.t.Helper()
	known := ""
	for line := range strings.Lines(s.read(".ssh/known_hosts")) {
		names, key, _ := strings.Cut(line, " ")
		name, _, _ := strings.Cut(names, ",")
		known += fmt.Sprintf("[%s]:%d %s", name, port, key)
	}
	s.file(".ssh/known_hosts", known)
}
