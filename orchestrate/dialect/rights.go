package dialect

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Work is a kind of statement, by what it takes to be allowed it. Its text says what one does by it.
type Work string

// What is asked of a server.
const (
	SeeChannels   Work = "see its channels"
	SeeBinlog     Work = "see its binary logs"
	SeeSessions   Work = "see who is connected"
	SeeTransports Work = "see how sessions are carried" // where it keeps performance_schema
	SeeAccounts   Work = "see account rows"
	SeeReplicas   Work = "see the replicas that have registered" // by init alone
)

// What is done to a server.
const (
	RunThreads     Work = "stop and start threads"
	ChangeChannel  Work = "set TLS options of a channel"
	ReloadFiles    Work = "let it read its certificate files again"
	PersistPaths   Work = "let it persist the paths of its TLS files"
	UnpersistPaths Work = "take back what it persists"
	AlterRows      Work = "set what an account requires"
	SkipBinlog     Work = "keep that out of the binary log"
	WriteReadOnly  Work = "set it on a read_only server"
)

// Works are all of them: those that ask, then those that change something.
func Works() []Work {
	return []Work{
		SeeChannels, SeeBinlog, SeeSessions, SeeTransports, SeeAccounts, SeeReplicas,
		RunThreads, ChangeChannel, ReloadFiles, PersistPaths, UnpersistPaths, AlterRows, SkipBinlog, WriteReadOnly,
	}
}

// Right is a privilege at one level.
type Right struct {
	Privilege       string
	Database, Table string // empty for all
}

func (r Right) String() string { return r.Privilege + r.on() }

func (r Right) on() string { return " ON " + star(r.Database) + "." + star(r.Table) }

