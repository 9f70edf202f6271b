package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// AccountHosts asks for the hosts of all account rows of a user, sorted; roles, which cannot log in, are left out. It needs
// SELECT on mysql.*.
func (d Dialect) AccountHosts(user string) Query[[]string] {
	return Query[[]string]{
		ask:  statement("SELECT Host AS host FROM mysql.user WHERE User = %s%s ORDER BY Host", literal(user), d.words.noRoles),
		read: each(func(s *scan) string { return s.text("host") }),
	}
}

// Account asks what one account row demands of a login, in force (the tables behind it can say what is not): absent when there
// is no such row. The answer carries the password's hash, which the reader drops.
//
// MySQL 5.6 has no SHOW CREATE USER, and tells what is in force with the grants (tried on 5.6.24).
func (d Dialect) Account(user, host string) Query[facts.AccountRow] {
	q := Query[facts.AccountRow]{
		ask: statement("SHOW CREATE USER %s", accountName(user, host)),
		read: single(func(s *scan) facts.AccountRow {
			return facts.AccountRow{User: user, Host: host, Require: d.readCreateUser(s), Plugin: readPlugin(s)}
		}),
		absent: []int{d.words.noAccount},
	}
	if d.grants {
		q.ask = statement("SHOW GRANTS FOR %s", accountName(user, host))
		q.read = func(rows []Row) facts.Value[facts.AccountRow] { return d.readGrantsFor(user, host, rows) }
	}
	return q
}

// readGrantsFor reads the line of all databases, which every account has and the requirement stands on.
func (d Dialect) readGrantsFor(user, host string, rows []Row) facts.Value[facts.AccountRow] {
	for _, row := range rows {
		for _, c := range row {
			switch require, global, err := d.ParseGrantRequirement(user, host, c.Text); {
			case err != nil:
				return facts.Unknown[facts.AccountRow](err.Error())
			case global:
				return facts.Known(facts.AccountRow{User: user, Host: host, Require: require})
			}
		}
	}
	return facts.Unknown[facts.AccountRow]("SHOW GRANTS has no line of all databases")
}

// readCreateUser reads the only column, whose name carries the account.
func (d Dialect) readCreateUser(s *scan) facts.Requirement {
	if len(s.row) != 1 {
		s.fail("SHOW CREATE USER gave %d columns where one is due", len(s.row))
	}
	for _, c := range s.row {
		r, err := d.ParseRequirement(c.Text)
		if err != nil {
			s.fail("%v", err)
		}
		return r
	}
	return facts.Requirement{}
}

// readPlugin is what stands behind IDENTIFIED VIA on MariaDB, and behind IDENTIFIED WITH on MySQL.
func readPlugin(s *scan) string {
	for _, c := range s.row {
		return pluginOf(c.Text)
	}
	return ""
}

func pluginOf(text string) (plugin string) {
	var words []token
	for i := 0; ; {
		t, next, err := nextToken(text, i, backslashEscapes)
		n := len(words)
		switch {
		case err != nil || t == token{} || t.is("REQUIRE"):
			return plugin
		case n > 1 && words[n-2].is("IDENTIFIED") && (words[n-1].is("VIA") || words[n-1].is("WITH")):
			plugin = strings.ToLower(strings.Trim(text[t.start:t.end], "'`\""))
		case plugin != "" && t.is("OR"):
			return ""
		}
		words, i = append(words, t), next
	}
}

// TriesLogin says that replssl itself can log in by a plugin: what it cannot try, it cannot tell beforehand. Its driver has no PARSEC, and none
// of those that prove who somebody is by something else than a password.
func TriesLogin(plugin string) bool {
	return !slices.Contains([]string{"parsec", "gssapi", "unix_socket", "auth_socket", "pam", "authentication_kerberos", "authentication_ldap_sasl"}, plugin)
}

func accountName(user, host string) string { return identifier(user) + "@" + identifier(host) }

