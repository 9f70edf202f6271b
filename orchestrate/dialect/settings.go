package dialect

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Settings asks for the TLS variables of the running server. Enabled is @@have_ssl: DISABLED is a server that was built with TLS
// and started without it, whatever ssl_ca says (a later skip-ssl wins; tried on MariaDB 10.11). A path may be relative to the data
// directory.
func (Dialect) Settings() Query[facts.TLSSettings] {
	return Query[facts.TLSSettings]{
		ask: Statement{"SELECT @@have_ssl AS have_ssl, @@ssl_ca AS ssl_ca, @@ssl_cert AS ssl_cert, @@ssl_key AS ssl_key"},
		read: single(func(s *scan) facts.TLSSettings {
			return facts.TLSSettings{
				Enabled: haveSSL(s), CA: s.text("ssl_ca"), Cert: s.text("ssl_cert"), Key: s.text("ssl_key"),
			}
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

// notSettings are variables that SET GLOBAL writes and that are no settings: a restart loses nothing with them.
var notSettings = map[string]string{
	"gtid_slave_pos":                "the replica's position, kept in mysql.gtid_slave_pos",
	"gtid_binlog_state":             "the state of the binary log, kept beside it",
	"sql_slave_skip_counter":        "an order to the next START SLAVE, which uses it up",
	"innodb_buffer_pool_dump_now":   "an order, carried out at once",
	"innodb_buffer_pool_load_now":   "an order, carried out at once",
	"innodb_buffer_pool_load_abort": "an order, carried out at once",
	"innodb_log_checkpoint_now":     "an order, carried out at once",
	"innodb_monitor_reset":          "an order, carried out at once",
	"innodb_monitor_reset_all":      "an order, carried out at once",
	"innodb_fast_shutdown":          "an order to the next shutdown, which obeys it",
}

// unshown are variables whose values may hold a password or are SQL text: only their names are given.
var unshown = []string{"wsrep_sst_auth", "wsrep_provider_options", "init_connect", "init_slave"}

// RunTime asks for the variables that were set with SET GLOBAL since the server started, as name=value in lower-case names,
// sorted: a restart would lose them. On a server and a replica that nobody touched it is empty (tried on MariaDB 10.11).
//
// A variable that was set back to the value which the configuration gives is listed too: the server remembers who wrote a
// variable last (GLOBAL_VALUE_ORIGIN) and forgets what the configuration said (GLOBAL_VALUE_PATH becomes NULL; tried).
func (Dialect) RunTime() Query[[]string] {
	all := each(readRunTime)
	return Query[[]string]{
		ask: Statement{"SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value FROM information_schema.SYSTEM_VARIABLES" +
			" WHERE GLOBAL_VALUE_ORIGIN = 'SQL' ORDER BY VARIABLE_NAME"},
		read: func(rows []Row) facts.Value[[]string] {
			v := all(rows)
			if list, ok := v.Get(); ok {
				list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
				slices.Sort(list)
				return facts.Known(list)
			}
			return v
		},
	}
}

// readRunTime is empty for what is no setting.
func readRunTime(s *scan) string {
	name, value := strings.ToLower(s.text("name")), s.text("value")
	if _, ok := notSettings[name]; ok {
		return ""
	}
	if slices.Contains(unshown, name) {
		value = "(not shown)"
	}
	return name + "=" + value
}
