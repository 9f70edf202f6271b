package fileset_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
)

// onMount runs a command where its folder is a small file system that only it sees, and tells what it says and what stands there then.
func onMount(t *testing.T, root, options string, cmd remote.Command) (said, left string, err error) {
	t.Helper()
	script := `mount -t tmpfs -o "$2" tmpfs "$1" && { [ -z "$3" ] || mount -o remount,ro "$1"; } && eval "$4"
ended=$?
echo "=== left ==="
cd "$1" && find . -mindepth 1 | sort
exit $ended`
	options, readOnly := strings.CutSuffix(options, ",ro")
	mark := ""
	if readOnly {
		mark = "ro"
	}
	run := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", script, "sh", root, options, mark, cmd.Line.String())
	run.Stdin = cmd.Stdin
	out, err := run.CombinedOutput()
	said, left, _ = strings.Cut(string(out), "=== left ===\n")
	return said, left, err
}

func TestAFileSystemThatIsFullOrReadOnly(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can mount a file system")
	}
	for options, c := range map[string]struct {
		part string
		left string
	}{
		"nr_blocks=1":             {"No space left on device", "./ssl\n./ssl/versions\n"}, // cert.pem does not fit
		"nr_blocks=2":             {"No space left on device", "./ssl\n./ssl/versions\n"}, // key.pem does not fit
		"nr_inodes=1":             {"No space left on device", ""},
		"nr_inodes=3":             {"No space left on device", "./ssl\n./ssl/versions\n"},
		"nr_inodes=5":             {"No space left on device", "./ssl\n./ssl/versions\n"},
		"nr_inodes=6":             {"No space left on device", "./ssl\n./ssl/versions\n"},
		"size=1m,ro":              {"Read-only file system", ""},
		"nr_blocks=3,nr_inodes=7": {"No space left on device", "./ssl\n./ssl/versions\n./ssl/versions/1\n./ssl/versions/1/ca.pem\n./ssl/versions/1/cert.pem\n./ssl/versions/1/key.pem\n"},
		"nr_blocks=3,nr_inodes=8": {"", "./ssl\n./ssl/current\n./ssl/versions\n./ssl/versions/1\n./ssl/versions/1/ca.pem\n./ssl/versions/1/cert.pem\n./ssl/versions/1/key.pem\n"},
	} {
		t.Run(options, func(t *testing.T) {
			root := place(t, "")
			said, left, err := onMount(t, root, options, installAndSwitch(t, filepath.Join(root, "ssl"), 1, set(t, "one"), "nobody"))
			if (err != nil) != (c.part != "") || !strings.Contains(said, c.part) || strings.Count(strings.TrimSpace(said), "\n") != 0 {
				t.Errorf("it says %q, %v", said, err)
			}
			if c.part != "" && !strings.Contains(said, root) && !strings.Contains(said, ".pem") {
				t.Errorf("%q does not tell where", said)
			}
			if left != c.left {
				t.Errorf("there is left:\n%s", left)
			}
		})
	}
}

func TestAFolderOnTheWayThatOthersMayWriteTo(t *testing.T) {
	root := place(t, "")
	way := filepath.Join(root, "way")
	must(t, mkdirs(0o777, way))
	cmd := func() remote.Command { return install(t, filepath.Join(way, "deep", "ssl"), 1, set(t, "one"), "") }
	refused(t, cmd(), way+", which leads to", "may be written by others")
	if entries, err := os.ReadDir(way); err != nil || len(entries) != 0 {
		t.Errorf("it made %v, %v", entries, err)
	}
	must(t, os.Chmod(way, 0o777|os.ModeSticky)) // there, nobody can replace what another made
	sh(t, cmd())
	if got := mode(t, filepath.Join(way, "deep")).Perm(); got != 0o755 {
		t.Errorf("a parent that was missing has the mode %v", got)
	}
	must(t, os.Chmod(filepath.Join(way, "deep", "ssl"), 0o777|os.ModeSticky))
	refused(t, cmd(), "ssl may be written by others")
}

func TestTheFirstFolderThatBarsTheWayIsTold(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can try it as another user")
	}
	root := place(t, "")
	bar := filepath.Join(root, "a b", "closed")
	must(t, os.MkdirAll(bar, 0o755))
	must(t, os.Chmod(bar, 0o700))
	cmd := installAndSwitch(t, filepath.Join(bar, "closed too", "ssl"), 1, set(t, "one"), "nobody")
	endsWith(t, cmd, fileset.ExitUnreadable, fmt.Sprintf("it may not pass %s (drwx------ root:root)", bar))
}

func TestAPathThatServersWouldCut(t *testing.T) {
	fits := "/" + strings.Repeat("x", 511-len("//versions/999999999/cert.pem"))
	if err := fileset.Look(fits, "").Err(); err != nil {
		t.Error(err)
	}
	if err := fileset.Look(fits+"x", "").Err(); err == nil || !strings.Contains(err.Error(), "511 bytes") {
		t.Errorf("got %v", err)
	}
}

// TestOneCommandAtATime holds the lock as a command that is under way does.
func TestOneCommandAtATime(t *testing.T) {
	dir := twoVersions(t)
	sh(t, line(fileset.Switch(dir, 1)))
	before := snapshot(t, dir)
	folder, err := os.Open(filepath.Join(dir, "versions"))
	must(t, err)
	hold := exec.CommandContext(t.Context(), "flock", "3")
	hold.ExtraFiles = []*os.File{folder} // the lock belongs to what was opened, and outlives the program
	must(t, hold.Run())
	for name, cmd := range map[string]remote.Command{
		"install": install(t, dir, 3, set(t, "three"), ""), "both": installAndSwitch(t, dir, 3, set(t, "three"), ""),
		"switch": line(fileset.Switch(dir, 2)), "repair": line(fileset.Repair(dir, 1, "")), "prune": line(fileset.Prune(dir, 1)),
	} {
		t.Run(name, func(t *testing.T) { refused(t, cmd, "another command changes "+dir) })
	}
	if after := snapshot(t, dir); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
	must(t, folder.Close())
	sh(t, line(fileset.Switch(dir, 2)))
}

