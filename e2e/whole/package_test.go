package whole_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/e2e/host"
)

// TestDebianPackage installs the package on a host beside the servers, and does the main job from there.
func TestDebianPackage(t *testing.T) {
	packages, err := filepath.Glob("../../dist/*amd64.deb")
	if err != nil || len(packages) != 1 {
		t.Skipf("dist/ has %d packages for amd64: make packages writes one", len(packages))
	}
	s := start(t, host.Options{Extra: []string{"control"}}, plain+asRoot)
	deb, err := os.ReadFile(packages[0])
	if err != nil {
		t.Fatal(err)
	}
	control := s.Host("control")
	for path, content := range map[string]string{
		"/root/replssl.deb": string(deb), "/root/replssl.yaml": plain + asRoot,
		"/root/.ssh/id_ed25519": s.read(".ssh/id_ed25519"), "/root/.ssh/known_hosts": s.read(".ssh/known_hosts"),
	} {
		if err := control.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.on("control", "dpkg -i /root/replssl.deb; replssl version; replssl completion bash >/dev/null")
	s.from = func(ctx context.Context, args ...string) *exec.Cmd {
		cmd, err := control.Command(ctx, append([]string{"replssl"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	s.mainJob()
	s.on("control", "dpkg -r replssl; ! command -v replssl; test -d /root/pki") // what it made stays
}
