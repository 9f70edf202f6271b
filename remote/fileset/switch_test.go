package fileset_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/shell"
)

func line(l shell.Line) remote.Command { return remote.Command{Line: l} }

// twoVersions is a folder with versions 1 and 2, and no current.
func twoVersions(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(place(t, ""), "my ssl")
	sh(t, install(t, dir, 1, set(t, "one"), ""))
	sh(t, install(t, dir, 2, set(t, "two"), ""))
	return dir
}

func target(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.Readlink(filepath.Join(dir, "current"))
	must(t, err)
	return text
}

func TestSwitchAndBack(t *testing.T) {
	dir := twoVersions(t)
	for _, version := range []int{1, 2, 1} {
		sh(t, line(fileset.Switch(dir, version)))
		if got := target(t, dir); got != "versions/"+string(rune('0'+version)) {
			t.Errorf("current points to %s", got)
		}
	}
	before := snapshot(t, dir)
	sh(t, line(fileset.Switch(dir, 1)))
	if snapshot(t, dir) != before {
		t.Error("switching to the same version changed something")
	}
	must(t, os.Symlink("x", filepath.Join(dir, ".current.next"))) // left by a run that was killed
	sh(t, line(fileset.Switch(dir, 2)))
	if target(t, dir) != "versions/2" {
		t.Error("a leftover is in the way")
	}
	sh(t, line(fileset.Unswitch(dir)))
	if _, err := os.Lstat(filepath.Join(dir, "current")); !os.IsNotExist(err) {
		t.Errorf("current is still there: %v", err)
	}
	sh(t, line(fileset.Unswitch(dir)))
	sh(t, line(fileset.Unswitch(filepath.Join(dir, "none"))))
}

func TestSwitchRefuses(t *testing.T) {
	dir := twoVersions(t)
	refused(t, line(fileset.Switch(dir, 3)), "versions/3", "not a directory")
	must(t, os.Remove(filepath.Join(dir, "versions/2/key.pem")))
	refused(t, line(fileset.Switch(dir, 2)), "versions/2 is not complete", "key.pem")
	must(t, os.Mkdir(filepath.Join(dir, "current"), 0o755))
	refused(t, line(fileset.Switch(dir, 1)), "current is not a symbolic link")
	refused(t, line(fileset.Unswitch(dir)), "current is not a symbolic link")
	must(t, os.Chmod(dir, 0o777))
	refused(t, line(fileset.Switch(dir, 1)), "may be written")
}
