package dialect_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
)

// discovery: a source tells which replicas are connected, and which accounts they may use.
func (l *lab) discovery(t *testing.T, d dialect.Dialect) {
	l.replica.do(t, "START SLAVE")
	l.channel(t, d, "", connected)
	want := []dialect.Registered{{ServerID: 2, Host: "127.0.0.1", Port: l.replica.port}}
	if list := mustAsk(t, l.source.DB, d.Registered()); !slices.Equal(list, want) {
		t.Errorf("registered replicas %+v, want %+v: of a replica without report_host it is the address that it comes from", list, want)
	}
	if list := mustAsk(t, l.replica.DB, d.Registered()); len(list) > 0 {
		t.Errorf("replicas of a server that has none: %+v", list)
	}
	list := mustAsk(t, l.source.DB, d.ReplicationAccounts())
	if !slices.Contains(list, dialect.ReplicationAccount{User: "repl", Host: "127.0.0.1"}) {
		t.Errorf("repl is not among %+v", list)
	}
	if !slices.Contains(list, dialect.ReplicationAccount{User: "root", Host: "localhost", Super: true}) {
		t.Errorf("root is not among %+v", list)
	}
	for _, row := range list {
		if row.User == oddUser || row.User == "mariadb.sys" {
			t.Errorf("%+v may not replicate", row)
		}
	}
	l.replica.do(t, "STOP SLAVE")
}
