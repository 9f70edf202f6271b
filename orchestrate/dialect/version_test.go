package dialect_test

import (
	"errors"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		version, comment    string
		flavour             facts.Flavour
		major, minor, patch int
	}{
		{"10.11.19-MariaDB-0+deb12u1-log", "Debian 12", facts.MariaDB, 10, 11, 19},
		{"5.5.5-10.11.6-MariaDB", "", facts.MariaDB, 10, 11, 6},
		{"5.5.5-MariaDB", "", facts.MariaDB, 5, 5, 5},
		{"10.11.6", "mariadb.org binary distribution", facts.MariaDB, 10, 11, 6},
		{"5.5.5-10.11.6", "", facts.MySQL, 5, 5, 5},
		{"8.0.36-28", "Percona Server (GPL), Release 28, Revision 47601f19", facts.Percona, 8, 0, 36},
		{"8.0.36", "MySQL Community Server - GPL", facts.MySQL, 8, 0, 36},
		{"5.6.24-log", "", facts.MySQL, 5, 6, 24},
		{"9.7.4", "", facts.MySQL, 9, 7, 4},
		{"26.10.0", "", facts.MySQL, 26, 10, 0},
		{"12.3", "", facts.MySQL, 12, 3, 0},
		{"8.0.mysql_aurora.3.05.2", "", facts.MySQL, 8, 0, 0},
	} {
		got, err := dialect.ParseVersion(c.version, c.comment)
		want := facts.Version{Flavour: c.flavour, Major: c.major, Minor: c.minor, Patch: c.patch, Text: c.version}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", c.version, got, err)
		}
	}
	for _, text := range []string{"", "MariaDB", "10", "10.", ".5", "v10.11", "10.11.", "10..1", "-1.2", "1234567.1.1", "10.11.6.7"} {
		if v, err := dialect.ParseVersion(text, ""); err == nil {
			t.Errorf("%q was taken for %+v", text, v)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"10.11.19-MariaDB-0+deb12u1-log", "5.5.5-10.11.6-MariaDB", "8.0.36-28", "26.10.0", "5.5.5-x", "\xff.1"} {
		f.Add(s, "Percona Server")
	}
	f.Fuzz(func(t *testing.T, version, comment string) {
		v, err := dialect.ParseVersion(version, comment)
		if err != nil {
			if v != (facts.Version{}) {
				t.Errorf("%q: %+v and %v", version, v, err)
			}
			return
		}
		if v.Text != version || v.Flavour == "" || v.Major < 0 || v.Minor < 0 || v.Patch < 0 || v.Major > 999999 {
			t.Errorf("%q: %+v", version, v)
		}
		if d, err := dialect.For(v); err == nil && v.Major < 10 && d.Untried() != "" {
			t.Errorf("%+v is taken for newer than what was tried: %s", v, d.Untried())
		}
	})
}

// TestServed: which versions are served, and as which.
func TestServed(t *testing.T) {
	for _, c := range []struct {
		version, comment string
		served           bool
		untried          bool
	}{
		{"5.5.62", "", false, false},
		{"5.6.9-rc", "", false, false},
		{"5.6.10", "", true, false},
		{"5.6.51-91.0", "Percona Server (GPL)", true, false},
		{"5.7.8-rc", "", false, false}, // a milestone: neither 5.6 nor 5.7
		{"5.7.9", "", true, false},
		{"8.0.4-rc", "", false, false},
		{"8.0.11", "", true, false},
		{"8.1.0", "", true, false},
		{"8.4.3", "", true, false},
		{"9.0.1", "", true, false},
		{"9.7.4", "", true, false},
		{"9.7.9-9", "Percona Server (GPL)", true, false},
		{"9.8.0", "", true, true},
		{"26.10.0", "", true, true},
		{"5.5.5-10.4.34-MariaDB", "", false, false},
		{"5.5.5-10.5.23-MariaDB", "", true, false},
		{"10.5.1-MariaDB", "", false, false},
		{"10.6.18-MariaDB", "", true, false},
		{"11.3.2-MariaDB", "", true, false},
		{"11.8.6-MariaDB", "", true, false},
		{"12.3.1-MariaDB", "", true, true},
	} {
		v, err := dialect.ParseVersion(c.version, c.comment)
		if err != nil {
			t.Fatal(err)
		}
		d, err := dialect.For(v)
		unserved := (*dialect.UnservedError)(nil)
		if (err == nil) != c.served || err != nil && !errors.As(err, &unserved) {
			t.Errorf("%s %s: %v", c.version, c.comment, err)
		}
		if got := err == nil && d.Untried() != ""; got != c.untried {
			t.Errorf("%s %s: %q", c.version, c.comment, d.Untried())
		}
	}
}
