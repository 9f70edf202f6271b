package fileset_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/replssl/replssl/remote/fileset"
)

// TestManyInstallsAtOnce: one version of one of them stands complete, and whoever fails says why.
func TestManyInstallsAtOnce(t *testing.T) {
	dir := twoVersions(t)
	var all sync.WaitGroup
	failures := make(chan string, 16)
	for n := range 16 {
		cmd := installAndSwitch(t, dir, 3+n%2, set(t, string(rune('a'+n))), "")
		all.Go(func() {
			if _, err := attempt(t, cmd); err != nil {
				failures <- err.Error()
			}
		})
	}
	all.Wait()
	close(failures)
	failed := 0
	for why := range failures {
		failed++
		if !strings.Contains(why, "another command changes "+dir) && !strings.Contains(why, "differ") && !strings.Contains(why, "other files") {
			t.Errorf("one says %s", why)
		}
	}
	if failed == 16 {
		t.Error("nobody laid a set down")
	}
	isWhole(t, dir)
}

// TestACommandThatIsAskedToEnd gets SIGTERM with all that it started, at several moments of its input.
func TestACommandThatIsAskedToEnd(t *testing.T) {
	for _, part := range []int{0, 1, 512, 1024, 2048} {
		dir := twoVersions(t)
		sh(t, line(fileset.Switch(dir, 1)))
		archive, err := fileset.Pack(set(t, "three"))
		must(t, err)
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", fileset.InstallAndSwitch(dir, 3, "").String())
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		in, err := cmd.StdinPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = in.Write(archive[:min(part, len(archive))])
		must(t, err)
		must(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM))
		must(t, in.Close())
		if err := cmd.Wait(); err == nil {
			t.Errorf("after %d bytes it ended well", part)
		}
		if got, err := os.Readlink(filepath.Join(dir, "current")); err != nil || got != "versions/1" {
			t.Errorf("after %d bytes current is %s, %v", part, got, err)
		}
		isWhole(t, dir)
		sh(t, installAndSwitch(t, dir, 3, set(t, "three again"), ""))
	}
}

// isWhole looks at each version that has a version's name, and at the link.
func isWhole(t *testing.T, dir string) {
	t.Helper()
	state := look(t, dir, "")
	versions, _ := state.Versions.Get()
	for _, version := range versions {
		for _, name := range fileset.Names() {
			if file, known := version.File(name).Get(); !name.Optional() && (!known || file.Kind != fileset.Regular) {
				t.Errorf("version %d has no %s: %v", version.Number, name, version.File(name))
			}
		}
	}
	if link, known := state.Current.Get(); !known {
		t.Errorf("current is %v", state.Current)
	} else if _, ok := link.Version(); !ok {
		t.Errorf("current is %+v", link)
	}
}
