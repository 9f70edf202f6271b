package process

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote/seen"
)

// TestServersOfAHostThatHidesProcesses: of a /proc that does not show the processes of others, no list is all that there is.
func TestServersOfAHostThatHidesProcesses(t *testing.T) {
	inShells(t, func(t *testing.T, shell []string) {
		root := t.TempDir()
		for name, text := range map[string]string{"42/comm": "mariadbd\n", "42/cmdline": "/usr/sbin/mariadbd\x00"} {
			recorded{}.write(t, filepath.Join(root, "proc", name), text, 0o644)
		}
		list := func() seen.Value[[]Server] {
			out, err := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", serversScript, "sh", root)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			found, err := ParseServers(out)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := list(); found.Why() != "/proc does not show the processes of other users (hidepid)" {
			t.Errorf("without process 1: %v", found)
		}
		recorded{}.write(t, filepath.Join(root, "proc/1/comm"), "systemd\n", 0o644)
		if found := list(); found.String() != "[{42 []}]" {
			t.Errorf("with process 1: %v", found)
		}
	})
}