func TestRepairFollowsNoLink(t *testing.T) {
	for name, plant := range map[string]func(dir, victim string) error{
		"a file": func(dir, victim string) error {
			return first(os.Remove(dir+"/versions/1/cert.pem"), os.Symlink(victim, dir+"/versions/1/cert.pem"))
		},
		"a second name": func(dir, victim string) error {
			return first(os.Remove(dir+"/versions/1/cert.pem"), os.Link(victim, dir+"/versions/1/cert.pem"))
		},
		"the version": func(dir, victim string) error {
			return first(os.Rename(dir+"/versions/1", filepath.Dir(victim)+"/1"), os.Symlink(filepath.Dir(victim)+"/1", dir+"/versions/1"))
		},
		"the versions": func(dir, victim string) error {
			return first(os.Rename(dir+"/versions", filepath.Dir(victim)+"/v"), os.Symlink(filepath.Dir(victim)+"/v", dir+"/versions"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := place(t, "")
			dir, victim := filepath.Join(root, "ssl"), filepath.Join(root, "victim")
			sh(t, install(t, dir, 1, set(t, "one"), ""))
			must(t, os.WriteFile(victim, []byte("x"), 0o600))
			must(t, plant(dir, victim))
			before := snapshot(t, victim)
			refused(t, line(fileset.Repair(dir, 1, "")), "versions")
			if after := snapshot(t, victim); after != before {
				t.Errorf("the victim changed:\n%s\n%s", before, after)
			}
		})
	}
}

func TestWhatPruneRefuses(t *testing.T) {
	dir := twoVersions(t)
	sh(t, line(fileset.Switch(dir, 1)))
	before := snapshot(t, dir)
	refused(t, line(fileset.Prune(dir, 2)), "points to versions/1, which would not be kept")
	if after := snapshot(t, dir); after != before {
		t.Error("something changed")
	}
	must(t, os.Mkdir(filepath.Join(dir, "versions", "old"), 0o755))
	must(t, os.Mkdir(filepath.Join(dir, "versions", "02"), 0o755))
	must(t, os.Symlink("/etc", filepath.Join(dir, "versions", "3")))
	refused(t, line(fileset.Prune(dir, 1, 2)), "versions/3 is not a directory")
	must(t, os.Remove(filepath.Join(dir, "versions", "3")))
	sh(t, line(fileset.Prune(dir, 1)))
	entries, err := os.ReadDir(filepath.Join(dir, "versions"))
	if err != nil || len(entries) != 3 {
		t.Errorf("there are %v, %v", entries, err)
	}
	if fileset.Prune(dir).Err() == nil || fileset.Prune(dir, 0).Err() == nil {
		t.Error("arguments that make no sense are taken")
	}
}

// TestLabelsComeBeforeTheRename has a restorecon that tells what stood there when it was called.
func TestLabelsComeBeforeTheRename(t *testing.T) {
	tools := place(t, "")
	log := filepath.Join(tools, "log")
	text := fmt.Sprintf("#!/bin/sh\nfor last; do :; done\necho \"$* $(ls -A \"$last/..\")\" | tr '\\n' ' ' >>%s\n", log)
	must(t, os.WriteFile(filepath.Join(tools, "restorecon"), []byte(text), 0o600))
	must(t, os.Chmod(filepath.Join(tools, "restorecon"), 0o755))
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, installAndSwitch(t, dir, 1, set(t, "one"), ""))
	told, err := os.ReadFile(log)
	must(t, err)
	if want := fmt.Sprintf("-R %s/versions/.1.partial .1.partial ", dir); string(told) != want {
		t.Errorf("got %q", told)
	}
	must(t, os.Truncate(log, 0))
	sh(t, line(fileset.Repair(dir, 1, "")))
	if told, _ := os.ReadFile(log); !strings.HasPrefix(string(told), fmt.Sprintf("-R %s/versions/1 ", dir)) {
		t.Errorf("got %q", told)
	}
}

// TestNoFolderOfSomebodyElseIsTrusted gives each folder to another user, and each on the way to another group.
func TestNoFolderOfSomebodyElseIsTrusted(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can give folders away")
	}
	for _, name := range []string{"", "versions"} {
		dir := filepath.Join(place(t, ""), "ssl")
		sh(t, install(t, dir, 1, set(t, "one"), ""))
		must(t, os.Chown(filepath.Join(dir, name), 65534, -1))
		refused(t, install(t, dir, 2, set(t, "two"), "nobody"), filepath.Join(dir, name)+" belongs to the user nobody", "chown root")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	must(t, first(mkdirs(0o775, dir), os.Chown(dir, 0, 65534), os.Chmod(dir, 0o775)))
	refused(t, install(t, dir, 1, set(t, "one"), ""), dir+" may be written by its group", "chmod g-w "+dir)
	parent := place(t, "")
	must(t, os.Chown(parent, 0, 65534))
	must(t, os.Chmod(parent, 0o775))
	refused(t, install(t, filepath.Join(parent, "ssl"), 1, set(t, "one"), ""), parent+", which leads to", "may be written by its group")
	must(t, os.Chown(parent, 0, 0))
	sh(t, install(t, filepath.Join(parent, "ssl"), 1, set(t, "one"), ""))
}
