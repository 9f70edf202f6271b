package fileset_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
)

func installAndSwitch(t *testing.T, dir string, version int, files fileset.Files, owner string) remote.Command {
	t.Helper()
	archive, err := fileset.Pack(files)
	must(t, err)
	return remote.Command{Line: fileset.InstallAndSwitch(dir, version, owner), Stdin: bytes.NewReader(archive)}
}

// endsWith runs a command that has to end with this status and one sentence that tells the part.
func endsWith(t *testing.T, cmd remote.Command, code int, part string) {
	t.Helper()
	_, err := attempt(t, cmd)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Code != code || !strings.Contains(failed.Stderr, part) || strings.Count(failed.Stderr, "\n") != 1 {
		t.Errorf("got %v, want the status %d and %q", err, code, part)
	}
}

func TestInstallAndSwitch(t *testing.T) {
	dir := filepath.Join(place(t, ""), "my ssl")
	one, two := set(t, "one"), set(t, "two")
	sh(t, installAndSwitch(t, dir, 1, one, ""))
	if got := target(t, dir); got != "versions/1" {
		t.Errorf("current points to %s", got)
	}
	before := snapshot(t, dir)
	sh(t, installAndSwitch(t, dir, 1, one, ""))
	if after := snapshot(t, dir); after != before {
		t.Errorf("the same again changed something:\n%s\n%s", before, after)
	}
	endsWith(t, installAndSwitch(t, dir, 1, two, ""), 1, "holds other files")
	endsWith(t, remote.Command{Line: fileset.InstallAndSwitch(dir, 2, "")}, 1, "did not arrive whole")
	if after := snapshot(t, filepath.Join(dir, "versions", "1")); !strings.Contains(before, after) || target(t, dir) != "versions/1" {
		t.Error("a refusal changed something")
	}
	sh(t, install(t, dir, 2, two, ""))
	sh(t, installAndSwitch(t, dir, 2, two, ""))
	sh(t, line(fileset.Switch(dir, 1)))
	sh(t, installAndSwitch(t, dir, 2, two, ""))
	if got := target(t, dir); got != "versions/2" {
		t.Errorf("current points to %s", got)
	}
}

func TestInstallAndSwitchLetsTheOwnerReadFirst(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can try it as another user")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	one := set(t, "one")
	sh(t, installAndSwitch(t, dir, 1, one, "nobody"))
	sh(t, installAndSwitch(t, dir, 1, one, "nobody"))
	sh(t, installAndSwitch(t, dir, 2, set(t, "two"), "root"))
	must(t, os.Chmod(filepath.Dir(dir), 0o700))
	endsWith(t, installAndSwitch(t, dir, 3, set(t, "three"), "nobody"), fileset.ExitUnreadable, "nobody cannot read "+dir+"/versions/3")
	endsWith(t, installAndSwitch(t, dir, 1, one, "nobody"), fileset.ExitUnreadable, "cannot read")
	sh(t, installAndSwitch(t, dir, 4, set(t, "four"), "root"))
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	endsWith(t, installAndSwitch(t, dir, 5, set(t, "five"), "nosuchuser"), 1, "nosuchuser")
	endsWith(t, installAndSwitch(t, dir, 1, one, "nosuchuser"), fileset.ExitNotSwitched, "nosuchuser")
	if got := target(t, dir); got != "versions/4" {
		t.Errorf("current points to %s", got)
	}
	if versions := known(t, look(t, dir, "root").Versions); len(versions) != 4 {
		t.Errorf("there are %v", versions)
	}
}

func TestInstallAndSwitchAsAPlainUser(t *testing.T) {
	if !isRoot() {
		t.Skip("every other test runs as a plain user already")
	}
	dir := filepath.Join(place(t, "nobody"), "ssl")
	for version, owner := range []string{"nobody", ""} {
		cmd := installAndSwitch(t, dir, version+1, set(t, owner), owner)
		cmd.Line = cmd.Line.AsUser("nobody")
		sh(t, cmd)
	}
	cmd := installAndSwitch(t, dir, 3, set(t, "three"), "daemon")
	cmd.Line = cmd.Line.AsUser("nobody")
	endsWith(t, cmd, fileset.ExitNotSwitched, "only root can")
	if got := target(t, dir); got != "versions/2" {
		t.Errorf("current points to %s", got)
	}
}

func TestInstallAndSwitchWhereTheLinkCannotBe(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	must(t, os.MkdirAll(filepath.Join(dir, "current"), 0o755))
	endsWith(t, installAndSwitch(t, dir, 1, set(t, "one"), ""), fileset.ExitNotSwitched, "current is not a symbolic link")
	if _, err := os.Stat(filepath.Join(dir, "versions", "1", "key.pem")); err != nil {
		t.Error(err)
	}
}

