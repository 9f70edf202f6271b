package dialect_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
)

func TestParseRequirement(t *testing.T) {
	d := mariadb1011(t)
	const account = "CREATE USER `repl`@`%` "
	for text, want := range map[string]facts.Requirement{
		account: {Kind: facts.RequireNone},
		account + "IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL":       {Kind: facts.RequireSSL, Clause: "SSL"},
		account + "REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 5":       {Kind: facts.RequireNone},
		account + "require x509 ACCOUNT LOCK":                      {Kind: facts.RequireX509, Clause: "X509"},
		account + "IDENTIFIED BY PASSWORD 'REQUIRE SSL'":           {Kind: facts.RequireNone},
		account + `IDENTIFIED BY PASSWORD 'it\'s REQUIRE SSL'`:     {Kind: facts.RequireNone},
		account + `IDENTIFIED BY PASSWORD 'it''s \\' REQUIRE X509`: {Kind: facts.RequireX509, Clause: "X509"},
		account + "REQUIRE CIPHER 'AES' ACCOUNT LOCK":              {Kind: facts.RequireSpecified, Cipher: "AES", Clause: "CIPHER 'AES'"},
		account + "REQUIRE ISSUER '/CN=a b'  SUBJECT '/CN=o''b' WITH MAX_STATEMENT_TIME 3.5": {
			Kind: facts.RequireSpecified, Issuer: "/CN=a b", Subject: "/CN=o'b", Clause: "ISSUER '/CN=a b'  SUBJECT '/CN=o''b'",
		},
		"CREATE USER `a`` REQUIRE SSL`@`REQUIRE X509`":                           {Kind: facts.RequireNone},
		`CREATE USER "a"" REQUIRE SSL"@"x\" REQUIRE SSL`:                         {Kind: facts.RequireSSL, Clause: "SSL"},
		"CREATE USER `a\\`@`%` REQUIRE SSL":                                      {Kind: facts.RequireSSL, Clause: "SSL"},
		"CREATE USER plain@`%` REQUIRE SSL":                                      {Kind: facts.RequireSSL, Clause: "SSL"},
		"CREATE USER é$_1@localhost":                                             {Kind: facts.RequireNone},
		"CREATE USER ``@`%` IDENTIFIED VIA p USING 'x' OR q USING 'REQUIRE SSL'": {Kind: facts.RequireNone},
	} {
		if got, err := d.ParseRequirement(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "CREATE USER", "CREATE ROLE `a`@`b`", "GRANT USAGE ON *.* TO `a`@`%`", account + "IDENTIFIED BY PASSWORD 'secret",
		account + "REQUIRE", account + "REQUIRE TLS", account + "REQUIRE SUBJECT secret", account + "REQUIRE ISSUER 'a' SUBJECT",
		account + "REQUIRE 'SSL'",
	} {
		got, err := d.ParseRequirement(text)
		if err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the text: %v", err)
		}
	}
}

// Whatever stands in quotes before the clause, the clause is found; and where there is none, none is found.
func TestParseRequirementInAnyText(t *testing.T) {
	d := mariadb1011(t)
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SliceOf(rapid.SampledFrom([]string{"'", `"`, "`", `\`, " REQUIRE SSL ", "REQUIRE", "@", "é", "a"}))
		quoted := func(label string) string {
			s := strings.Join(word.Draw(t, label), "")
			return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
		}
		named := func(label string) string {
			return "`" + strings.ReplaceAll(strings.Join(word.Draw(t, label), ""), "`", "``") + "`"
		}
		text := "CREATE USER " + named("user") + "@" + named("host") + " IDENTIFIED BY PASSWORD " + quoted("hash")
		if got, err := d.ParseRequirement(text); err != nil || got.Kind != facts.RequireNone {
			t.Fatalf("%s: %+v, %v", text, got, err)
		}
		if got, err := d.ParseRequirement(text + " REQUIRE SSL"); err != nil || got.Kind != facts.RequireSSL {
			t.Fatalf("%s REQUIRE SSL: %+v, %v", text, got, err)
		}
		clause := "SUBJECT '/" + strings.TrimPrefix(quoted("subject"), "'") // which is never empty
		got, err := d.ParseRequirement(text + " REQUIRE " + clause + " ACCOUNT LOCK")
		if err != nil || got.Kind != facts.RequireSpecified || got.Clause != clause {
			t.Fatalf("%s: %+v, %v", clause, got, err)
		}
	})
}

func FuzzParseRequirement(f *testing.F) {
	for _, s := range []string{
		"CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL", "CREATE USER a@b REQUIRE ISSUER 'x' CIPHER 'y' WITH", "'\\", "`", "\xff@",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := mariadb1011(t)
		got, err := d.ParseRequirement(text)
		if err != nil && got != (facts.Requirement{}) || err == nil && got.Kind == "" {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if !strings.Contains(text, got.Clause) && got.Kind == facts.RequireSpecified {
			t.Errorf("%q: the clause is not of the text: %q", text, got.Clause)
		}
		if got.TLS() && !strings.Contains(strings.ToUpper(text), "REQUIRE") {
			t.Errorf("%q: %+v", text, got)
		}
	})
}
