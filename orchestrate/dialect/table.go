package dialect

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
)

// traits is what sets one release apart from another.
type traits struct {
	bothStopped     bool   // CHANGE MASTER is refused (1198) while either thread runs
	purgesRelayLogs bool   // CHANGE MASTER deletes the relay logs, and the receiver fetches again from the applied position
	filesReload     bool   // certificate files are read again on request, without a restart
	settingsReload  bool   // the paths of the certificate files can be changed without a restart
	tlsByPath       bool   // TLS is off until a setting names a file, or turns it on
	refusesBadFiles bool   // it does not start with a certificate or key that it cannot use; others start without TLS
	validates       bool   // mysqld --validate-config judges what the next start reads
	persistedFile   string // in the data folder, read after everything else; empty for none
	dynamicPaths    bool   // SET PERSIST takes the paths of the TLS files, which the next reload brings into use
	refusal         refusal
	onlyOwnRows     bool // as a replica it cannot read the row events of MariaDB
	showsTransports bool // performance_schema shows how another session is carried
	tellsRunTime    bool // it tells which variables were set while it runs, and where it has the others from
	grants          bool // GRANT USAGE sets what an account demands, and SHOW GRANTS tells it: there is neither ALTER USER ... REQUIRE nor SHOW CREATE USER
	resetsHeartbeat bool // CHANGE MASTER sets the heartbeat period to its default unless it names one
	forgetsLogins   bool // START REPLICA takes a login that is kept nowhere
	words           words
}

// refusal is which options make a receiver refuse a source that offers no TLS.
type refusal int

const (
	refusesNever    refusal = iota // no option does
	refusesByVerify                // SSL_VERIFY_SERVER_CERT=1
	refusesBySSL                   // SSL=1
)

// release is the first release of a row.
type release struct{ major, minor, patch int }

func (r release) String() string { return fmt.Sprintf("%d.%d.%d", r.major, r.minor, r.patch) }

func (r release) series() string { return fmt.Sprintf("%d.%d", r.major, r.minor) }

func (r release) before(v facts.Version) bool { return !before(v, r.major, r.minor, r.patch) }

func seriesOf(v facts.Version) string { return release{v.Major, v.Minor, v.Patch}.series() }

// row is a row of the capability table: what holds from a release on, until the next row.
type row struct {
	release
	traits
}

// rowOf finds the row of a version.
func rowOf(v facts.Version) (row, bool) {
	rows := rowsOf(v.Flavour)
	for i, r := range slices.Backward(rows) {
		if !r.before(v) {
			continue
		}
		milestone := i+1 < len(rows) && rows[i+1].series() == seriesOf(v) && r.series() != seriesOf(v)
		return r, !milestone
	}
	return row{}, false
}

// rowsOf is the capability table of a flavour. Percona Server works by the rules of the MySQL that it is made of.
func rowsOf(f facts.Flavour) []row {
	if f == facts.MariaDB {
		return rowsOfMariaDB()
	}
	return rowsOfMySQL()
}

// table is written as a history: each row is what the one before it was, with what has changed since.
type table struct {
	rows []row
	now  traits
}

func (t *table) since(major, minor, patch int, change func(*traits)) {
	change(&t.now)
	t.rows = append(t.rows, row{release{major, minor, patch}, t.now})
}

// rowsOfMySQL: 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7.4 were tried. The rows between them are by the release notes.
func rowsOfMySQL() []row {
	t := &table{}
	t.since(5, 6, 10, func(to *traits) { // generally available
		*to = traits{bothStopped: true, purgesRelayLogs: true, tlsByPath: true, grants: true, forgetsLogins: true, resetsHeartbeat: true, refusal: refusesNever, words: wordsOfMySQL56()}
	})
	t.since(5, 7, 9, func(to *traits) { // generally available
		to.bothStopped, to.purgesRelayLogs, to.tlsByPath, to.grants, to.resetsHeartbeat = false, false, false, false, false
		to.showsTransports = true
		to.words.changed57()
	})
	t.since(5, 7, 11, func(to *traits) { // MASTER_SSL=1 is no wish any more
		to.refusal = refusesBySSL
	})
	t.since(8, 0, 11, func(to *traits) { // generally available
		to.persistedFile, to.tellsRunTime = "mysqld-auto.cnf", true
		to.words.changed80()
	})
	t.since(8, 0, 16, func(to *traits) { // ALTER INSTANCE RELOAD TLS
		to.filesReload, to.settingsReload, to.dynamicPaths, to.validates = true, true, true, true
		to.words.changed8016()
	})
	t.since(8, 0, 22, func(to *traits) { to.words.changed8022() }) // START REPLICA
	t.since(8, 0, 23, func(to *traits) { to.words.changed8023() }) // CHANGE REPLICATION SOURCE
	t.since(8, 0, 31, func(to *traits) { to.onlyOwnRows = true })  // tried on 8.0.33 and 9.7, where 8.0.15 reads them
	t.since(8, 2, 0, func(to *traits) { to.words.changed82() })    // SHOW BINARY LOG STATUS
	t.since(8, 3, 0, func(to *traits) { to.words.changed83() })    // master_info_repository is gone
	t.since(8, 4, 0, func(to *traits) { to.words.changed84() })    // have_ssl is gone
	t.since(9, 7, 0, func(*traits) {})
	return t.rows
}

// rowsOfMariaDB: 10.5.23, 10.11.19, 11.4.5 and 11.8.6 were tried.
func rowsOfMariaDB() []row {
	t := &table{}
	t.since(10, 5, 2, func(to *traits) { // SUPER is split, FLUSH SSL is there
		*to = traits{
			bothStopped: true, purgesRelayLogs: true, filesReload: true, tlsByPath: true, refusesBadFiles: true, refusal: refusesByVerify,
			showsTransports: true, tellsRunTime: true, resetsHeartbeat: true, words: wordsOfMariaDB(),
		}
	})
	t.since(10, 11, 0, func(to *traits) { to.words.filters = append(to.words.filters, "replicate_rewrite_db") })
	t.since(11, 4, 1, func(to *traits) { to.tlsByPath = false }) // it serves TLS by a certificate in memory where no file is named
	t.since(11, 8, 0, func(*traits) {})
	return t.rows
}

// groups are those of option files that the server reads, as it says with --help --verbose (tried on each series). The one of clusters is read by
// builds that can be part of one: those of 5.6.24, 5.7.22 and 8.0.15 that were tried are not, those of 8.0.33 and 9.7.4 are.
func (d Dialect) groups() []string {
	series := seriesOf(d.version)
	if d.version.Flavour == facts.MariaDB {
		return []string{
			"mysqld", "server", "mysqld-" + series, "mariadb", "mariadb-" + series, "mariadbd", "mariadbd-" + series, "client-server", "galera",
		}
	}
	list := []string{"mysqld", "server", "mysqld-" + series}
	if !before(d.version, 8, 0, 16) {
		list = append(list, "mysql_cluster")
	}
	return list
}
