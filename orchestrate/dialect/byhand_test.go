package dialect_test

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func TestStatementsForPeopleAreInTheWordsOfTheVersion(t *testing.T) {
	receiver := facts.Threads{Receiver: true}
	for version, want := range map[facts.Version][4]string{
		{Flavour: facts.MySQL, Major: 5, Minor: 6, Patch: 24}:     {"START SLAVE IO_THREAD", "STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY=0, MASTER_SSL=1", "START SLAVE SQL_THREAD"},
		{Flavour: facts.MySQL, Major: 5, Minor: 7, Patch: 22}:     {"START SLAVE IO_THREAD", "STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY=0, MASTER_SSL=1", "START SLAVE SQL_THREAD FOR CHANNEL 'o''west'"},
		{Flavour: facts.Percona, Major: 8, Minor: 4}:              {"START REPLICA IO_THREAD", "STOP REPLICA", "CHANGE REPLICATION SOURCE TO SOURCE_DELAY=0, SOURCE_SSL=1", "START REPLICA SQL_THREAD FOR CHANNEL 'o''west'"},
		{Flavour: facts.MariaDB, Major: 10, Minor: 11, Patch: 19}: {"START SLAVE IO_THREAD", "STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY=0, MASTER_SSL=1", "START SLAVE 'o''west' SQL_THREAD"},
		{}: {"START SLAVE IO_THREAD", "STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY=0, MASTER_SSL=1", "START SLAVE 'o''west' SQL_THREAD"},
	} {
		d := dialect.Dialect{}
		if version != (facts.Version{}) {
			d = of(t, version)
		}
		h, named := d.ByHand(""), d.ByHand("o'west")
		if version.Minor == 6 {
			named = h // the only channel has no name
			want[3] = "START SLAVE SQL_THREAD"
		}
		got := [4]string{
			h.Start(receiver), h.Stop(facts.Threads{Receiver: true, Applier: true}), h.Change("DELAY=0", "SSL=1"), named.Start(facts.Threads{Applier: true}),
		}
		if got != want {
			t.Errorf("%v: got %q", version, got)
		}
	}
}
