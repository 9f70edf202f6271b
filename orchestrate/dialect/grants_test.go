package dialect_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func parse(lines ...string) facts.Grants {
	var g facts.Grants
	for _, line := range lines {
		dialect.ParseGrant(line, &g)
	}
	return g
}

// What MariaDB 10.11 and MySQL 9.7 print, with sql_quote_show_create on and off, and under ANSI_QUOTES.
func TestGrants(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  facts.Grants
	}{
		"all, by MariaDB": {
			[]string{"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket WITH GRANT OPTION"},
			facts.Grants{Given: []facts.Grant{{Privileges: []string{"ALL PRIVILEGES", "GRANT OPTION"}}}},
		},
		"a proxy": {[]string{"GRANT PROXY ON ``@`%` TO `root`@`localhost` WITH GRANT OPTION", "GRANT PROXY ON ``@`` TO `root`@`localhost`"}, facts.Grants{}},
		"roles": {
			[]string{
				"GRANT `r1` TO `w`@`localhost`", "GRANT USAGE ON *.* TO `w`@`localhost` IDENTIFIED BY PASSWORD '*D821809F681A40A6E379B50D0463EFAE20BDD122'",
				"GRANT `r2` TO `r1`", "GRANT RELOAD ON *.* TO `r1`", "GRANT PROCESS ON *.* TO `r2`", "GRANT BINLOG MONITOR ON *.* TO PUBLIC",
				"SET DEFAULT ROLE `r1` FOR `w`@`localhost`",
			},
			facts.Grants{Given: []facts.Grant{
				{Privileges: []string{"USAGE"}}, {Privileges: []string{"RELOAD"}}, {Privileges: []string{"PROCESS"}}, {Privileges: []string{"BINLOG MONITOR"}},
			}},
		},
		"roles, by MySQL": {[]string{"GRANT `r1`@`%`,`r3`@`%` TO `w`@`localhost`", `GRANT r1@"%",r3@"%" TO w@localhost`}, facts.Grants{}},
		"several": {
			[]string{"GRANT CREATE USER, READ_ONLY ADMIN ON *.* TO `n`@`localhost` IDENTIFIED BY PASSWORD '*D8' WITH MAX_QUERIES_PER_HOUR 5"},
			facts.Grants{Given: []facts.Grant{{Privileges: []string{"CREATE USER", "READ_ONLY ADMIN"}}}},
		},
		"dynamic": {
			[]string{"GRANT BINLOG_ADMIN,CONNECTION_ADMIN ON *.* TO `root`@`localhost` WITH GRANT OPTION"},
			facts.Grants{Given: []facts.Grant{{Privileges: []string{"BINLOG_ADMIN", "CONNECTION_ADMIN", "GRANT OPTION"}}}},
		},
		"levels": {
			[]string{
				"GRANT SELECT ON `performance\\_schema`.* TO `w`@`localhost`", "GRANT SELECT, UPDATE ON `performance_schema`.`threads` TO `w`@`localhost`",
				`GRANT SELECT ON "performance\_schema".* TO w@localhost`, `GRANT SELECT, UPDATE ON performance_schema."threads" TO w@localhost`,
				"GRANT SELECT ON mysql.user TO w@localhost", "GRANT SELECT ON `we``ird.db`.* TO `TO`@`ON`",
			},
			facts.Grants{Given: []facts.Grant{
				{Database: `performance\_schema`, Privileges: []string{"SELECT"}},
				{Database: "performance_schema", Table: "threads", Privileges: []string{"SELECT", "UPDATE"}},
				{Database: `performance\_schema`, Privileges: []string{"SELECT"}},
				{Database: "performance_schema", Table: "threads", Privileges: []string{"SELECT", "UPDATE"}},
				{Database: "mysql", Table: "user", Privileges: []string{"SELECT"}},
				{Database: "we`ird.db", Privileges: []string{"SELECT"}},
			}},
		},
		"columns and routines": {
			[]string{
				"GRANT SELECT (`host`, `user`), UPDATE ON `mysql`.`user` TO `w`@`localhost`", "GRANT EXECUTE ON PROCEDURE `sys`.`table_exists` TO `w`@`localhost`",
				"GRANT EXECUTE ON FUNCTION sys.f TO w@localhost",
			},
			facts.Grants{Given: []facts.Grant{{Database: "mysql", Table: "user", Privileges: []string{"UPDATE"}}}},
		},
		"partial revokes": {
			[]string{"GRANT SELECT, RELOAD ON *.* TO `w`@`localhost`", "REVOKE SELECT ON `mysql`.* FROM `w`@`localhost`"},
			facts.Grants{
				Given: []facts.Grant{{Privileges: []string{"SELECT", "RELOAD"}}}, Taken: []facts.Grant{{Database: "mysql", Privileges: []string{"SELECT"}}},
			},
		},
	} {
		if got := parse(c.lines...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	for _, line := range []string{
		"", "GRANT", "GRANT SELECT", "GRANT SELECT ON TO x", "GRANT , ON *.* TO x", "GRANT SELECT ON *.user TO x", "GRANT SELECT ON a TO x", "GRANT 'x' ON *.* TO x",
		"GRANT SELECT ON *.* TO `x", "ALLOW SELECT ON *.* TO x", "GRANT SELECT (a ON *.* TO x", "GRANT SELECT ON a.b.c TO x", "GRANT SELECT ON ``.* TO x",
	} {
		if g := parse(line); !g.Unread || len(g.Given) > 0 && !strings.HasPrefix(line, "GRANT 'x'") {
			t.Errorf("%q is read as %+v", line, g)
		}
	}
}

func FuzzGrants(f *testing.F) {
	for _, line := range []string{
		"GRANT SELECT (`host`, `user`), UPDATE ON `mysql`.`user` TO `w`@`localhost` IDENTIFIED BY PASSWORD '*D8'", "REVOKE SELECT ON `mysql`.* FROM `w`@`localhost`",
		"GRANT `r1`@`%`,`r3`@`%` TO `w`@`localhost`", "SET DEFAULT ROLE r1 FOR w", "GRANT EXECUTE ON PROCEDURE sys.p TO w", "GRANT A B ON *.* TO x",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		g := parse(line)
		all := append(g.Given, g.Taken...)
		if len(all) > 1 || len(g.Given) > 0 && !strings.EqualFold(strings.TrimLeft(line, " \t\r\n\v\f")[:5], "grant") {
			t.Errorf("%q is read as %+v", line, g)
		}
		for _, grant := range all {
			for _, privilege := range grant.Privileges {
				if strings.ContainsAny(privilege, "'\"`") || grant.Table != "" && grant.Database == "" {
					t.Errorf("%q is read as %+v", line, g)
				}
			}
		}
	})
}

