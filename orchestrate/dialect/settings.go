package dialect

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Settings asks for the TLS variables of the running server. Enabled is @@have_ssl: DISABLED is a server that was built with TLS
// and started without it, whatever ssl_ca says (a later skip-ssl wins; tried on MariaDB 10.11). A path may be relative to the data
// directory.
//
// MySQL 9.7 has no such variable: it serves TLS where it knows how long its certificate is good for (tried, also with
// performance_schema=OFF, under which performance_schema.tls_channel_status is empty). The paths are those in use, which differ from the
// variables until the next reload.
func (d Dialect) Settings() Query[facts.TLSSettings] {
	return Query[facts.TLSSettings]{
		ask: Statement{d.words.settings},
		read: single(func(s *scan) facts.TLSSettings {
			settings := facts.TLSPaths(s.text)
			settings.Enabled = haveSSL(s)
			return settings
		}),
	}
}

func haveSSL(s *scan) bool {
	switch word := strings.ToUpper(s.text("have_ssl")); word {
	case "YES":
		return true
	case "NO", "DISABLED":
	default:
		s.fail("have_ssl is %q, which is not known", word)
	}
	return false
}

// isSetting is false for the variables that SET GLOBAL writes and with which a restart loses nothing.
func isSetting(name string) bool {
	switch name {
	case "gtid_slave_pos", "gtid_binlog_state": // positions, kept in mysql.gtid_slave_pos and beside the binary log
		return false
	case "innodb_buffer_pool_dump_now", "innodb_buffer_pool_load_now", "innodb_buffer_pool_load_abort",
		"innodb_log_checkpoint_now", "innodb_monitor_reset", "innodb_monitor_reset_all": // orders, carried out at once
		return false
	case "sql_slave_skip_counter", "innodb_fast_shutdown": // orders to the next START SLAVE and to the next shutdown, used up by them
		return false
	}
	return true
}

// isShown is false for variables whose values may hold a password or are SQL text: only their names are given.
func isShown(name string) bool {
	switch name {
	case "wsrep_sst_auth", "wsrep_provider_options", "init_connect", "init_slave":
		return false
	}
	return true
}

// RunTime asks for the variables that were set with SET GLOBAL since the server started, as name=value in lower-case names,
// sorted: a restart would lose them. On a server and a replica that nobody touched it is empty (tried on MariaDB 10.11).
//
// A variable that was set back to the value which the configuration gives is listed too: the server remembers who wrote a
// variable last (GLOBAL_VALUE_ORIGIN) and forgets what the configuration said (GLOBAL_VALUE_PATH becomes NULL; tried).
//
// MySQL tells by whom a variable was set, and sets some itself: those are left out, and those that it persists as they are (tried on 9.7).
//
// MySQL before 8.0 does not tell: that is unknown.
func (d Dialect) RunTime() Query[[]string] {
	if !d.tellsRunTime {
		return Query[[]string]{ask: Mark(), read: func([]Row) facts.Value[[]string] { return facts.Unknown[[]string](noRunTime) }}
	}
	all := each(readRunTime)
	return Query[[]string]{
		ask: Statement{d.words.runTime},
		read: func(rows []Row) facts.Value[[]string] {
			v := all(rows)
			if list, ok := v.Get(); ok {
				all := slices.Clone(list)
				list = slices.DeleteFunc(list, func(s string) bool {
					return s == "" || inNewerWords(s) != s && slices.Contains(all, inNewerWords(s)) // 8.0.33 has some under both names (tried)
				})
				slices.Sort(list)
				return facts.Known(list)
			}
			return v
		},
	}
}

const noRunTime = "a server of this version does not tell which settings were made at run time"

// readRunTime is empty for what is no setting.
func readRunTime(s *scan) string {
	name, value := strings.ToLower(s.text("name")), s.text("value")
	if !isSetting(name) {
		return ""
	}
	if !isShown(name) {
		value = "(not shown)"
	}
	return name + "=" + value
}
