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
version 1
list complete
file . 41ed 4096 0 root
file current a1ff 10 0 root
link versions/1
file versions 41ed 4096 0 root
file versions/1/ca.pem 81a4 5 33 www data
unseen stat: cannot statx 'versions/1/cert.pem': No such file or directory
unseen stat: cannot statx 'versions/1/key.pem': Permission denied
sha256 versions/1/ca.pem 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
versions/1/ca.pem:hello
read versions/1/ca.pem no
=== replssl end ===
bye
`

func TestParseLook(t *testing.T) {
	state, err := fileset.ParseLook([]byte(sample))
	must(t, err)
	version := known(t, state.Versions)[0]
	ca := known(t, version.CA)
	if known(t, ca.PEM) != "hello" || known(t, ca.Readable) || !version.Cert.IsAbsent() || !strings.Contains(version.Key.Why(), "Permission denied") || ca.Owner != "www data" {
		t.Errorf("got %+v", version)
	}
	if number, ok := known(t, state.Current).Version(); !ok || number != 1 {
		t.Errorf("current is %v", state.Current)
	}
}

// TestComplaintsOfOtherPrograms has the words of busybox, and of coreutils of 2013.
func TestComplaintsOfOtherPrograms(t *testing.T) {
	for complaint, absent := range map[string]bool{
		"stat: can't stat 'versions/1/cert.pem': No such file or directory":    true,
		"stat: cannot stat `versions/1/cert.pem': No such file or directory":   true,
		"stat: cannot stat versions/1/cert.pem: No such file or directory":     true,
		"stat: cannot statx 'versions/11/cert.pem': No such file or directory": false,
		"stat: cannot statx 'versions/1/cert.pem': No such file":               false,
		"sh: 3: stat: not found": false,
		"stat: cannot statx 'versions/1/cert.pem/x': No such file or directory": false,
	} {
		answer := strings.Replace(sample, "stat: cannot statx 'versions/1/cert.pem': No such file or directory", complaint, 1)
		state, err := fileset.ParseLook([]byte(answer))
		must(t, err)
		if cert := known(t, state.Versions)[0].Cert; cert.IsAbsent() != absent || cert.IsUnknown() == absent {
			t.Errorf("%s: %v", complaint, cert)
		}
	}
}

func TestWhatWasNotSaidIsUnknown(t *testing.T) {
	const folder, root = "file . 41ed 4096 0 root\n", "file versions 41ed 4096 0 root\n"
	for name, answer := range map[string]string{
		"nothing":            "",
		"only the folder":    folder,
		"an unfinished list": folder + root + "version 1\n",
		"a link to nowhere":  folder + "file current a1ff 10 0 root\n",
		"a closed folder":    folder + "closed ls: x: Permission denied\n",
	} {
		state, err := fileset.ParseLook([]byte("=== replssl begin ===\n" + answer + "=== replssl end ===\n"))
		if err != nil || !state.Versions.IsUnknown() || !state.Current.IsUnknown() {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
	for _, part := range []string{"file versions/1/ca.pem", "sha256", "versions/1/ca.pem:", "read", "unseen"} {
		at := strings.Index(sample, "\n"+part) + 1
		end := at + strings.Index(sample[at:], "\n") + 1
		state, err := fileset.ParseLook([]byte(sample[:at] + sample[end:]))
		must(t, err)
		version := known(t, state.Versions)[0]
		ca, seen := version.CA.Get()
		if seen && !ca.SHA256.IsUnknown() && !ca.PEM.IsUnknown() && !ca.Readable.IsUnknown() && !version.Cert.IsUnknown() {
			t.Errorf("without the line %q all is known: %+v", part, version)
		}
	}
}

func TestContradictionsAreUnknown(t *testing.T) {
	state, err := fileset.ParseLook([]byte(strings.Replace(sample, "ca.pem:hello", "ca.pem:HELLO", 1)))
	must(t, err)
	if ca := known(t, known(t, state.Versions)[0].CA); !ca.PEM.IsUnknown() || !ca.SHA256.IsUnknown() || !ca.Readable.IsUnknown() {
		t.Errorf("got %+v", ca)
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, change := range [][2]string{
		{"file . 41ed", "file . 9x"},
		{"file . 41ed 4096 0 root", "dir maybe"},
		{"version 1\n", "version 01\n"},
		{"version 1\n", ""},
		{"versions/1/ca.pem:hello", "versions/1/key.pem:hello"},
		{"versions/1/ca.pem:hello", "versions/2/ca.pem:hello"},
		{"versions/1/ca.pem:hello", "pem versions/1/ca.pem hello"},
		{"versions/1/ca.pem:hello", "public versions/1/ca.pem unknown x"},
		{"versions/1/ca.pem:hello", "public versions/1/key.pem x"},
		{"link versions/1", "link64 !"},
		{"2cf24d", ""},
		{"list complete", "list maybe"},
		{"81a4 5", "81a4 -5"},
		{"=== replssl end ===", ""},
		{"read versions/1/ca.pem no", "read versions/1/ca.pem perhaps"},
		{"read versions/1/ca.pem no", "reader known"},
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
