package dialect_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

var refusedPaths = []string{
	"relative/ca.pem", "~/ca.pem", "/a\nb", "/a\x00", "/a\x7f", "/it's", `/a"b`, `/a\b`, "/a`b", "/\xff", "/" + strings.Repeat("a", 511),
}

func TestChangeTLSRefuses(t *testing.T) {
	d := mariadb1011(t)
	for _, path := range refusedPaths {
		for name, o := range map[string]facts.TLSOptions{
			"CA": {CA: path}, "CAPath": {CAPath: path}, "Cert": {Cert: path}, "Key": {Key: path}, "CRL": {CRL: path}, "CRLPath": {CRLPath: path},
		} {
			if s, err := d.ChangeTLS("", o); err == nil || s != (dialect.Statement{}) {
				t.Errorf("%s %q: %v", name, path, s)
			}
		}
		if s, err := d.OptionFile("", facts.TLSSettings{CA: path, Cert: "/c", Key: "/k"}); err == nil {
			t.Errorf("option file with %q: %s", path, s)
		}
	}
	if _, err := d.ChangeTLS("", facts.TLSOptions{CA: "/" + strings.Repeat("a", 510)}); err != nil {
		t.Errorf("511 bytes: %v", err)
	}
	if s, err := d.ChangeTLS("", facts.TLSOptions{Cipher: "A'B"}); err == nil {
		t.Errorf("cipher: %v", s)
	}
	if s, err := d.OptionFile("", facts.TLSSettings{CA: "/ca", Key: "/k"}); err == nil {
		t.Errorf("option file without a certificate: %v", s)
	}
	for _, suffix := range []string{"]", "a b", "a\n", "\t"} {
		if s, err := d.OptionFile(suffix, facts.TLSSettings{CA: "/ca", Cert: "/c", Key: "/k"}); err == nil {
			t.Errorf("option file of the group suffix %q: %v", suffix, s)
		}
	}
}

func TestChannelNames(t *testing.T) {
	d := mariadb1011(t)
	for _, name := range []string{`a\b`, "a\nb", "\xff", strings.Repeat("é", 65)} {
		if s, err := d.ChangeTLS(name, facts.TLSOptions{}); err == nil {
			t.Errorf("%q: %v", name, s)
		}
		if s, err := d.StopThreads(name, facts.Threads{Receiver: true}); err == nil {
			t.Errorf("%q: %v", name, s)
		}
	}
	if s, err := d.StartThreads(strings.Repeat("é", 64), facts.Threads{Receiver: true}); err != nil || len(s) != 1 {
		t.Errorf("%v %v", s, err)
	}
}

func TestNothingAsked(t *testing.T) {
	d := mariadb1011(t)
	if s, err := d.StartThreads("x", facts.Threads{}); err != nil || len(s) != 0 {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := d.StopThreads("x", facts.Threads{}); err != nil || len(s) != 0 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestRequireRefuses(t *testing.T) {
	d := mariadb1011(t)
	for _, kind := range []facts.RequirementKind{"", "more", facts.RequireSpecified} {
		if s, err := d.Require("a", "b", facts.Requirement{Kind: kind}); err == nil {
			t.Errorf("%q: %v", kind, s)
		}
	}
	if s, err := d.Require("a\n", "b", facts.Requirement{Kind: facts.RequireSSL}); err == nil {
		t.Errorf("%v", s)
	}
}

// FuzzChangeTLS: whatever is let through, the statement has as many quotes as it must, and no backslash.
func FuzzChangeTLS(f *testing.F) {
	f.Add("", "/ca.pem", "/cert.pem", "AES")
	f.Add("o'west", "/it's", `/\`, "A;B")
	f.Fuzz(func(t *testing.T, channel, ca, cert, cipher string) {
		d, err := dialect.For(facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11})
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.ChangeTLS(channel, facts.TLSOptions{CA: ca, Cert: cert, Cipher: cipher})
		if err != nil {
			return
		}
		text := s.String()
		if strings.Count(text, "'") != 16+2*strings.Count(channel, "'") || strings.ContainsAny(text, "\\\n\x00") || !utf8.ValidString(text) {
			t.Errorf("%s", text)
		}
	})
}

func TestMeaning(t *testing.T) {
	d := mariadb1011(t)
	if !d.ChangeNeedsBothStopped() || !d.PurgesRelayLogs() || !d.FilesReload() || d.SettingsReload() {
		t.Errorf("%+v", d)
	}
	for o, want := range map[facts.TLSOptions]struct {
		refuses bool
		checks  dialect.Verified
	}{
		{}:                                    {false, dialect.VerifiesNothing},
		{CA: "/ca", VerifyIdentity: true}:     {false, dialect.VerifiesNothing},
		{Enabled: true}:                       {false, dialect.VerifiesNothing},
		{Enabled: true, CA: "/ca"}:            {false, dialect.VerifiesChain},
		{Enabled: true, CAPath: "/ca"}:        {false, dialect.VerifiesChain},
		{Enabled: true, VerifyIdentity: true}: {true, dialect.VerifiesIdentity},
		{Enabled: true, CA: "/ca", VerifyIdentity: true}: {true, dialect.VerifiesIdentity},
	} {
		refuses, why := d.RefusesPlaintext(o)
		if refuses != want.refuses || (why == "") != refuses || d.Checks(o) != want.checks {
			t.Errorf("%+v: %v %q %s", o, refuses, why, d.Checks(o))
		}
	}
}

func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"SSL connection error: SSL is required, but the server does not support it": "offers none",
		"SSL connection error: error:00000000:lib(0)::reason(0)":                    "does not tell why",
		"SSL connection error: SSL certificate validation failure":                  "host name",
		"SSL connection error: Unable to get private key":                           "key file",
	} {
		if got := dialect.Explain(2026, text); !strings.Contains(got, want) {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, errno := range []int{1045, 1130, 1198, 1200, 1227, 1236, 1396, 1597, 1617, 1820, 2003, 2005, 4151} {
		if dialect.Explain(errno, "") == "" {
			t.Errorf("%d has no explanation", errno)
		}
	}
	if got := dialect.Explain(1593, "something else") + dialect.Explain(0, "") + dialect.Explain(9999, "x"); got != "" {
		t.Errorf("made up: %s", got)
	}
}
