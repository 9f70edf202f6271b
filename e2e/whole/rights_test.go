package whole_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

const asOps = "ssh: {user: ops, sudo: true, identity_file: ~/.ssh/id_ed25519}\n"

func TestSudoWithoutPassword(t *testing.T) {
	const sudoers = ops + "echo 'ops ALL=(root) NOPASSWD: /bin/sh' >/etc/sudoers.d/ops\n"
	s := start(t, host.Options{Prepare: sudoers}, plain+asOps)
	if said, err := s.SSH(t.Context(), "root@db1", "true").CombinedOutput(); err == nil {
		t.Fatalf("root logs in: %s", said)
	}
	s.mainJob()
}

func TestSudoThatAsksForAPassword(t *testing.T) {
	const sudoers = ops + "echo 'ops:geheim' | chpasswd; echo 'ops ALL=(ALL:ALL) ALL' >/etc/sudoers.d/ops; echo LANG=de_DE.UTF-8 >/etc/default/locale\n"
	s := start(t, host.Options{Prepare: sudoers}, plain+asOps)
	before := s.trace()
	s.want(3, "plan", "--allow-restart").says(t, "password", "ops ALL=(root) NOPASSWD: /bin/sh")
	s.want(3, "apply", "--yes", "--allow-restart").says(t, "password", "ops ALL=(root) NOPASSWD: /bin/sh")
	s.untouched(before)
	s.on("db1", "echo 'ops ALL=(root) NOPASSWD: /bin/sh' >/etc/sudoers.d/replssl")
	s.on("db2", "echo 'ops ALL=(root) NOPASSWD: /bin/sh' >/etc/sudoers.d/replssl")
	s.mainJob()
}

// without is a line of shell that takes programs off a host.
func without(programs ...string) string {
	return "for program in " + strings.Join(programs, " ") + "; do mv /usr/bin/$program /usr/bin/$program.away; done\n"
}

// TestHostsThatForbidMuch has sshds without file transfer and without forwarding, on hosts that each have one program to do it instead.
func TestHostsThatForbidMuch(t *testing.T) {
	s := start(t, host.Options{Replicas: 2, Prepare: "sed -i /sftp/d /etc/ssh/sshd_config", PrepareHost: map[string]string{
		"db1": "echo 'AllowStreamLocalForwarding no' >>/etc/ssh/sshd_config; " + without("python3.11", "perl"),
		"db2": "echo 'DisableForwarding yes' >>/etc/ssh/sshd_config; " + without("socat", "perl"),
		"db3": "echo 'DisableForwarding yes' >>/etc/ssh/sshd_config; " + without("socat", "python3.11"),
	}}, three)
	for _, h := range s.Replicas() {
		if said, err := s.SSH(t.Context(), "-W", "localhost:22", "root@"+h.Name).CombinedOutput(); err == nil {
			t.Errorf("%s forwards: %s", h.Name, said)
		}
	}
	s.mainJob()
	for _, h := range s.Servers() {
		if left := s.on(h.Name, "pgrep -a 'socat|python|perl' || true"); left != "" {
			t.Errorf("%s: a relay is left behind: %s", h.Name, left)
		}
	}
}

// TestNoWayToTheSocket is a host that forbids forwarding and has no program that could do it instead.
func TestNoWayToTheSocket(t *testing.T) {
	s := start(t, host.Options{PrepareHost: map[string]string{
		"db2": "echo 'AllowStreamLocalForwarding no' >>/etc/ssh/sshd_config; " + without("socat", "python3.11", "perl"),
	}}, plain+asRoot)
	before := s.trace()
	s.want(3, "apply", "--yes", "--allow-restart").says(t, "db2", "socat", "perl")
	s.untouched(before)
	s.on("db2", "mv /usr/bin/socat.away /usr/bin/socat")
	s.mainJob()
}
