package observe_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestRolesInForce: what a role that is in force gives counts, also by another role within it, and what one gives that is not does not.
func TestRolesInForce(t *testing.T) {
	const roles = "CREATE ROLE outer_role; CREATE ROLE inner_role; CREATE ROLE other_role; GRANT PROCESS ON *.* TO inner_role; GRANT inner_role TO outer_role;" +
		" GRANT CREATE USER ON *.* TO other_role; GRANT SELECT ON `mysq_`.* TO outer_role; GRANT outer_role TO ADMIN; GRANT other_role TO ADMIN;"
	for name, c := range map[string]struct {
		options lab.Options
		more    string
		want    string
	}{
		"MariaDB": {
			lab.Options{Replicas: 1},
			"GRANT BINLOG MONITOR ON *.* TO PUBLIC; GRANT RELOAD ON *.* TO outer_role; SET DEFAULT ROLE outer_role FOR ADMIN",
			"SLAVE MONITOR ON *.*, SELECT ON performance_schema.threads, REPLICATION MASTER ADMIN ON *.*, REPLICATION SLAVE ADMIN ON *.*, CREATE USER ON *.*," +
				" BINLOG ADMIN ON *.*, READ_ONLY ADMIN ON *.*",
		},
		"MySQL": {
			lab.Options{Replicas: 1, Server: labtest.Tree(t, "mysql-9.7")},
			"GRANT REPLICATION CLIENT, CONNECTION_ADMIN ON *.* TO outer_role; GRANT SELECT(user) ON mysql.db TO ADMIN;" +
				" GRANT SELECT ON *.* TO ADMIN; SET DEFAULT ROLE outer_role TO ADMIN; SET GLOBAL partial_revokes=ON; REVOKE SELECT ON performance_schema.* FROM ADMIN",
			"SELECT ON performance_schema.threads, SELECT ON performance_schema.status_by_thread, REPLICATION SLAVE ON *.*, REPLICATION_SLAVE_ADMIN ON *.*," +
				" SYSTEM_VARIABLES_ADMIN ON *.*, PERSIST_RO_VARIABLES_ADMIN ON *.*, CREATE USER ON *.*",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, labtest.Start(t, c.options))
			weaken(t, b, roles+c.more)
			seen := b.look(t, "primary", facts.PartGrants|facts.PartInstance)
			held := known(t, "grants", seen.Grants)
			var lacking []string
			for _, right := range dialect.Lacking(known(t, "instance", seen.Instance).Version, held, dialect.Works()...) {
				lacking = append(lacking, right.String())
			}
			equal(t, "lacking", strings.Join(lacking, ", "), c.want)
			equal(t, "unread", held.Unread, false)
		})
	}
}

// TestWhatAServerDoesNotTellHasAHint: everything that is not told for lack of a privilege has the one statement that is enough for all of it. The
// host is looked at meanwhile, so that the race detector sees who touches what the other half reads.
func TestWhatAServerDoesNotTellHasAHint(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1}))
	weaken(t, b, "")
	parts := facts.PartGrants | facts.PartInstance | facts.PartPosition | facts.PartChannels | facts.PartSessions | facts.PartAccounts | facts.PartProcess | facts.PartUsed
	var seen facts.Server
	for range 5 {
		seen = b.look(t, "primary", parts)
	}
	account := "`" + b.Admin + "`@`localhost`"
	want := "on primary, as an account that may grant it: SET SESSION sql_log_bin=0; GRANT SLAVE MONITOR, BINLOG MONITOR, PROCESS ON *.* TO " + account +
		"; GRANT SELECT ON mysql.* TO " + account
	for what, value := range map[string]interface {
		IsUnknown() bool
		Hint() string
	}{
		"instance": seen.Instance, "position": seen.Position, "binary logs": seen.Binlogs, "channels": seen.Channels, "sessions": seen.Sessions,
		"dump threads": seen.DumpThreads, "accounts": seen.Accounts, "anonymous": seen.Anonymous,
	} {
		equal(t, what+" is unknown", value.IsUnknown(), true)
		equal(t, what+"'s hint", value.Hint(), want)
	}
	_, cure, _ := strings.Cut(want, ": ")
	keeper := *b.Lab
	keeper.Admin = "keeper"
	check(t, keeper.Exec(t.Context(), "primary", cure))
	b = newBench(t, b.Lab) // the privileges of a session are those of its beginning
	seen = b.look(t, "primary", parts)
	known(t, "instance", seen.Instance)
	known(t, "dump threads", seen.DumpThreads)
	known(t, "accounts", seen.Accounts)
	known(t, "binary logs", seen.Binlogs)
}

// weaken takes all privileges from the administrator of the primary and runs statements as another one, in which ADMIN is the account.
func weaken(t *testing.T, b *bench, statements string) {
	t.Helper()
	account := "'" + b.Admin + "'@'localhost'"
	check(t, b.Exec(t.Context(), "primary", "SET SESSION sql_log_bin=0; CREATE USER keeper@localhost; GRANT ALL PRIVILEGES ON *.* TO keeper@localhost WITH GRANT OPTION"))
	keeper := *b.Lab
	keeper.Admin = "keeper"
	check(t, keeper.Exec(t.Context(), "primary", "SET SESSION sql_log_bin=0; REVOKE ALL PRIVILEGES, GRANT OPTION FROM "+account+";"+
		strings.NewReplacer(" TO ADMIN", " TO "+account, " FOR ADMIN", " FOR "+account, " FROM ADMIN", " FROM "+account).Replace(statements)))
}
