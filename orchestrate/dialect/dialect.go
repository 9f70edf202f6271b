// Package dialect is the only room that knows MySQL from MariaDB: versions and what they can do, the statements that are sent
// to a server, and the meaning of what comes back, as facts.
//
// Every statement is a [Statement], which no other package can make. A question is a [Query]: its statement together with the
// reader of its rows and of its refusal, so that no caller looks into a row. Nothing here does IO.
//
// Facts about servers come from the reference manuals and, where marked "tried", from running the server of that version;
// the trials are kept as tests (TestRealServer...).
package dialect

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Dialect speaks to the servers of one version. [For] gives one; the zero value speaks to none.
type Dialect struct {
	traits

	version facts.Version
}

// For gives the dialect of a server, by flavour and numbers: that of the newest row of the capability table which is not newer than the
// server. A version that is newer than all of them is spoken to as the newest one ([Dialect.Untried] tells). One that is older than all, or of a
// milestone before its series was generally available, gets an [UnservedError].
func For(v facts.Version) (Dialect, error) {
	row, ok := rowOf(v)
	if !ok {
		return Dialect{}, &UnservedError{Version: v}
	}
	return Dialect{row.traits, v}, nil
}

// Untried is a warning where a server is of a newer series than every one that was tried; else empty.
func (d Dialect) Untried() string {
	rows := rowsOf(d.version.Flavour)
	if newest := rows[len(rows)-1]; newest.before(d.version) && newest.series() != seriesOf(d.version) {
		return fmt.Sprintf("%s is newer than %s %s, the newest that this version of replssl knows: it is taken to work as that does",
			named(d.version), d.version.Flavour, newest.series())
	}
	return ""
}

func named(v facts.Version) string {
	return fmt.Sprintf("%s %d.%d.%d", v.Flavour, v.Major, v.Minor, v.Patch)
}

// UnservedError says that no dialect speaks to a server of this version.
type UnservedError struct{ Version facts.Version }

func (e *UnservedError) Error() string {
	return fmt.Sprintf("%s is not served by this version of replssl, which serves %s from %s on, and the same of Percona Server, and %s from %s on",
		named(e.Version), facts.MySQL, rowsOf(facts.MySQL)[0].release, facts.MariaDB, rowsOf(facts.MariaDB)[0].release)
}

// String is the family and the version: MySQL 5.7.22.
func (d Dialect) String() string { return named(d.version) }
