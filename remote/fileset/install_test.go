package fileset_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/shell"
)

func TestInstallLaysDownACompleteVersion(t *testing.T) {
	dir := filepath.Join(place(t, ""), "etc", "mysql-ssl")
	files := set(t, "one")
	sh(t, install(t, dir, 3, files, ""))
	for name, want := range map[string]string{
		"ca.pem": string(files.CA), "cert.pem": string(files.Cert), "key.pem": files.Key.Reveal(),
	} {
		got, err := os.ReadFile(filepath.Join(dir, "versions", "3", name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for path, want := range map[string]os.FileMode{
		"..": 0o755, ".": 0o755, "versions": 0o755, "versions/3": 0o755,
		"versions/3/ca.pem": 0o644, "versions/3/cert.pem": 0o644, "versions/3/key.pem": 0o600,
	} {
		if got := mode(t, filepath.Join(dir, path)).Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "versions"))
	if err != nil || len(entries) != 1 {
		t.Errorf("versions holds %v, %v", entries, err)
	}
}

func TestInstallGivesTheFilesToTheirOwner(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can give files away")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), "nobody"))
	version := filepath.Join(dir, "versions", "1")
	for path, want := range map[string]string{"key.pem": "nobody", "ca.pem": "nobody", ".": "root"} {
		if got := sh(t, remote.Command{Line: shell.Words("stat", "-c", "%U", filepath.Join(version, path))}); got != want+"\n" {
			t.Errorf("%s belongs to %q, want %s", path, got, want)
		}
	}
	refused(t, install(t, dir, 2, set(t, "two"), "nosuchuser"), "nosuchuser")
	if _, err := os.Lstat(filepath.Join(dir, "versions", ".2.partial")); !os.IsNotExist(err) {
		t.Errorf("a part is left: %v", err)
	}
}

func TestInstallAsAPlainUser(t *testing.T) {
	if !isRoot() {
		t.Skip("every other test runs as a plain user already")
	}
	dir := filepath.Join(place(t, "nobody"), "ssl")
	cmd := install(t, dir, 1, set(t, "one"), "mysql")
	cmd.Line = cmd.Line.AsUser("nobody")
	sh(t, cmd)
	sh(t, remote.Command{Line: fileset.Switch(dir, 1).AsUser("nobody")})
	state := lookBy(t, fileset.Look(dir, "nobody").AsUser("nobody"))
	versions, _ := state.Versions.Get()
	file, _ := versions[0].Key.Get()
	if file.Owner != "nobody" || file.Readable.String() != "true" {
		t.Errorf("got %+v", file)
	}
	inRoot := filepath.Join(place(t, ""), "ssl")
	cmd = install(t, inRoot, 1, set(t, "one"), "")
	cmd.Line = cmd.Line.AsUser("nobody")
	refused(t, cmd, inRoot, "Permission denied")
}

func TestTheSameVersionAgainChangesNothing(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	files := set(t, "one")
	sh(t, install(t, dir, 1, files, ""))
	before := snapshot(t, dir)
	sh(t, install(t, dir, 1, files, ""))
	if after := snapshot(t, dir); after != before {
		t.Errorf("it changed:\n%s\n%s", before, after)
	}
	refused(t, install(t, dir, 1, set(t, "other"), ""), "versions/1", "other files")
	moved := files // the same bytes in a row, cut at another place
	moved.CA, moved.Cert = files.CA[:3], append(append([]byte{}, files.CA[3:]...), files.Cert...)
	refused(t, install(t, dir, 1, moved, ""), "other files")
	refused(t, remote.Command{Line: fileset.Install(dir, 1, "")}, "other files")
	if after := snapshot(t, dir); after != before {
		t.Error("a refusal changed something")
	}
}

func TestInstallRefusesUnsoundPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(dir string) error
		part  string
	}{
		"a file":                  {func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, "is not a directory"},
		"a link":                  {func(dir string) error { return os.Symlink(filepath.Dir(dir), dir) }, "is a symbolic link"},
		"a dangling link":         {func(dir string) error { return os.Symlink("/nonexistent", dir) }, "is a symbolic link"},
		"writable by all":         {func(dir string) error { return mkdirs(0o777, dir) }, "may be written"},
		"sticky, writable by all": {func(dir string) error { return mkdirs(0o777|os.ModeSticky, dir) }, "may be written"},
		"versions writable":       {func(dir string) error { return mkdirs(0o757, dir, dir+"/versions") }, "versions may be written"},
		"versions is a file": {func(dir string) error {
			return first(mkdirs(0o755, dir), os.WriteFile(dir+"/versions", nil, 0o600))
		}, "versions is not a directory"},
		"versions is a link": {func(dir string) error {
			return first(mkdirs(0o755, dir), os.Symlink("/tmp", dir+"/versions"))
		}, "versions is a symbolic link"},
		"the version is a link": {func(dir string) error {
			return first(mkdirs(0o755, dir, dir+"/versions"), os.Symlink("/tmp", dir+"/versions/1"))
		}, "is a symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(place(t, ""), "ssl")
			must(t, c.plant(dir))
			before := snapshot(t, filepath.Dir(dir))
			refused(t, install(t, dir, 1, set(t, "one"), ""), dir, c.part)
			if after := snapshot(t, filepath.Dir(dir)); after != before {
				t.Errorf("the refusal changed something:\n%s\n%s", before, after)
			}
		})
	}
}

