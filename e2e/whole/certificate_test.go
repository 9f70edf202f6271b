package whole_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// TestCertificatesInsteadOfKeys has neither a key on the hosts nor a host key here: an authority signs for both.
func TestCertificatesInsteadOfKeys(t *testing.T) {
	s := start(t, host.Options{}, plain+asRoot)
	sign := func(args ...string) {
		t.Helper()
		if said, err := s.Client(t.Context(), "ssh-keygen", append([]string{"-q", "-s", "authority"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v", said, err)
		}
	}
	if said, err := s.Client(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "authority").CombinedOutput(); err != nil {
		t.Fatalf("%s %v", said, err)
	}
	public := s.read("authority.pub")
	sign("-I", "admin", "-n", "root", "-V", "-1m:+1h", ".ssh/id_ed25519.pub")
	for _, h := range s.Servers() {
		s.file(h.Name+".pub", s.on(h.Name, "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key")+"\n")
		sign("-I", h.Name, "-h", "-n", h.Name, "-V", "-1m:+1h", h.Name+".pub")
		for path, content := range map[string]string{
			"/etc/ssh/ssh_host_ed25519_key-cert.pub": s.read(h.Name + "-cert.pub"), "/etc/ssh/authority.pub": public,
		} {
			if err := h.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s.on(h.Name, "printf 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\nTrustedUserCAKeys /etc/ssh/authority.pub\n' >>/etc/ssh/sshd_config; "+
			"rm /root/.ssh/authorized_keys; systemctl reload ssh.service")
	}
	s.file(".ssh/known_hosts", "")
	s.want(3, "plan").says(t, "the host key of db1:22", "refused")
	s.file(".ssh/known_hosts", "@cert-authority db* "+public)
	s.mainJob()
}