// Require sets what an account row demands of a login; it replaces the whole of what was demanded before, and leaves password and grants
// alone (MariaDB manual, ALTER USER; tried). A row that does not exist is refused by the server with 1396. The statement is written to the
// binary log unless [Dialect.WithoutBinlog] went before it.
//
// On MySQL 5.6 it is a GRANT of nothing, which would make a row that does not exist, without a password: [Dialect.RequireRows] forbids it by
// the sql_mode, so that the row is refused with 1133 (tried on 5.6.24).
//
// The grammar takes an issuer, a subject and a cipher as a plain string only, neither in hexadecimal nor with an introducer (1064, tried on
// MariaDB 10.11), and subjects have backslashes ([pki.SubjectOneLine]): with one in it the statement means what it says where
// [Dialect.BackslashEscapes] went before. The binary log carries the sql_mode, so that replicas with another one read it alike (tried).
func (d Dialect) Require(user, host string, r facts.Requirement) (Statement, error) {
	clause, err := RequireClause(r)
	switch {
	case err != nil:
		return Statement{}, fmt.Errorf("account %q@%q: %w", user, host, err)
	case !plain(user) || !plain(host):
		return Statement{}, fmt.Errorf("account %q@%q: %w", user, host, errControl)
	}
	if d.grants {
		return statement("GRANT USAGE ON *.* TO %s REQUIRE %s", accountName(user, host), clause), nil
	}
	return statement("ALTER USER %s REQUIRE %s", accountName(user, host), clause), nil
}

// RequireClause is what stands behind the word REQUIRE, as SHOW CREATE USER prints it.
func RequireClause(r facts.Requirement) (string, error) {
	switch r.Kind {
	case facts.RequireNone, facts.RequireSSL, facts.RequireX509:
		if r.Issuer+r.Subject+r.Cipher == "" {
			return r.String(), nil
		}
	case facts.RequireSpecified:
		return specifiedClause(r)
	}
	return "", fmt.Errorf("a requirement of %q cannot be set", r.Kind)
}

func specifiedClause(r facts.Requirement) (string, error) {
	var parts []string
	for _, part := range []struct{ word, value string }{{"ISSUER", r.Issuer}, {"SUBJECT", r.Subject}, {"CIPHER", r.Cipher}} {
		switch {
		case part.value == "":
		case !plain(part.value):
			return "", fmt.Errorf("the %s %q: %w", part.word, part.value, errControl)
		default:
			parts = append(parts, part.word+" '"+strings.NewReplacer("'", "''", `\`, `\\`).Replace(part.value)+"'")
		}
	}
	if len(parts) == 0 {
		return "", errors.New("it names no issuer, subject or cipher")
	}
	return strings.Join(parts, " "), nil
}

// BinlogKeeps says that what a row is to demand comes out of the binary log as it went in. MySQL from 5.7 on writes the statement anew for it,
// with the values of an issuer, a subject and a cipher as they are: a quote in one stops every applier (1064), and of a backslash nothing is left
// (tried on 5.7.22, 8.0.15, 8.0.33 and 9.7.4).
func (d Dialect) BinlogKeeps(r facts.Requirement) bool {
	return d.version.Flavour == facts.MariaDB || d.grants || !strings.ContainsAny(r.Issuer+r.Subject+r.Cipher, `'\`)
}

// RequireRows are the statements that set what rows demand, for a session of their own: those that prepare it, and as the last ones one a row.
func (d Dialect) RequireRows(user string, rows []facts.RowChange, binlog bool) ([]Statement, error) {
	var prepare, alter []Statement
	if !binlog {
		prepare = append(prepare, d.WithoutBinlog())
	}
	escaped := false
	for _, row := range rows {
		s, err := d.Require(user, row.Host, row.Wanted)
		switch {
		case err != nil:
			return nil, err
		case binlog && !d.BinlogKeeps(row.Wanted):
			return nil, fmt.Errorf("account %q@%q: the binary log would change what %s means", user, row.Host, row.Wanted)
		}
		escaped = escaped || strings.Contains(s.text, `\`)
		alter = append(alter, s)
	}
	if escaped || d.words.mode != "" {
		prepare = append(prepare, d.BackslashEscapes())
	}
	return append(prepare, alter...), nil
}

// BackslashEscapes lets a backslash in a string escape what follows, whatever the session's sql_mode was, and leaves no other mode on but the
// one without which a GRANT makes accounts, where there is one.
func (d Dialect) BackslashEscapes() Statement {
	return statement("SET SESSION sql_mode='%s'", d.words.mode)
}

// WithoutBinlog keeps what the session does next out of the binary log. The session should be closed afterwards. It needs
// BINLOG ADMIN.
func (Dialect) WithoutBinlog() Statement { return Statement{"SET SESSION sql_log_bin=0"} }
