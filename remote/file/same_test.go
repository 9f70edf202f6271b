package file_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote/file"
)

func TestFoldersThatAreTheSame(t *testing.T) {
	dir := t.TempDir()
	folder, link, other, gone := filepath.Join(dir, "conf.d"), filepath.Join(dir, "a link"), filepath.Join(dir, "other"), filepath.Join(dir, "gone")
	for _, err := range []error{os.Mkdir(folder, 0o700), os.Mkdir(other, 0o700), os.Symlink(folder, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", file.SameFolder(folder, link, other, gone).String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	same, err := file.ParseSameFolder(out, link, other, gone)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(same[link], same[other], same[gone])
	if want := "true false unknown (" + gone + " cannot be looked at)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, answer := range []string{"", "same\n", "same\nhello\n"} {
		if same, err := file.ParseSameFolder([]byte("=== replssl begin ===\n"+answer+"=== replssl end ===\n"), link, other); err == nil {
			t.Errorf("%q is accepted: %v", answer, same)
		}
	}
	if line := file.SameFolder(folder, "conf.d"); line.Err() == nil {
		t.Errorf("a relative folder is accepted: %s", line)
	}
}
