package templates

import (
	"io/fs"
	"regexp"
	"testing"
	"testing/fstest"
)

func TestLoad(t *testing.T) {
	texts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	got, err := texts.Fill("remove-config", struct{ Path string }{"/it's here"})
	if want := "rm -f -- '/it'\\''s here'\n"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if _, err := texts.Fill("remove-config", struct{ Other string }{}); err == nil {
		t.Error("a gap was left empty")
	}
	if _, err := texts.Fill("no such text", nil); err == nil {
		t.Error("a text that is not there was filled in")
	}
}

func TestFaultyTemplate(t *testing.T) {
	if _, err := parse(fstest.MapFS{"x.tmpl": {Data: []byte("{{")}}); err == nil {
		t.Error("it was read")
	}
}

func TestLine(t *testing.T) {
	if got := line(" a\n```sh\nrm -rf /\t"); got != "a ```sh rm -rf /" {
		t.Errorf("got %q", got)
	}
}

// TestNoStatements: statements are made by package dialect, which knows the servers.
func TestNoStatements(t *testing.T) {
	statement := regexp.MustCompile(`\b(SELECT|SHOW|ALTER|CHANGE|STOP|START|SET|FLUSH|GRANT|RESET)\s+[A-Z@*]`)
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if found := statement.Find(text); found != nil {
			t.Errorf("%s holds a statement: %s", path, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
