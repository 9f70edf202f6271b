package fileset_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
)

// TestTheContextOfTheKeyInUse runs the function of the real script with a host's words, since a kernel enforces a policy or does not.
func TestTheContextOfTheKeyInUse(t *testing.T) {
	function := regexp.MustCompile(`(?s)\ncontext\(\) \{.*?\n\}\n`).FindString(fileset.LookScript)
	if function == "" {
		t.Fatal("the script has no such function")
	}
	const tells = `stat() { echo "$*" >&2; echo unconfined_u:object_r:user_tmp_t:s0; }`
	const fails = "stat() { echo stat: failed to get security context >&2; echo '?'; return 1; }"
	for name, c := range map[string]struct{ enforce, stat, said, context string }{
		"no SELinux":      {"", tells, "", ""},
		"permissive":      {"0", tells, "", ""},
		"enforcing":       {"1", tells, "context unconfined_u:object_r:user_tmp_t:s0", "unconfined_u:object_r:user_tmp_t:s0"},
		"no label at all": {"1", fails, "context ?", "?"},
		"no key in use":   {"1", "stat() { return 1; }", "context ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if c.enforce != "" {
				must(t, os.WriteFile(filepath.Join(folder, "enforce"), []byte(c.enforce), 0o600))
			}
			script := "say() { printf '%s\\n' \"$*\"; }\n" + c.stat + strings.ReplaceAll(function, "/sys/fs/selinux", folder) + "context\n"
			out, err := remotetest.RunLocal(t.Context(), remote.Command{Line: shell.Script(script)})
			must(t, err)
			if got := strings.TrimSuffix(string(out.Stdout), "\n"); got != c.said {
				t.Fatalf("the host says %q, want %q", got, c.said)
			}
			state, err := fileset.ParseLook([]byte("=== replssl begin ===\n" + string(out.Stdout) + "=== replssl end ===\n"))
			must(t, err)
			if state.Context != c.context {
				t.Errorf("got %q, want %q", state.Context, c.context)
			}
		})
	}
}