// murderous makes the nth program that a script starts kill the whole script, before or after its own work. It gives the folder to put
// first in PATH, and tells whether there were fewer.
func murderous(t *testing.T, nth int, after bool) (first string, done func() bool) {
	t.Helper()
	folder := place(t, "")
	log := filepath.Join(folder, "log")
	must(t, os.WriteFile(log, nil, 0o600))
	must(t, os.Chmod(log, 0o666))
	for _, name := range []string{"chown", "ln", "ls", "mkdir", "mv", "readlink", "rm", "setpriv", "sha256sum", "stat", "sync", "tar"} {
		path, err := exec.LookPath(name)
		must(t, err)
		kill := fmt.Sprintf("echo >>%s; if [ $(wc -l <%s) -eq %d ]; then kill -9 0; fi", log, log, nth)
		text := fmt.Sprintf("#!/bin/sh\n%s\nexec %s \"$@\"\n", kill, path)
		if after {
			text = fmt.Sprintf("#!/bin/sh\n%s \"$@\"\nended=$?\n%s\nexit $ended\n", path, kill)
		}
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		must(t, os.Chmod(filepath.Join(folder, name), 0o755))
	}
	return folder, func() bool {
		text, err := os.ReadFile(log)
		must(t, err)
		return len(text) < nth
	}
}

// soundSets checks that every version is complete, and that current points to one.
func soundSets(t *testing.T, dir string, sets ...fileset.Files) {
	t.Helper()
	for number, files := range sets {
		folder := filepath.Join(dir, "versions", fmt.Sprint(number+1))
		if _, err := os.Lstat(folder); os.IsNotExist(err) {
			continue
		}
		for name, want := range map[string]string{"ca.pem": string(files.CA), "cert.pem": string(files.Cert), "key.pem": files.Key.Reveal()} {
			if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
				t.Errorf("%s/%s holds %q, %v", folder, name, got, err)
			}
		}
	}
	if _, err := os.Readlink(filepath.Join(dir, "current")); os.IsNotExist(err) {
		return
	}
	if _, err := os.Stat(filepath.Join(dir, "current", "key.pem")); err != nil {
		t.Errorf("current points to nothing: %v", err)
	}
}

func TestInstallAndSwitchThatIsKilledAnywhere(t *testing.T) {
	one, two := set(t, "one"), set(t, "two")
	usual := os.Getenv("PATH")
	owner := ""
	if isRoot() {
		owner = "nobody"
	}
	for _, after := range []bool{false, true} {
		done := false
		for nth := 1; !done && nth < 50; nth++ {
			dir := filepath.Join(place(t, ""), "ssl")
			lay(t, dir, 1, map[fileset.Name]string{fileset.CA: string(one.CA), fileset.Cert: string(one.Cert), fileset.Key: one.Key.Reveal()})
			must(t, os.Symlink("versions/1", filepath.Join(dir, "current")))
			folder, ended := murderous(t, nth, after)
			t.Setenv("PATH", folder+":"+usual)
			_, err := attempt(t, installAndSwitch(t, dir, 2, two, owner))
			t.Setenv("PATH", usual)
			done = ended()
			if killed := err != nil; killed == done {
				t.Errorf("at program %d, after its work: %t: %v", nth, after, err)
			}
			soundSets(t, dir, one, two)
			sh(t, installAndSwitch(t, dir, 2, two, owner))
			soundSets(t, dir, one, two)
			if entries, err := os.ReadDir(filepath.Join(dir, "versions")); err != nil || len(entries) != 2 || target(t, dir) != "versions/2" {
				t.Errorf("after the second run there are %v, %v", entries, err)
			}
		}
		if !done {
			t.Error("the script never came to its end")
		}
	}
}

func TestInstallAndSwitchStartsFewPrograms(t *testing.T) {
	if !isRoot() {
		t.Skip("as a plain user it starts fewer")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, installAndSwitch(t, dir, 1, set(t, "one"), "nobody"))
	log := programs(t)
	sh(t, installAndSwitch(t, dir, 2, set(t, "two"), "nobody"))
	got := slices.DeleteFunc(log(), func(name string) bool { return name == "restorecon" })
	want := []string{"stat", "mkdir", "tar", "sha256sum", "chown", "sync", "mv", "sync", "getent", "setpriv", "stat", "ln", "mv", "sync"}
	if !slices.Equal(got, want) {
		t.Errorf("it started %v", got)
	}
}
