package dialect_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/dialect"
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

// Lines of SHOW GRANTS FOR an account as MySQL 5.6.24 writes them, with SUPER and without.
func TestParseGrantRequirement(t *testing.T) {
	d, err := dialect.For(version(facts.MySQL, 5, 6, 24))
	if err != nil {
		t.Fatal(err)
	}
	const to = "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'"
	for rest, want := range map[string]facts.RequirementKind{
		"":                              facts.RequireNone,
		" IDENTIFIED BY PASSWORD":       facts.RequireNone,
		" IDENTIFIED BY PASSWORD '*D8'": facts.RequireNone,
		" IDENTIFIED BY PASSWORD '*D8' WITH GRANT OPTION":                                  facts.RequireNone,
		" IDENTIFIED BY PASSWORD WITH MAX_QUERIES_PER_HOUR 5":                              facts.RequireNone,
		" IDENTIFIED BY PASSWORD REQUIRE SSL":                                              facts.RequireSSL,
		" IDENTIFIED BY PASSWORD '*D8' REQUIRE SSL":                                        facts.RequireSSL,
		" IDENTIFIED BY PASSWORD '*D8' REQUIRE X509 WITH GRANT OPTION":                     facts.RequireX509,
		" REQUIRE SUBJECT '/CN=WITH REQUIRE SSL' WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5": facts.RequireSpecified,
	} {
		r, global, err := d.ParseGrantRequirement("repl", "%", to+rest)
		if err != nil || !global || r.Kind != want {
			t.Errorf("%s: %+v, %v, %v", rest, r, global, err)
		}
	}
	for _, line := range []string{to + " IDENTIFIED BY PASSWORD 'secret", to + " IDENTIFIED VIA p", to + " REQUIRE", to + " REQUIRE TLS", "CREATE USER 'repl'@'%'"} {
		if r, _, err := d.ParseGrantRequirement("repl", "%", line); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", line, r, err)
		}
	}
	if _, global, err := d.ParseGrantRequirement("repl", "%", "GRANT SELECT ON `a`.* TO 'repl'@'%' REQUIRE SSL"); global || err != nil {
		t.Errorf("%v, %v", global, err)
	}
}
