package fileset_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/shell"
)

func mkfifo(path string) shell.Line { return shell.Words("mkfifo", path) }

const sample = `motd
=== replssl begin ===
dir directory 755 root
current link dmVyc2lvbnMvMQo=
versions directory 755 root
version 1
file 1/ca.pem regular 644 5
owner 1/ca.pem root
sha256 1/ca.pem 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
pem 1/ca.pem aGVsbG8=
file 1/cert.pem absent
file 1/key.pem unknown ls: Permission denied
list complete
read 1/ca.pem no
=== replssl end ===
bye
`

func TestParseLook(t *testing.T) {
	state, err := fileset.ParseLook([]byte(sample))
	must(t, err)
	version := known(t, state.Versions)[0]
	ca := known(t, version.CA)
	if known(t, ca.PEM) != "hello" || known(t, ca.Readable) || !version.Cert.IsAbsent() || version.Key.Why() != "ls: Permission denied" {
		t.Errorf("got %+v", version)
	}
	if number, ok := known(t, state.Current).Version(); !ok || number != 1 {
		t.Errorf("current is %v", state.Current)
	}
}

func TestWhatWasNotSaidIsUnknown(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":            "",
		"only the folder":    "dir directory 755 root\n",
		"an unfinished list": "dir directory 755 root\nversions directory 755 root\nversion 1\nfile 1/ca.pem absent\n",
	} {
		state, err := fileset.ParseLook([]byte("=== replssl begin ===\n" + answer + "=== replssl end ===\n"))
		if err != nil || !state.Versions.IsUnknown() || !state.Current.IsUnknown() {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
}

func TestContradictionsAreUnknown(t *testing.T) {
	state, err := fileset.ParseLook([]byte(strings.Replace(sample, "aGVsbG8=", "SEVMTE8=", 1)))
	must(t, err)
	if ca := known(t, known(t, state.Versions)[0].CA); !ca.PEM.IsUnknown() || !ca.SHA256.IsUnknown() {
		t.Errorf("got %+v", ca)
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, change := range [][2]string{
		{"dir directory 755 root", "dir directory 9 root"},
		{"dir directory 755 root", "dir maybe"},
		{"version 1\n", "version 01\n"},
		{"version 1\n", ""},
		{"pem 1/ca.pem aGV", "pem 1/key.pem aGV"},
		{"aGVsbG8=", "!"},
		{"2cf24d", ""},
		{"list complete", "list maybe"},
		{"644 5", "644 -5"},
		{"=== replssl end ===", ""},
		{"read 1/ca.pem no", "read 1/ca.pem perhaps"},
		{"bye", "bye"},
	} {
		_, err := fileset.ParseLook([]byte(strings.Replace(sample, change[0], change[1], 1)))
		if (err == nil) != (change[0] == "bye") {
			t.Errorf("%q for %q gives %v", change[1], change[0], err)
		}
	}
}

func FuzzParseLook(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("=== replssl begin ===\ndir absent\n=== replssl end ===\n"))
	f.Fuzz(func(t *testing.T, printed []byte) {
		state, err := fileset.ParseLook(printed)
		versions, ok := state.Versions.Get()
		if err != nil && ok {
			t.Error("a failure with versions")
		}
		for i, version := range versions {
			if version.Number < 1 || i > 0 && versions[i-1].Number >= version.Number {
				t.Errorf("versions %v are not in order", versions)
			}
			if key, ok := version.Key.Get(); ok && !key.PEM.IsUnknown() {
				t.Error("the bytes of a key")
			}
		}
	})
}
