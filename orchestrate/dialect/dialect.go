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
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Dialect speaks to the servers of one flavour and release series. [For] gives one; the zero value speaks to none.
type Dialect struct{ traits }

// traits is what sets one release series apart from another.
type traits struct {
	bothStopped     bool     // CHANGE MASTER is refused (1198) while either thread runs
	purgesRelayLogs bool     // CHANGE MASTER deletes the relay logs, and the receiver fetches again from the applied position
	filesReload     bool     // certificate files are read again on request, without a restart
	settingsReload  bool     // the paths of the certificate files can be changed without a restart
	readsECDSA      bool     // keys and certificates of ECDSA are read, its own and its peers'; yaSSL reads RSA alone
	tlsByPath       bool     // TLS is off until a setting names a file, or turns it on
	refusesBadFiles bool     // it does not start with a certificate or key that it cannot use; others start without TLS
	persistedFile   string   // in the data folder, read after everything else; empty for none
	dynamicPaths    bool     // SET PERSIST takes the paths of the TLS files, which the next reload brings into use
	loginsInTable   bool     // a receiver's password is in a table, not in master.info
	refusesPlain    bool     // a receiver with TLS on refuses a source without, whatever else is set
	groups          []string // option-file groups that the server reads
	words           words
}

// release is a release series, by number.
type release struct {
	flavour      facts.Flavour
	major, minor int
}

func (r release) String() string { return fmt.Sprintf("%s %d.%d", r.flavour, r.major, r.minor) }

// capabilities is a row of the capability table.
type capabilities struct {
	release
	traits
}

// served is the capability table: a row for each release series that was tried.
func served() []capabilities {
	return []capabilities{
		{
			// Tried on 10.11.19. The groups are those that mariadbd --help --verbose names.
			release{facts.MariaDB, 10, 11},
			traits{
				bothStopped: true, purgesRelayLogs: true, filesReload: true, settingsReload: false, readsECDSA: true,
				tlsByPath: true, refusesBadFiles: true,
				groups: []string{
					"mysqld", "server", "mysqld-10.11", "mariadb", "mariadb-10.11", "mariadbd", "mariadbd-10.11", "client-server", "galera",
				},
				words: wordsOfMariaDB(),
			},
		},
		{
			// Tried on 9.7.4. The groups are those that mysqld --help --verbose names.
			release{facts.MySQL, 9, 7},
			traits{
				filesReload: true, settingsReload: true, readsECDSA: true, persistedFile: "mysqld-auto.cnf",
				dynamicPaths: true, loginsInTable: true, refusesPlain: true,
				groups: []string{"mysql_cluster", "mysqld", "server", "mysqld-9.7"},
				words:  wordsOfMySQL(),
			},
		},
	}
}

// For gives the dialect of a server, by flavour and numbers. A server that is not in the table gets an [UnservedError].
func For(v facts.Version) (Dialect, error) {
	for _, row := range served() {
		if row.release == (release{v.Flavour, v.Major, v.Minor}) {
			return Dialect{row.traits}, nil
		}
	}
	return Dialect{}, &UnservedError{Version: v}
}

// UnservedError says that no dialect speaks to a server of this version.
type UnservedError struct{ Version facts.Version }

func (e *UnservedError) Error() string {
	v := e.Version
	return fmt.Sprintf("%s %d.%d.%d is not served by this version of replssl, which serves %s",
		v.Flavour, v.Major, v.Minor, v.Patch, servedNames())
}

func servedNames() string {
	var names []string
	for _, row := range served() {
		names = append(names, row.release.String())
	}
	return strings.Join(names, ", ")
}