// mkdirs makes folders, the last with this mode.
func mkdirs(mode os.FileMode, paths ...string) error {
	for _, path := range paths {
		if err := first(os.Mkdir(path, 0o755)); err != nil {
			return err
		}
	}
	return os.Chmod(paths[len(paths)-1], mode)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestAnArchiveThatWasCutShortLeavesNothing(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	archive, err := fileset.Pack(set(t, "one"))
	must(t, err)
	for size := 0; size < bytes.Index(archive, []byte("-----END")); size += 150 {
		cmd := remote.Command{Line: fileset.Install(dir, 1, ""), Stdin: bytes.NewReader(archive[:size])}
		refused(t, cmd, "the files did not arrive whole")
		entries, err := os.ReadDir(filepath.Join(dir, "versions"))
		if err != nil || len(entries) != 0 {
			t.Errorf("after %d bytes versions holds %v, %v", size, entries, err)
		}
	}
}

func TestALeftoverIsReplaced(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	part := filepath.Join(dir, "versions", ".1.partial")
	must(t, os.MkdirAll(part, 0o755))
	must(t, os.WriteFile(filepath.Join(part, "junk"), []byte("x"), 0o600))
	sh(t, install(t, dir, 1, set(t, "one"), ""))
	entries, err := os.ReadDir(filepath.Join(dir, "versions", "1"))
	if err != nil || len(entries) != 3 {
		t.Errorf("the version holds %v, %v", entries, err)
	}
	victim := filepath.Join(filepath.Dir(dir), "victim")
	must(t, mkdirs(0o755, victim))
	must(t, os.Symlink(victim, filepath.Join(dir, "versions", ".2.partial")))
	sh(t, install(t, dir, 2, set(t, "two"), ""))
	if entries, err := os.ReadDir(victim); err != nil || len(entries) != 0 {
		t.Errorf("the link was followed: %v, %v", entries, err)
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for name, line := range map[string]shell.Line{
		"relative": fileset.Install("ssl", 1, ""), "slash": fileset.Install("/etc/ssl/", 1, ""), "dots": fileset.Look("/etc/../ssl", ""),
		"root": fileset.Unswitch("/"), "empty": fileset.Look("", ""), "version 0": fileset.Switch("/x", 0),
		"version -1": fileset.Switch("/x", -1), "huge": fileset.Install("/x", 1_000_000_000, ""), "owner": fileset.Install("/x", 1, "-R"),
		"reader": fileset.Look("/x", "-l"), "NUL": fileset.Look("/x\x00", ""),
	} {
		if line.Err() == nil {
			t.Errorf("%s: %s", name, line)
		}
	}
	if _, err := fileset.Pack(fileset.Files{CA: []byte("x"), Key: secret.New("x")}); err == nil {
		t.Error("an incomplete set is packed")
	}
}

// halfway gives a part of the archive, tells so, and then nothing more.
type halfway struct {
	part  *bytes.Reader
	given chan struct{}
	stop  chan struct{}
}

func (h *halfway) Read(buffer []byte) (int, error) {
	if h.part.Len() > 0 {
		return h.part.Read(buffer)
	}
	close(h.given)
	<-h.stop
	return 0, io.EOF
}

func TestInstallThatIsKilledHalfWay(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	files := set(t, "one")
	archive, err := fileset.Pack(files)
	must(t, err)
	host := remotetest.NewLocal("here")
	input := &halfway{part: bytes.NewReader(archive[:1200]), given: make(chan struct{}), stop: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-input.given
		cancel() // Local kills by SIGKILL
	}()
	if _, err := host.Run(ctx, remote.Command{Line: fileset.Install(dir, 1, ""), Stdin: input}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(input.stop)
	must(t, host.Close())
	if _, err := os.Lstat(filepath.Join(dir, "versions", "1")); !os.IsNotExist(err) {
		t.Errorf("half a version is there: %v", err)
	}
	sh(t, install(t, dir, 1, files, ""))
	entries, err := os.ReadDir(filepath.Join(dir, "versions"))
	if err != nil || len(entries) != 1 {
		t.Errorf("versions holds %v, %v", entries, err)
	}
}
