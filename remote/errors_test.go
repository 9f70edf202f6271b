package remote_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
)

func TestExitErrorTellsTheEndOfWhatWasPrinted(t *testing.T) {
	for name, test := range map[string]struct{ stderr, want string }{
		"nothing":   {" \n", "db1: the command failed, and told no reason (exit status 3)"},
		"short":     {"no\n such  file\n", "db1: no such file (exit status 3)"},
		"a word":    {strings.Repeat("noise ", 100) + "abcdefg" + strings.Repeat(" reason", 42), "db1: …" + strings.TrimSpace(strings.Repeat(" reason", 42)) + " (exit status 3)"},
		"whole":     {"x " + strings.Repeat("y", 300), "db1: …" + strings.Repeat("y", 300) + " (exit status 3)"},
		"one word":  {strings.Repeat("z", 400), "db1: …" + strings.Repeat("z", 300) + " (exit status 3)"},
		"a letter":  {"é" + strings.Repeat("z", 299), "db1: …" + strings.Repeat("z", 299) + " (exit status 3)"},
		"the limit": {strings.Repeat("z", 300), "db1: " + strings.Repeat("z", 300) + " (exit status 3)"},
	} {
		err := &remote.ExitError{Host: "db1", Code: 3, Stderr: test.stderr}
		if got := err.Error(); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, test.want)
		}
	}
}

func TestAFullDiskHasAHint(t *testing.T) {
	full := &remote.ExitError{Host: "db1", Code: 1, Stderr: "tar: cert.pem: Cannot write: No space left on device"}
	if hint := full.Hint(); !strings.Contains(hint, "make room") {
		t.Errorf("%q", hint)
	}
	if hint := (&remote.ExitError{Host: "db1", Code: 1, Stderr: "it is not the day for it"}).Hint(); hint != "" {
		t.Errorf("%q", hint)
	}
}
