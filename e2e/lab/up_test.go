package lab_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

func TestUpRefuses(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    lab.Options
		want string
	}{
		{"no folder", lab.Options{}, "no folder is given"},
		{"a folder with something in it", lab.Options{Dir: full}, "is not empty\nhint: choose a new or an empty --dir"},
		{"a path too long for sockets", lab.Options{Dir: "/tmp/" + strings.Repeat("d", 78)}, "1 bytes too long"},
		{"a path that needs quotes", lab.Options{Dir: "/tmp/a lab"}, "special in configuration files"},
		{"too many replicas", lab.Options{Dir: "/tmp/x", Replicas: 1000}, "at most 200 fit"},
		{"an unknown account place", lab.Options{Dir: "/tmp/x", Account: "here"}, "choose primary, some or all"},
		{"an unknown replica", lab.Options{Dir: "/tmp/x", ReplicatesFrom: map[string]string{"db1": "primary"}}, `"db1"`},
		{"a circle", lab.Options{Dir: "/tmp/x", ReplicatesFrom: map[string]string{"replica1": "replica2"}}, "comes before"},
		{"a primary with a source", lab.Options{Dir: "/tmp/x", ReplicatesFrom: map[string]string{"primary": "replica1"}}, "comes before"},
		{"a server that is not there", lab.Options{Dir: "/tmp/x", Server: "mysql-1.0"}, "hint: scripts/servers.sh mysql-1.0"},
		{"a folder without a server", lab.Options{Dir: "/tmp/x", Server: full}, "has no server"},
		{"a server for nobody", lab.Options{Dir: "/tmp/x", Servers: map[string]string{"db1": ""}}, `"db1"`},
		{"settings for nobody", lab.Options{Dir: "/tmp/x", ExtraConfig: map[string][]string{"db1": nil}}, `"db1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := lab.Up(t.Context(), c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestUpRefusesAFolderWithALab(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	_, err := lab.Up(t.Context(), lab.Options{Dir: l.Dir})
	if err == nil || !strings.Contains(err.Error(), "hint: replssl lab down --dir "+l.Dir+" --remove") {
		t.Errorf("got %v", err)
	}
	equal(t, "the lab that was there", value(t, l, "primary", "SELECT 1"), "1")
}

func TestUpTakesAFolderOfModePrivate(t *testing.T) {
	t.Parallel()
	dir := must(os.MkdirTemp("", "lab"))(t) // 0700, as mktemp -d makes it
	labtest.Start(t, lab.Options{Dir: dir, Replicas: -1})
}

func TestFailedUpEndsWhatItStarted(t *testing.T) {
	t.Parallel()
	dir := must(os.MkdirTemp("", "lab"))(t)
	defer func() { _ = os.RemoveAll(dir) }()
	_, err := lab.Up(t.Context(), lab.Options{Dir: dir, ExtraConfig: map[string][]string{"replica2": {"no_such_setting = 1"}}})
	if err == nil || !strings.HasPrefix(err.Error(), "replica2: start the server: ") ||
		!strings.Contains(err.Error(), "no_such_setting") || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("got %v", err)
	}
	nothingRuns(t, dir)
}

func TestCancelledUpEndsWhatItStarted(t *testing.T) {
	t.Parallel()
	dir := must(os.MkdirTemp("", "lab"))(t)
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for t.Context().Err() == nil { // until one server has its pid file
			if found, _ := filepath.Glob(filepath.Join(dir, "*", "run", "mysqld.pid")); len(found) > 0 {
				return
			}
		}
	}()
	if _, err := lab.Up(ctx, lab.Options{Dir: dir}); err == nil {
		t.Error("a cancelled start succeeded")
	}
	nothingRuns(t, dir)
}

// nothingRuns waits for what other tests are doing: their looks at the servers of this machine name every folder that they find.
func nothingRuns(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for left := naming(t, dir); len(left) > 0; left = naming(t, dir) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("still runs: %q", left)
		}
	}
}

// naming are the processes whose command lines name a folder.
func naming(t *testing.T, dir string) (found [][]byte) {
	t.Helper()
	for _, path := range must(filepath.Glob("/proc/[0-9]*/cmdline"))(t) {
		text, _ := os.ReadFile(path) // a process may end meanwhile
		if bytes.Contains(text, []byte(dir+"/")) {
			found = append(found, text)
		}
	}
	return found
}