func version(flavour facts.Flavour, major, minor, patch int) facts.Version {
	return facts.Version{Flavour: flavour, Major: major, Minor: minor, Patch: patch}
}

func TestLacking(t *testing.T) {
	mariadb, mysql := version(facts.MariaDB, 10, 11, 19), version(facts.MySQL, 9, 7, 4)
	all := dialect.Works()
	for name, c := range map[string]struct {
		version facts.Version
		grants  []string
		works   []dialect.Work
		want    string
	}{
		"all of MariaDB":           {mariadb, []string{"GRANT ALL PRIVILEGES ON *.* TO x"}, all, ""},
		"none of MariaDB":          {mariadb, nil, []dialect.Work{dialect.RunThreads, dialect.ChangeChannel, dialect.ReloadFiles}, "REPLICATION SLAVE ADMIN ON *.*, RELOAD ON *.*"},
		"SUPER of 10.11":           {mariadb, []string{"GRANT SUPER ON *.* TO x"}, all[6:], "RELOAD ON *.*, CREATE USER ON *.*, READ_ONLY ADMIN ON *.*"},
		"SUPER of 10.6":            {version(facts.MariaDB, 10, 6, 1), []string{"GRANT SUPER ON *.* TO x"}, all[6:], "RELOAD ON *.*, CREATE USER ON *.*"},
		"SUPER of 11.4":            {version(facts.MariaDB, 11, 4, 1), []string{"GRANT SUPER ON *.* TO x"}, []dialect.Work{dialect.SkipBinlog}, "BINLOG ADMIN ON *.*"},
		"none of MySQL 5.6":        {version(facts.MySQL, 5, 6, 24), nil, all[6:], "SUPER ON *.*, GRANT OPTION ON *.*"},
		"all of MySQL 5.6":         {version(facts.MySQL, 5, 6, 24), []string{"GRANT ALL PRIVILEGES ON *.* TO 'x'@'localhost' IDENTIFIED BY PASSWORD '*D8'"}, all, "GRANT OPTION ON *.*"},
		"all and more of 5.6":      {version(facts.MySQL, 5, 6, 24), []string{"GRANT ALL PRIVILEGES ON *.* TO 'x'@'%' REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5"}, all, ""},
		"none of MySQL 5.7":        {version(facts.MySQL, 5, 7, 40), nil, all[6:], "SUPER ON *.*, CREATE USER ON *.*"},
		"none of Percona 8.0":      {version(facts.Percona, 8, 0, 36), nil, []dialect.Work{dialect.ReloadFiles}, "CONNECTION_ADMIN ON *.*"},
		"SUPER of MySQL":           {mysql, []string{"GRANT SUPER ON *.* TO x"}, all[6:], "CONNECTION_ADMIN ON *.*, SYSTEM_VARIABLES_ADMIN ON *.*, PERSIST_RO_VARIABLES_ADMIN ON *.*, CREATE USER ON *.*"},
		"one for another of MySQL": {mysql, nil, []dialect.Work{dialect.SkipBinlog, dialect.PersistPaths}, "SYSTEM_VARIABLES_ADMIN ON *.*"},
		"at another level":         {mariadb, []string{"GRANT SELECT ON mysql.user TO x", "GRANT ALL PRIVILEGES ON `a`.* TO x"}, []dialect.Work{dialect.SeeAccounts}, "SELECT ON mysql.*"},
		"at a wider level":         {mysql, []string{"GRANT SELECT ON `performance\\_schema`.* TO x"}, []dialect.Work{dialect.SeeTransports}, ""},
		"by a pattern":             {mysql, []string{"GRANT SELECT ON `%`.* TO x"}, []dialect.Work{dialect.SeeTransports, dialect.SeeAccounts}, ""},
		"no right on all by one":   {mysql, []string{"GRANT ALL PRIVILEGES ON `%`.* TO x"}, []dialect.Work{dialect.ReloadFiles}, "CONNECTION_ADMIN ON *.*"},
		"by its table":             {mysql, []string{"GRANT SELECT ON performance_schema.threads TO x"}, []dialect.Work{dialect.SeeTransports}, "SELECT ON performance_schema.status_by_thread"},
		"taken":                    {mysql, []string{"GRANT SELECT ON *.* TO x", "REVOKE SELECT ON `mysql`.* FROM x"}, []dialect.Work{dialect.SeeAccounts, dialect.SeeTransports}, "SELECT ON mysql.*"},
		"another's taken":          {mysql, []string{"GRANT SELECT ON *.* TO x", "REVOKE INSERT ON `mysql`.* FROM x"}, []dialect.Work{dialect.SeeAccounts}, ""},
		"the tables themselves":    {mysql, []string{"GRANT UPDATE ON mysql.* TO x"}, []dialect.Work{dialect.AlterRows}, ""},
	} {
		var names []string
		for _, right := range dialect.Lacking(c.version, parse(c.grants...), c.works...) {
			names = append(names, right.String())
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: lacks %q, want %q", name, got, c.want)
		}
	}
}

// What is told to lack is met by the statements of the hint, read as grants.
func TestGrantHint(t *testing.T) {
	lacking := []dialect.Right{{Privilege: "RELOAD"}, {Privilege: "SELECT", Database: "mysql"}, {Privilege: "CREATE USER"}}
	const want = "on db1, as an account that may grant it: SET SESSION sql_log_bin=0; GRANT RELOAD, CREATE USER ON *.* TO `o'd@d`@`10.%`; GRANT SELECT ON mysql.* TO `o'd@d`@`10.%`"
	if got := dialect.GrantHint("db1", "o'd@d@10.%", lacking); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, v := range []facts.Version{version(facts.MariaDB, 10, 11, 1), version(facts.MySQL, 9, 7, 1), version(facts.MySQL, 5, 7, 1), version(facts.MariaDB, 10, 3, 1)} {
		var held facts.Grants
		for _, s := range dialect.Grant("dba@localhost", dialect.Lacking(v, held, dialect.Works()...))[1:] {
			dialect.ParseGrant(s.String(), &held)
		}
		if left := dialect.Lacking(v, held, dialect.Works()...); held.Unread || len(left) > 0 {
			t.Errorf("%s: still lacks %v", v.Flavour, left)
		}
	}
}
