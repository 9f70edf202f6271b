package file_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func attempt(t *testing.T, cmd remote.Command) ([]byte, error) {
	t.Helper()
	out, err := remotetest.RunLocal(t.Context(), cmd)
	return out.Stdout, err
}

func read(t *testing.T, line shell.Line) seen.Value[file.Content] {
	t.Helper()
	out, err := attempt(t, remote.Command{Line: line, Confidential: true})
	must(t, err)
	found, err := file.ParseReadMany(out)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("got %v", found)
	}
	files, _ := found[0].Get()
	if len(files) != 1 {
		t.Fatalf("got %v", found[0])
	}
	return files[0].Content
}

func one(name string) shell.Line { return file.ReadMany(file.One(name)) }

func refused(t *testing.T, cmd remote.Command, part string) {
	t.Helper()
	_, err := attempt(t, cmd)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || !strings.Contains(failed.Stderr, part) || strings.Count(failed.Stderr, "\n") != 1 {
		t.Errorf("got %v, want it to tell %q in one line", err, part)
	}
}

// place is a folder that every user may enter.
func place(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "file")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755))
	return folder
}

func TestWriteThenRead(t *testing.T) {
	name := filepath.Join(place(t), "my file.cnf")
	for _, text := range []string{"", "[mysqld]\nssl\n", "no newline", "\x00\xff\n\n", strings.Repeat("x", file.MaxSize)} {
		_, err := attempt(t, file.Write(name, secret.New(text), file.Attributes{Mode: 0o640}))
		must(t, err)
		content, ok := read(t, one(name)).Get()
		if !ok || content.Text.Reveal() != text || content.Mode != 0o640 || content.Owner == "" || content.Group == "" {
			t.Errorf("%.20q came back as %.20q %v", text, content.Text.Reveal(), content)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestWriteGivesTheFileAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	name := filepath.Join(place(t), "x")
	_, err := attempt(t, file.Write(name, secret.New("x"), file.Attributes{Mode: 0o600, Owner: "nobody:daemon"}))
	must(t, err)
	if content, _ := read(t, one(name)).Get(); content.Owner != "nobody" || content.Group != "daemon" {
		t.Errorf("got %+v", content)
	}
	refused(t, file.Write(name, secret.New("y"), file.Attributes{Mode: 0o600, Owner: "nosuchuser"}), "nosuchuser")
	if content, _ := read(t, one(name)).Get(); content.Text.Reveal() != "x" {
		t.Error("a failed write changed the file")
	}
}

func TestReadTellsAbsentFromUnreadable(t *testing.T) {
	folder := place(t)
	if got := read(t, one(filepath.Join(folder, "none"))); !got.IsAbsent() {
		t.Errorf("got %v", got)
	}
	must(t, os.Symlink("nowhere", filepath.Join(folder, "dangling")))
	must(t, os.WriteFile(filepath.Join(folder, "real"), []byte("x"), 0o600))
	must(t, os.Symlink("real", filepath.Join(folder, "link")))
	must(t, os.WriteFile(filepath.Join(folder, "large"), make([]byte, file.MaxSize+1), 0o600))
	for name, why := range map[string]string{
		folder: "not a regular file", folder + "/dangling": "link cannot be followed", folder + "/real/x": "Not a directory",
		folder + "/large": "too large", "/dev/null": "not a regular file",
	} {
		if got := read(t, one(name)); !got.IsUnknown() || !strings.Contains(got.Why(), why) {
			t.Errorf("%s: got %v, want %q", name, got, why)
		}
	}
	if content, ok := read(t, one(folder+"/link")).Get(); !ok || content.Text.Reveal() != "x" || content.Mode != 0o600 {
		t.Errorf("through a link: %+v", content)
	}
	if os.Geteuid() != 0 {
		return
	}
	if got := read(t, one(folder+"/real").AsUser("nobody")); !strings.Contains(got.Why(), "Permission denied") {
		t.Errorf("got %v", got)
	}
	must(t, os.Chmod(folder, 0o700))
	if got := read(t, one(folder+"/none").AsUser("nobody")); !strings.Contains(got.Why(), "Permission denied") {
		t.Errorf("behind a closed folder: %v", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	folder := place(t)
	name := filepath.Join(folder, "x")
	plain := file.Attributes{Mode: 0o600}
	must(t, os.WriteFile(filepath.Join(folder, "real"), []byte("keep"), 0o600))
	must(t, os.Symlink("real", filepath.Join(folder, "link")))
	refused(t, file.Write(folder+"/link", secret.New("y"), plain), "symbolic link")
	refused(t, file.Write(folder, secret.New("y"), plain), "not a regular file")
	refused(t, file.Write(folder+"/none/x", secret.New("y"), plain), "no directory")
	open := filepath.Join(folder, "open")
	must(t, os.Mkdir(open, 0o755))
	for _, mode := range []fs.FileMode{0o757, 0o777 | fs.ModeSticky} {
		must(t, os.Chmod(open, mode))
		refused(t, file.Write(open+"/x", secret.New("y"), plain), "may be written by others")
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(open, 0, 65534))
		must(t, os.Chmod(open, 0o775))
		refused(t, file.Write(open+"/x", secret.New("y"), plain), "may be written by its group")
	}
	must(t, os.Remove(open))
	short := file.Write(name, secret.New("a longer text"), plain)
	short.Stdin = io.LimitReader(short.Stdin, 4)
	refused(t, short, "did not arrive whole")
	if text, err := os.ReadFile(folder + "/real"); err != nil || string(text) != "keep" {
		t.Errorf("it wrote through the link: %q, %v", text, err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("left over: %v", entries)
	}
}

func TestWriteDoesNotFollowAPlantedName(t *testing.T) {
	folder := place(t)
	must(t, os.WriteFile(folder+"/victim", []byte("keep"), 0o600))
	must(t, os.Symlink("victim", folder+"/.x.replssl"))
	_, err := attempt(t, file.Write(folder+"/x", secret.New("new"), file.Attributes{Mode: 0o600}))
	must(t, err)
	if text, err := os.ReadFile(folder + "/victim"); err != nil || string(text) != "keep" {
		t.Errorf("it followed the link: %q, %v", text, err)
	}
}

func TestRemove(t *testing.T) {
	folder := place(t)
	must(t, os.WriteFile(folder+"/x", nil, 0o600))
	for range 2 {
		_, err := attempt(t, remote.Command{Line: file.Remove(folder + "/x")})
		must(t, err)
	}
	refused(t, remote.Command{Line: file.Remove(folder)}, "is a directory")
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	large := secret.New(strings.Repeat("x", file.MaxSize+1))
	for name, line := range map[string]shell.Line{
		"relative": file.Remove("x"), "unclean": file.Remove("/a//b"), "root": file.Remove("/"),
		"large": file.Write("/x", large, file.Attributes{}).Line,
		"mode":  file.Write("/x", secret.New(""), file.Attributes{Mode: fs.ModeSetuid}).Line,
		"owner": file.Write("/x", secret.New(""), file.Attributes{Owner: "-R"}).Line,
	} {
		if line.Err() == nil {
			t.Errorf("%s: %s", name, line)
		}
	}
	if line := file.Write("/x", secret.New("hunter2"), file.Attributes{}).Line; strings.Contains(fmt.Sprint(line), "hunter2") {
		t.Error("the content is on the command line")
	}
}
