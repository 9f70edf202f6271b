package whole_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// TestCertificatesInsteadOfKeys has neither a key on the hosts nor a host key here: an authority signs for both.
func TestCertificatesInsteadOfKeys(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot)
	s.keygen("-t", "ed25519", "-N", "", "-f", "authority")
	s.keygen("-s", "authority", "-I", "admin", "-n", "root", "-V", "-1m:+1h", ".ssh/id_ed25519.pub")
	s.certify("db1", "db1")
	s.certify("db2", "elsewhere")
	s.file(".ssh/known_hosts", "")
	s.want(3, "plan").says(t, "the host key of db1:22 is not recorded")
	s.file(".ssh/known_hosts", "@cert-authority db* "+s.read("authority.pub"))
	s.want(3, "plan").says(t, "the host certificate of db2:22", "it is for elsewhere, not for db2")
	s.certify("db2", "db2")
	s.mainJob()
}

func (s *site) keygen(args ...string) {
	s.t.Helper()
	if said, err := s.Client(s.t.Context(), "ssh-keygen", append([]string{"-q"}, args...)...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v", said, err)
	}
}

// certify signs the key of a host for a name, and has its sshd let in whom the authority signs for, and nobody else.
func (s *site) certify(name, principal string) {
	s.t.Helper()
	s.file(name+".pub", s.on(name, "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key")+"\n")
	s.keygen("-s", "authority", "-I", name, "-h", "-n", principal, "-V", "-1m:+1h", name+".pub")
	for path, content := range map[string]string{
		"/etc/ssh/ssh_host_ed25519_key-cert.pub": s.read(name + "-cert.pub"), "/etc/ssh/authority.pub": s.read("authority.pub"),
		"/etc/ssh/sshd_config.d/authority.conf": "HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\nTrustedUserCAKeys /etc/ssh/authority.pub\n",
	} {
		if err := s.Host(name).WriteFile(path, content, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	s.on(name, "rm -f /root/.ssh/authorized_keys; systemctl restart ssh.service")
}
