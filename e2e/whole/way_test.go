package whole_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// onlyFromBastion lets SSH in from nowhere but the bastion. The rules are gone with a restart of the host.
func (s *site) onlyFromBastion() {
	s.t.Helper()
	for _, h := range s.Servers() {
		s.on(h.Name, "iptables -A INPUT -p tcp --dport 22 ! -s bastion -j DROP")
	}
	if said, err := s.SSH(s.t.Context(), "-o", "ConnectTimeout=1", "root@db1", "true").CombinedOutput(); err == nil {
		s.t.Fatalf("db1 is reached without the bastion: %s", said)
	}
}

func TestJumpHost(t *testing.T) {
	s := start(t, host.Options{Extra: []string{"bastion"}, PrepareHost: map[string]string{"bastion": ops}}, plain+
		"ssh: {user: root, identity_file: ~/.ssh/id_ed25519, jump: ops@bastion}\n")
	s.onlyFromBastion()
	s.mainJob()
}
