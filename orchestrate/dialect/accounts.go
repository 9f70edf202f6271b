package dialect

import (
	"fmt"

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
func (d Dialect) Account(user, host string) Query[facts.AccountRow] {
	return Query[facts.AccountRow]{
		ask: statement("SHOW CREATE USER %s", accountName(user, host)),
		read: single(func(s *scan) facts.AccountRow {
			return facts.AccountRow{User: user, Host: host, Require: readCreateUser(s)}
		}),
		absent: []int{d.words.noAccount},
	}
}

// readCreateUser reads the only column, whose name carries the account.
func readCreateUser(s *scan) facts.Requirement {
	if len(s.row) != 1 {
		s.fail("SHOW CREATE USER gave %d columns where one is due", len(s.row))
	}
	for _, c := range s.row {
		r, err := ParseRequirement(c.Text)
		if err != nil {
			s.fail("%v", err)
		}
		return r
	}
	return facts.Requirement{}
}

func accountName(user, host string) string { return identifier(user) + "@" + identifier(host) }

// Require sets what an account row demands of a login: [facts.RequireSSL] or [facts.RequireNone]; it replaces what was
// demanded before, and leaves password and grants alone (MariaDB manual, ALTER USER; tried). A row that does not exist is refused
// by the server with 1396. The statement is written to the binary log unless [Dialect.WithoutBinlog] went before it.
func (Dialect) Require(user, host string, kind facts.RequirementKind) (Statement, error) {
	words := map[facts.RequirementKind]string{facts.RequireSSL: "SSL", facts.RequireNone: "NONE"}
	word, ok := words[kind]
	if !ok {
		return Statement{}, fmt.Errorf("a requirement of %q cannot be set", kind)
	}
	if !plain(user) || !plain(host) {
		return Statement{}, fmt.Errorf("account %q@%q: %w", user, host, errControl)
	}
	return statement("ALTER USER %s REQUIRE %s", accountName(user, host), word), nil
}

// WithoutBinlog keeps what the session does next out of the binary log. The session should be closed afterwards. It needs
// BINLOG ADMIN.
func (Dialect) WithoutBinlog() Statement { return Statement{"SET SESSION sql_log_bin=0"} }