func star(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

// Need is the right that some work takes. Any of the others will do in its place, and none of them is ever asked for.
type Need struct {
	Right

	Others []Right
}

func global(privilege string, others ...string) Need {
	n := Need{Right: Right{Privilege: privilege}}
	for _, other := range others {
		n.Others = append(n.Others, Right{Privilege: other})
	}
	return n
}

// orUpdate: who may write the tables of the accounts may alter an account (tried on MariaDB 10.11 and MySQL 9.7).
func orUpdate(n Need) Need {
	n.Others = append(n.Others, Right{Privilege: "UPDATE", Database: "mysql"})
	return n
}

func selectOn(database, table string) Need {
	return Need{Right: Right{Privilege: "SELECT", Database: database, Table: table}}
}

const (
	super       = "SUPER"
	grantOption = "GRANT OPTION" // which is not among all privileges
)

// NeedsOf are the rights that some work takes on a server of this version, all of them; none for work that everybody may do, or that there is
// not on that version. Each was tried by taking it away, on MySQL 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7, and on MariaDB 10.5, 10.11, 11.4 and 11.8.
// MariaDB has split SUPER since 10.5 and honours it in place of the parts before 11.0, MySQL since 8.0.
func NeedsOf(v facts.Version, w Work) []Need {
	switch {
	case v.Flavour == facts.MariaDB && !before(v, 10, 5, 0):
		return needsOfMariaDB(v)[w]
	case v.Flavour != facts.MariaDB && !before(v, 8, 0, 0):
		return needsOfMySQL(v)[w]
	}
	return needsOfOld(v)[w]
}

func needsOfMariaDB(v facts.Version) map[Work][]Need {
	split := func(privilege string, since11 bool) []Need {
		if since11 {
			return []Need{global(privilege)}
		}
		return []Need{global(privilege, super)}
	}
	alone := !before(v, 11, 0, 1)
	return map[Work][]Need{
		SeeChannels:   split("SLAVE MONITOR", alone),
		SeeBinlog:     split("BINLOG MONITOR", alone),
		SeeSessions:   {global("PROCESS")},
		SeeTransports: {selectOn("performance_schema", "threads")},
		SeeAccounts:   {selectOn("mysql", "")},
		SeeReplicas:   {global("REPLICATION MASTER ADMIN")},
		RunThreads:    split("REPLICATION SLAVE ADMIN", alone),
		ChangeChannel: split("REPLICATION SLAVE ADMIN", alone),
		ReloadFiles:   {global("RELOAD")},
		AlterRows:     {orUpdate(global("CREATE USER"))},
		SkipBinlog:    split("BINLOG ADMIN", alone),
		WriteReadOnly: split("READ_ONLY ADMIN", !before(v, 10, 11, 0)),
	}
}

func needsOfMySQL(v facts.Version) map[Work][]Need {
	needs := map[Work][]Need{
		SeeChannels:   {global("REPLICATION CLIENT", super)},
		SeeBinlog:     {global("REPLICATION CLIENT", super)},
		SeeSessions:   {global("PROCESS")},
		SeeTransports: {selectOn("performance_schema", "threads"), selectOn("performance_schema", "status_by_thread")},
		SeeAccounts:   {selectOn("mysql", "")},
		SeeReplicas:   {global("REPLICATION SLAVE")},
		RunThreads:    {global("REPLICATION_SLAVE_ADMIN", super)},
		ChangeChannel: {global("REPLICATION_SLAVE_ADMIN", super)},
		ReloadFiles:   {global("CONNECTION_ADMIN")},
		PersistPaths:  {global("SYSTEM_VARIABLES_ADMIN", super)},
		// RESET PERSIST of a variable that is persisted takes both, and SUPER is no substitute for either (tried on 9.7: 3630).
		UnpersistPaths: {global("SYSTEM_VARIABLES_ADMIN"), global("PERSIST_RO_VARIABLES_ADMIN")},
		AlterRows:      {orUpdate(global("CREATE USER"))},
		SkipBinlog:     {global("SESSION_VARIABLES_ADMIN", "SYSTEM_VARIABLES_ADMIN", super)},
		WriteReadOnly:  {global("CONNECTION_ADMIN", super)},
	}
	if before(v, 8, 0, 16) { // its certificates are those of its start
		delete(needs, ReloadFiles)
		delete(needs, PersistPaths)
		delete(needs, UnpersistPaths)
	}
	return needs
}

// needsOfOld are those of servers that have not split SUPER.
func needsOfOld(v facts.Version) map[Work][]Need {
	bySuper := []Need{global(super)}
	needs := map[Work][]Need{
		SeeChannels:   {global("REPLICATION CLIENT", super)},
		SeeBinlog:     {global("REPLICATION CLIENT", super)},
		SeeSessions:   {global("PROCESS")},
		SeeAccounts:   {selectOn("mysql", "")},
		SeeReplicas:   {global("REPLICATION SLAVE")},
		RunThreads:    bySuper,
		ChangeChannel: bySuper,
		AlterRows:     {global(grantOption)}, // which is what GRANT USAGE takes: CREATE USER does not do
		SkipBinlog:    bySuper,
		WriteReadOnly: bySuper,
	}
	if !before(v, 5, 7, 0) {
		needs[SeeTransports] = needsOfMySQL(v)[SeeTransports]
		needs[AlterRows] = needsOfMySQL(v)[AlterRows]
	}
	return needs
}

// Lacking are the rights that some work takes and that are not held, each once, in the order of the work. One that another of them stands for
// is left out.
func Lacking(v facts.Version, held facts.Grants, works ...Work) []Right {
	var unmet []Need
	for _, w := range works {
		for _, n := range NeedsOf(v, w) {
			if !n.isMet(held) {
				unmet = append(unmet, n)
			}
		}
	}
	var lacking []Right
	for _, n := range unmet {
		spared := slices.ContainsFunc(unmet, func(other Need) bool { return slices.Contains(n.Others, other.Right) })
		if !spared && !slices.Contains(lacking, n.Right) {
			lacking = append(lacking, n.Right)
		}
	}
	return lacking
}

func (n Need) isMet(held facts.Grants) bool {
	return slices.ContainsFunc(append([]Right{n.Right}, n.Others...), func(r Right) bool { return r.isIn(held) })
}

// isIn: what is taken from a database is taken from what is given on all of them, not from what is given on that one.
func (r Right) isIn(held facts.Grants) bool {
	taken := slices.ContainsFunc(held.Taken, r.isBy)
	return slices.ContainsFunc(held.Given, func(g facts.Grant) bool { return r.isBy(g) && (!taken || g.Database != "") })
}

func (r Right) isBy(g facts.Grant) bool {
	if g.Database != "" && (r.Database == "" || !like(g.Database, r.Database)) || g.Table != "" && g.Table != r.Table {
		return false
	}
	all := slices.Contains(g.Privileges, "ALL PRIVILEGES") || slices.Contains(g.Privileges, "ALL")
	return slices.Contains(g.Privileges, r.Privilege) || all && r.Privilege != grantOption
}

// Grant are the statements that give the rights to an account, USER@HOST as [facts.Instance.Admin] has it: one a level. They are kept out of
// the binary log, where they would stop the applier of a replica that lacks the account. They are for people: nothing here sends them.
func Grant(account string, rights []Right) []Statement {
	at := strings.LastIndexByte(account, '@')
	name := accountName(account[:max(at, 0)], account[at+1:])
	list := []Statement{Dialect{}.WithoutBinlog()}
	for len(rights) > 0 {
		on := rights[0].on()
		var privileges []string
		var others []Right
		for _, r := range rights {
			if r.on() == on {
				privileges = append(privileges, r.Privilege)
			} else {
				others = append(others, r)
			}
		}
		list = append(list, statement("GRANT %s%s TO %s", strings.Join(privileges, ", "), on, name))
		rights = others
	}
	return list
}

// GrantHint says what somebody with those rights can do on a server whose administrator lacks them.
func GrantHint(server, account string, rights []Right) string {
	var words []string
	for _, s := range Grant(account, rights) {
		words = append(words, s.String())
	}
	return "on " + server + ", as an account that may grant it: " + strings.Join(words, "; ")
}
