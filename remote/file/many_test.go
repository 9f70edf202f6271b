package file_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/seen"
)

func readMany(t *testing.T, picks ...file.Pick) []seen.Value[[]file.Found] {
	t.Helper()
	out, err := attempt(t, remote.Command{Line: file.ReadMany(picks...), Confidential: true})
	must(t, err)
	found, err := file.ParseReadMany(out)
	must(t, err)
	if len(found) != len(picks) {
		t.Fatalf("%d picks were answered of %d", len(found), len(picks))
	}
	return found
}

// tell is a pick in one line: the files with their texts or states.
func tell(pick seen.Value[[]file.Found]) string {
	list, known := pick.Get()
	if !known {
		return pick.String()
	}
	var names []string
	for _, f := range list {
		state := "unknown"
		if content, ok := f.Content.Get(); ok {
			state = strings.TrimSpace(content.Text.Reveal())
		} else if f.Content.IsAbsent() {
			state = "absent"
		}
		names = append(names, filepath.Base(f.Path)+"="+state)
	}
	return strings.Join(names, " ")
}

func TestManyFilesAreReadAtOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a b [c]*")
	must(t, os.MkdirAll(filepath.Join(folder, "dir.cnf"), 0o755))
	for name, text := range map[string]string{
		"my.cnf": "one\n", "b.cnf": "two", "a.cnf": "", ".hidden.cnf": "h", "a.txt": "no", "master-x.info": "secret",
	} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	must(t, os.Symlink("nowhere", filepath.Join(folder, "z.cnf")))
	for want, pick := range map[string]file.Pick{
		"my.cnf=one":  file.One(filepath.Join(folder, "my.cnf")),
		"none=absent": file.One(filepath.Join(folder, "none")),
		".hidden.cnf=h a.cnf= b.cnf=two dir.cnf=unknown my.cnf=one z.cnf=unknown": {Folder: folder, Name: "*.cnf"},
		"master-x.info=secret": {Folder: folder, Name: "master*.info"},
		"":                     {Folder: folder, Name: "*.none"},
		"absent":               {Folder: folder + "x", Name: "*.cnf"},
	} {
		found := readMany(t, file.One("/nonexistent"), pick, file.One("/nonexistent"))
		if got := tell(found[1]); got != want {
			t.Errorf("%v: got %q, want %q", pick, got, want)
		}
	}
}

func TestAFolderThatCannotBeListedIsUnknown(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, nil, 0o600))
	if found := readMany(t, file.Pick{Folder: name, Name: "*.cnf"}); !found[0].IsUnknown() {
		t.Errorf("got %v", found[0])
	}
}

func TestPicksThatMakeNoSense(t *testing.T) {
	for _, pick := range []file.Pick{
		{Folder: "relative", Name: "a"}, {Folder: "/a", Name: ""}, {Folder: "/a", Name: "b/c"}, {Folder: "/a", Name: "*b*"},
	} {
		if file.ReadMany(pick).Err() == nil {
			t.Errorf("%v was taken", pick)
		}
	}
}

func TestAnAnswerAboutManyFilesThatLacksALine(t *testing.T) {
	out, err := attempt(t, remote.Command{Line: file.ReadMany(file.One("/etc/passwd"), file.One("/nonexistent")), Confidential: true})
	must(t, err)
	lines := strings.SplitAfter(strings.TrimSpace(string(out)), "\n")
	for i := range lines {
		rest := slices.Delete(slices.Clone(lines), i, i+1)
		if found, err := file.ParseReadMany([]byte(strings.Join(rest, "") + "\n")); err == nil && len(found) == 2 {
			t.Errorf("without the line %.40q it was taken for whole", lines[i])
		}
	}
}

func FuzzParseReadMany(f *testing.F) {
	f.Add("file 640 5\nroot\nroot\naGVsbG8=")
	f.Add("absent")
	f.Add("unknown why")
	f.Fuzz(func(t *testing.T, answer string) {
		found, err := file.ParseReadMany([]byte("=== replssl begin ===\npick present\npath L3g=\n" + answer + "\n=== replssl end ===\n"))
		if err != nil && (found != nil || strings.Contains(err.Error(), "aGVs")) {
			t.Errorf("%v beside %v", err, found)
		}
	})
}
