package file_test

import (
	"fmt"
	"os"
	"os/exec"
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

func TestTextsComeAsTheyAre(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a\n==> b <==")
	must(t, os.Mkdir(folder, 0o755))
	texts := map[string]string{
		"a": "", "b": "no end", "c\n": "\n\n", "d \nunread 1 x": "\x00\xff\r\n", "-e": "=== replssl end ===\n=== replssl begin ===\npick present\n",
		"f": "\n==> " + folder + "/a <==\n", "g*?[x]": "texts\n", "h": strings.Repeat("long", 1<<18), ".i": "hidden",
	}
	picks := []file.Pick{{Folder: folder, Name: "*"}}
	var names []string
	for name, text := range texts {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		names = append(names, name)
		picks = append(picks, file.One(filepath.Join(folder, name)))
	}
	found := readMany(t, picks...)
	all, _ := found[0].Get()
	slices.Sort(names)
	for i, name := range names {
		if content, _ := all[i].Content.Get(); filepath.Base(all[i].Path) != name || content.Text.Reveal() != texts[name] {
			t.Errorf("%q came as %q with %.50q", name, all[i].Path, content.Text.Reveal())
		}
	}
	for i, pick := range picks[1:] {
		files, _ := found[i+1].Get()
		if content, _ := files[0].Content.Get(); content.Text.Reveal() != texts[pick.Name] {
			t.Errorf("%q came as %.50q", pick.Name, content.Text.Reveal())
		}
	}
}

func TestOneFileThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	folder := place(t)
	must(t, os.WriteFile(folder+"/a.cnf", []byte("a"), 0o600))
	must(t, os.WriteFile(folder+"/b.cnf", []byte("b"), 0o600))
	must(t, os.WriteFile(folder+"/c.cnf", []byte("c"), 0o600))
	must(t, os.WriteFile(folder+"/d.cnf", make([]byte, file.MaxSize+1), 0o600))
	must(t, os.WriteFile(folder+"/e.cnf", []byte("e"), 0o600))
	for _, name := range []string{"a", "c", "d", "e"} {
		must(t, os.Chmod(folder+"/"+name+".cnf", 0o644))
	}
	line := file.ReadMany(file.One(folder+"/none"), file.Pick{Folder: folder, Name: "*.cnf"}, file.One(folder+"/e.cnf/x"))
	if os.Geteuid() == 0 {
		line = line.AsUser("nobody")
	} else {
		must(t, os.Chmod(folder+"/b.cnf", 0))
	}
	out, err := attempt(t, remote.Command{Line: line, Confidential: true})
	must(t, err)
	found, err := file.ParseReadMany(out)
	must(t, err)
	all, _ := found[1].Get()
	if got := tell(found[1]); got != "a.cnf=a b.cnf=unknown c.cnf=c d.cnf=unknown e.cnf=e" || !strings.Contains(all[1].Content.Why(), "Permission denied") {
		t.Errorf("got %s", got)
	}
	if got := tell(found[0]) + " " + tell(found[2]); got != "none=absent x=unknown" {
		t.Errorf("got %s", got)
	}
}

