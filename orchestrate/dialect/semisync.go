package dialect

import (
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
)

// SemiSync asks for the variables and for the status of replication that is acknowledged; [SemiSyncOf] makes facts of the answers. A server
// without the plugin has none of them; MariaDB has it built in.
func (d Dialect) SemiSync() (variables, status Query[map[string]string]) {
	return valuesOf("SHOW GLOBAL VARIABLES"), valuesOf("SHOW GLOBAL STATUS")
}

func valuesOf(show string) Query[map[string]string] {
	all := each(func(s *scan) [2]string { return [2]string{strings.ToLower(s.text("variable_name")), s.text("value")} })
	return Query[map[string]string]{
		ask: statement("%s WHERE Variable_name LIKE 'rpl_semi_sync%%'", show),
		read: func(rows []Row) facts.Value[map[string]string] {
			v := all(rows)
			list, ok := v.Get()
			if !ok {
				return facts.As[map[string]string](v)
			}
			values := map[string]string{}
			for _, pair := range list {
				values[pair[0]] = pair[1]
			}
			return facts.Known(values)
		},
	}
}

// SemiSyncOf reads both answers, in the older words as well as in those of the plugins that MySQL has since 8.0.26 (tried on MySQL 8.0.33 and 9.7
// and MariaDB 10.5). MariaDB waits for one acknowledgement, and has no variable of how many.
func SemiSyncOf(variables, status map[string]string) facts.Value[facts.SemiSync] {
	if len(variables) == 0 {
		return facts.Absent[facts.SemiSync]()
	}
	s := &scan{row: Row{}}
	for _, values := range []map[string]string{variables, status} {
		for name, value := range values {
			s.row[inNewerWords(name)] = Cell{Text: value}
		}
	}
	const source, replica = "rpl_semi_sync_source_", "rpl_semi_sync_replica_"
	semi := facts.SemiSync{Needs: 1}
	if _, is := s.row[source+"enabled"]; is {
		semi.Waits = s.yes(source+"enabled") && s.yes(source+"status")
		semi.Clients = int(s.number(source+"clients", 31))
		semi.Timeout = time.Duration(min(s.number(source+"timeout", 64), uint64(maxTimeout/time.Millisecond))) * time.Millisecond
		if _, counts := s.row[source+"wait_for_replica_count"]; counts {
			semi.Needs = int(s.number(source+"wait_for_replica_count", 31))
		}
	}
	if _, is := s.row[replica+"enabled"]; is {
		semi.Acknowledges = s.yes(replica+"enabled") && s.yes(replica+"status")
	}
	return known(s, semi)
}

// maxTimeout is what a longer time to wait is taken for.
const maxTimeout = 100 * 365 * 24 * time.Hour
