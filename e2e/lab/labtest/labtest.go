// Package labtest starts a lab for a test and makes sure that it ends with it, however the test ends.
package labtest

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// Start starts a lab in a folder of its own, unless the options name one. The lab is removed when the test ends, and also when
// the test's process dies. A machine without the servers fails the test: a suite that skips proves nothing.
func Start(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	if o.Dir == "" {
		o.Dir = newDir(t)
	}
	end := endWithProcess(t, o.Dir)
	t.Cleanup(end)
	l, err := lab.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, l) })
	return l
}

// newDir is short, because the paths of sockets are limited, where t.TempDir repeats the test's name.
func newDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func remove(t testing.TB, l *lab.Lab) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if t.Failed() {
		showLogs(t, l)
	}
	if err := l.Remove(ctx); err != nil {
		t.Error(err)
	}
}

func showLogs(t testing.TB, l *lab.Lab) {
	t.Helper()
	for _, s := range l.Servers {
		for _, path := range []string{s.ErrorLog, s.SSHLog} {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Logf("%s: %v", s.Name, err)
				continue
			}
			t.Logf("%s: the end of %s:\n%s", s.Name, path, end(string(text), 30))
		}
	}
}

func end(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// endWithProcess starts a shell that waits for the end of its input, which comes with the end of this process at the latest,
// even by a panic or a kill, and then ends what runs in the folder and removes it.
func endWithProcess(t testing.TB, dir string) (finish func()) {
	t.Helper()
	const script = `
cat >/dev/null
[ -d "$1" ] || exit 0
for process in /proc/[0-9]*; do
	case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
	*" --defaults-file=$1/"* | *" -f $1/"*) kill -KILL "${process#/proc/}" ;;
	esac
done
rm -rf "$1"
`
	cmd := exec.Command("setsid", "sh", "-c", script, "labtest", dir)
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { closeAndWait(t, input, cmd) }
}

func closeAndWait(t testing.TB, input io.Closer, cmd *exec.Cmd) {
	t.Helper()
	if err := input.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the guard of the lab's folder: %v", err)
	}
}