// programs makes the shell tell the programs that it starts, by a folder of such names that comes first.
func programs(t *testing.T) (log func() []string) {
	t.Helper()
	folder := t.TempDir()
	note := filepath.Join(folder, "log")
	for _, name := range []string{"base64", "cat", "head", "ls", "stat", "tr"} {
		path, err := exec.LookPath(name)
		must(t, err)
		text := fmt.Sprintf("#!/bin/sh\necho %s >>%s\nexec %s \"$@\"\n", name, note, path)
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		must(t, os.Chmod(filepath.Join(folder, name), 0o755))
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return func() []string {
		text, err := os.ReadFile(note)
		must(t, err)
		return strings.Fields(string(text))
	}
}

func TestTwoProgramsReadManyFiles(t *testing.T) {
	folder := t.TempDir()
	for number := range 10 {
		must(t, os.WriteFile(fmt.Sprintf("%s/%d.cnf", folder, number), []byte("x"), 0o600))
	}
	log := programs(t)
	readMany(t, file.One(folder+"/1.cnf"), file.One(folder+"/none"), file.Pick{Folder: folder, Name: "*.cnf"}, file.One("/nonexistent/x"))
	if got := log(); !slices.Equal(got, []string{"stat", "head"}) {
		t.Errorf("it started %v", got)
	}
}

const answer = `motd
=== replssl begin ===
pick present
path there /a
path none /b
path64 dangling L2MKCg==
facts
file 81a4 5 my sql:db a
stat: cannot statx '/b': No such file or directory
stat: cannot statx '/c': No such file or directory
texts
==> /a <==
hello
=== replssl end ===
`

func TestParseReadMany(t *testing.T) {
	found, err := file.ParseReadMany([]byte(answer))
	must(t, err)
	all, _ := found[0].Get()
	content, _ := all[0].Content.Get()
	if len(found) != 1 || len(all) != 3 || content.Text.Reveal() != "hello" || content.Owner != "my sql" || content.Group != "db a" || content.Mode != 0o644 {
		t.Errorf("got %+v", found)
	}
	if !all[1].Content.IsAbsent() || all[2].Path != "/c\n" || !strings.Contains(all[2].Content.Why(), "link cannot be followed") {
		t.Errorf("got %+v", all)
	}
}

func TestFilesThatChangeMeanwhile(t *testing.T) {
	for _, change := range [][2]string{
		{"81a4 5", "81a4 4"},
		{"81a4 5", "81a4 6"},
		{"path there /a", "path none /a"},
		{"path none /b", "path there /b"},
		{"path64 dangling", "path64 there"},
		{"hello", "hello\n\n==> /b <==\n"},
	} {
		found, err := file.ParseReadMany([]byte(strings.Replace(answer, change[0], change[1], 1)))
		if err == nil || found != nil {
			t.Errorf("%q for %q gives %v", change[1], change[0], found)
		}
	}
	found, err := file.ParseReadMany([]byte(strings.Replace(answer, "==> /a <==\nhello\n", "\n", 1)))
	must(t, err)
	if all, _ := found[0].Get(); !strings.Contains(all[0].Content.Why(), "did not print it") {
		t.Errorf("got %v", all[0])
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, change := range [][2]string{
		{"pick present\n", ""},
		{"pick present", "pick maybe"},
		{"path there /a", "path there "},
		{"path there /a", "path here /a"},
		{"path there /a", "hello"},
		{"L2MKCg==", "!"},
		{"facts\n", ""},
		{"81a4", "x"},
		{" my sql:db a", ""},
		{"my sql:db a", "my"},
		{"81a4 5", "81a4 -5"},
		{"texts\n", ""},
		{"texts\n", "unread 4 x\ntexts\n"},
		{"texts\n", "unread 0 x\ntexts\n"},
		{"texts\n", "unread x\ntexts\n"},
		{"texts\n", "pick present\ntexts\n"},
		{"=== replssl end ===", ""},
	} {
		found, err := file.ParseReadMany([]byte(strings.Replace(answer, change[0], change[1], 1)))
		if err == nil || found != nil || strings.Contains(err.Error(), "hello") {
			t.Errorf("%q for %q gives %v, %v", change[1], change[0], found, err)
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
	f.Add("path there /a\nfacts\nfile 81a4 5 root:root\ntexts\n==> /a <==\nhello")
	f.Add("path none /a\nfacts\nstat: x: No such file or directory\nunread 1 x\ntexts\n")
	f.Add("facts\ntexts\n")
	f.Fuzz(func(t *testing.T, answer string) {
		found, err := file.ParseReadMany([]byte("=== replssl begin ===\npick present\n" + answer + "\n=== replssl end ===\n"))
		if err != nil && (found != nil || strings.Contains(err.Error(), "hello")) {
			t.Errorf("%v beside %v", err, found)
		}
	})
}
