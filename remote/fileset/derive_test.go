package fileset_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
)

func derive(t *testing.T, dir string, version, from int, authorities []byte, owner string) remote.Command {
	t.Helper()
	archive, err := fileset.PackCA(authorities)
	must(t, err)
	return remote.Command{Line: fileset.Derive(dir, version, from, owner), Stdin: bytes.NewReader(archive)}
}

// TestASetWithOtherAuthorities has the certificate, the key and the list of the one that it comes from.
func TestASetWithOtherAuthorities(t *testing.T) {
	owner := ""
	if isRoot() {
		owner = "nobody"
	}
	for name, files := range map[string]fileset.Files{"three files": set(t, "one"), "four files": withCRL(t, "one")} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(place(t, ""), "ssl")
			sh(t, installAndSwitch(t, dir, 1, files, owner))
			sh(t, derive(t, dir, 2, 1, []byte("old and new\n"), owner))
			before := snapshot(t, dir)
			sh(t, derive(t, dir, 2, 1, []byte("old and new\n"), owner))
			if after := snapshot(t, dir); after != before {
				t.Errorf("the same again changed something:\n%s\n%s", before, after)
			}
			state := look(t, dir, owner)
			if link := known(t, state.Current); link.Target != "versions/1" {
				t.Errorf("current points to %s", link.Target)
			}
			want := textsOf(files)
			want["ca.pem"] = "old and new\n"
			entries, err := os.ReadDir(filepath.Join(dir, "versions", "2"))
			must(t, err)
			if len(entries) != len(want) {
				t.Errorf("it holds %v", entries)
			}
			for file, text := range want {
				got, err := os.ReadFile(filepath.Join(dir, "versions", "2", file))
				must(t, err)
				info, err := os.Stat(filepath.Join(dir, "versions", "2", file))
				must(t, err)
				if string(got) != text || info.Mode() != modeOf(file) {
					t.Errorf("%s holds %q with the mode %v", file, got, info.Mode())
				}
			}
		})
	}
}

func TestAuthoritiesThatAreNotLaidDown(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, installAndSwitch(t, dir, 1, set(t, "one"), ""))
	refused(t, derive(t, dir, 3, 2, []byte("x"), ""), "versions/2 is not a directory")
	for _, from := range []int{0, -1, 2} {
		if fileset.Derive(dir, 2, from, "").Err() == nil {
			t.Errorf("version 2 comes from %d", from)
		}
	}
	whole := derive(t, dir, 2, 1, []byte("new"), "")
	whole.Stdin = bytes.NewReader(nil)
	refused(t, whole, "the files did not arrive whole")
	archive, err := fileset.PackCA([]byte("new"))
	must(t, err)
	whole.Stdin = bytes.NewReader(archive[:100])
	refused(t, whole, "the files did not arrive whole")
	if _, err := fileset.PackCA(nil); err == nil {
		t.Error("no authority is packed")
	}
	must(t, os.Remove(filepath.Join(dir, "versions", "1", "cert.pem")))
	refused(t, derive(t, dir, 2, 1, []byte("x"), ""), "cert.pem is missing")
	entries, err := os.ReadDir(filepath.Join(dir, "versions"))
	must(t, err)
	if link := known(t, look(t, dir, "").Current); len(entries) != 1 || link.Target != "versions/1" {
		t.Errorf("there are %v, and current points to %s", entries, link.Target)
	}
}
