package dialect_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// spoken is a text that a real server gave.
type spoken struct {
	server string // mysql-5.7
	what   string
	dialect.Failure
}

// recordings are all texts in testdata/failures.
func recordings(t *testing.T) []spoken {
	t.Helper()
	paths, err := filepath.Glob("testdata/failures/*/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d recorded failures: %v", len(paths), err)
	}
	var all []spoken
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := spoken{server: filepath.Base(filepath.Dir(path))}
		digits, what, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".txt"), "-")
		if r.Number, err = strconv.Atoi(digits); err != nil {
			t.Fatal(path, err)
		}
		r.what, r.Text, r.Family = what, strings.TrimSpace(string(text)), facts.MySQL
		if strings.HasPrefix(r.server, "mariadb") {
			r.Family = facts.MariaDB
		}
		all = append(all, r)
	}
	return all
}

// reasonless are texts of MySQL up to 8.0 that tell a number alone, and those of a coordinator, which leaves the reason to its workers.
var reasonless = regexp.MustCompile(`retries: \d+$|^Coordinator stopped`)

// TestRecordedFailures: each has a meaning, also where its family is not told, and is known by its words alone where it has any.
func TestRecordedFailures(t *testing.T) {
	for _, r := range recordings(t) {
		name := r.server + "/" + strconv.Itoa(r.Number) + "-" + r.what
		meaning, ok := dialect.MeaningOf(r.Failure)
		if !ok || meaning.Means == "" || len(meaning.Do) == 0 {
			t.Errorf("%s has no meaning: %s", name, r.Text)
			continue
		}
		if dialect.Explain(r.Number, r.Text) == "" {
			t.Errorf("%s has no meaning without its family", name)
		}
		found := dialect.Failures(r.Text, r.Family)
		if reasonless.MatchString(r.Text) || len(found) == 0 {
			if !reasonless.MatchString(r.Text) {
				t.Errorf("%s is not known by its words: %s", name, r.Text)
			}
			continue
		}
		if alone, _ := dialect.MeaningOf(found[0]); alone.String() != meaning.String() {
			t.Errorf("%s means %q by its number, and %q by its words: %s", name, meaning.Means, alone.Means, r.Text)
		}
	}
}

// TestRecordedHandshakes: what a server tells of the reason decides the meaning.
func TestRecordedHandshakes(t *testing.T) {
	for what, marks := range map[string][]string{
		"ca-missing":       {"could not read the channel's CA file"},
		"cert-missing":     {"could not read the channel's certificate file"},
		"key-missing":      {"could not use the channel's key file"},
		"key-of-another":   {"could not use the channel's key file"},
		"key-sealed":       {"could not use the channel's key file"},
		"no-tls-at-source": {"the source offers none"},
		"no-such-cipher":   {"cipher"},
		"other-ca":         {"signed by no CA", "mostly no CA", "does not tell why"},
		"cert-expired":     {"not valid", "expired", "does not tell why"},
		"other-name":       {"host name", "does not tell why"},
	} {
		for _, r := range recordings(t) {
			if r.Number != 2026 || r.what != what || reasonless.MatchString(r.Text) {
				continue
			}
			meaning, _ := dialect.MeaningOf(r.Failure)
			if !slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(meaning.Means, mark) }) {
				t.Errorf("%s, %s: %q is said to mean: %s", r.server, what, r.Text, meaning.Means)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	for text, want := range map[string][]int{
		"Last_IO_Errno: 2026\n Last_IO_Error: error connecting\n Last_SQL_Errno: 0\n":                                  {2026},
		"Last_Errno: 1396\nLast_IO_Errno: 1045\nLast_SQL_Errno: 1396":                                                  {1396, 1045},
		"ERROR 1045 (28000): Access denied for user 'repl'@'10.0.0.2' (using password: YES)":                           {1045},
		"[MY-010584] [Repl] Slave I/O for channel '': error connecting to master 'x', Error_code: MY-002026":           {2026},
		"Slave I/O: error connecting, Internal MariaDB error code: 2026":                                               {2026},
		"the receiver of db2 is not connected (Connecting): error 2026: SSL connection error: x":                       {2026},
		"db2: STOP SLAVE: the server refused (1198): This operation":                                                   {1198},
		"Host 'db2' is not allowed to connect to this MySQL server":                                                    {1130},
		"Master command COM_REGISTER_SLAVE failed: Access denied for user 'x'@'y' (using password: YES) (Errno: 1045)": {1597},
		"2061": {2061}, " 3159 ": {3159}, "(9999)": {9999},
		"Got fatal error 1236 from source when reading data from binary log: 'x'": {1236},
		"": nil, "something else": nil, "Can't connect (111)": nil,
		"2026-11-23 12:00:01 8 [Warning] Too many connections":                                                                      {1040},
		"[Warning] [MY-010069] [Server] Failed to set up SSL because of the following SSL library error: Unable to get private key": {10069},
		"2026-11-23 12:00:01 0 [Warning] Failed to set up SSL because of the following SSL library error: x":                        {10069},
		"2026-11-23 13:00:00 0 [ERROR] SSL error: Unable to get certificate from '/x'":                                              {2026},
		"2013-01-01 00:00:00 0 [Note] ready for connections":                                                                        nil,
		"2026-11-23 13:00:00 0 [Warning] CA certificate ca.pem is self signed.":                                                     nil,
		"2026-11-23T12:00:01.000000Z 5 [ERROR] [MY-013114] [Repl] Got fatal error":                                                  {13114},
		"2026-11-23T12:00:01.000000Z 0 [System] [MY-010931] [Server] ready":                                                         nil,
		"2026 1045":                           {2026, 1045},
		"LAST_ERROR_NUMBER: 2026":             {2026},
		"| Last_IO_Errno | 2026 |":            {2026},
		"Last_IO_Errno: 0\nLast_SQL_Errno: 0": nil,
	} {
		var got []int
		for _, f := range dialect.Failures(text, "") {
			got = append(got, f.Number)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, not %v", text, got, want)
		}
	}
	for text, none := range map[string]bool{
		"Last_IO_Errno: 0\nLast_SQL_Errno: 0": true, "LAST_ERROR_NUMBER: 0": true, "Last_IO_Errno: 1045\nLast_SQL_Errno: 0": false, "ready": false,
	} {
		if dialect.HasNoFailure(text) != none {
			t.Errorf("%q", text)
		}
	}
	for text, want := range map[string]facts.Flavour{
		"1045 error connecting to master 'x' - retry-time: 60  maximum-retries: 100000  message: x": facts.MariaDB,
		"1045 error connecting to master 'x' - retry-time: 60  retries: 1":                          facts.MySQL,
		"1045 Error connecting to source 'x'":                                                       facts.MySQL,
		"1045":                                                                                      "",
	} {
		if got := dialect.Failures(text, ""); len(got) != 1 || got[0].Family != want {
			t.Errorf("%q is of %v, not %s", text, got, want)
		}
	}
}

// TestLoginOf: every server that tells a reason tells from where it saw the login come.
func TestLoginOf(t *testing.T) {
	seen := 0
	for _, r := range recordings(t) {
		if r.Number != 1045 && r.Number != 1130 || reasonless.MatchString(r.Text) {
			continue
		}
		seen++
		if host, ok := dialect.LoginOf(r.Text); !ok || host != "127.0.0.1" {
			t.Errorf("%s: %q: %q", r.server, r.Text, host)
		}
	}
	if _, ok := dialect.LoginOf("error connecting to master 'repl@127.0.0.1:3306' - retry-time: 60  retries: 1"); ok || seen < 20 {
		t.Errorf("%d texts", seen)
	}
}

func FuzzFailures(f *testing.F) {
	f.Add("ERROR 1045 (28000): Access denied for user 'repl'@'10.0.0.2'")
	f.Add("Last_IO_Errno: 99999999999999999999")
	f.Fuzz(func(_ *testing.T, text string) {
		for _, failure := range dialect.Failures(text, "") {
			_, _ = dialect.MeaningOf(failure)
		}
	})
}
