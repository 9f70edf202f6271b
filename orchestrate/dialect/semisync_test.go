package dialect_test

import (
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestSemiSync reads what MySQL 8.0.33 and 9.7 and MariaDB 10.5 answered.
func TestSemiSync(t *testing.T) {
	type answers = map[string]string
	for name, c := range map[string]struct {
		variables, status answers
		want              facts.Value[facts.SemiSync]
	}{
		"none": {answers{}, answers{}, facts.Absent[facts.SemiSync]()},
		"a source of older words": {
			answers{"rpl_semi_sync_master_enabled": "ON", "rpl_semi_sync_master_timeout": "10000", "rpl_semi_sync_master_wait_for_slave_count": "2"},
			answers{"rpl_semi_sync_master_clients": "3", "rpl_semi_sync_master_status": "ON"},
			facts.Known(facts.SemiSync{Waits: true, Needs: 2, Clients: 3, Timeout: 10 * time.Second}),
		},
		"a source of newer words": {
			answers{"rpl_semi_sync_source_enabled": "ON", "rpl_semi_sync_source_timeout": "18446744073709551615", "rpl_semi_sync_source_wait_for_replica_count": "1"},
			answers{"rpl_semi_sync_source_clients": "1", "rpl_semi_sync_source_status": "OFF"},
			facts.Known(facts.SemiSync{Needs: 1, Clients: 1, Timeout: 100 * 365 * 24 * time.Hour}),
		},
		"MariaDB, that could be either": {
			answers{"rpl_semi_sync_master_enabled": "OFF", "rpl_semi_sync_master_timeout": "10000", "rpl_semi_sync_slave_enabled": "ON"},
			answers{"rpl_semi_sync_master_clients": "0", "rpl_semi_sync_master_status": "OFF", "rpl_semi_sync_slave_status": "ON"},
			facts.Known(facts.SemiSync{Needs: 1, Timeout: 10 * time.Second, Acknowledges: true}),
		},
		"a replica that is not connected": {
			answers{"rpl_semi_sync_replica_enabled": "ON"}, answers{"rpl_semi_sync_replica_status": "OFF"}, facts.Known(facts.SemiSync{Needs: 1}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := dialect.SemiSyncOf(c.variables, c.status); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if got := dialect.SemiSyncOf(map[string]string{"rpl_semi_sync_slave_enabled": "ON"}, nil); !got.IsUnknown() {
		t.Errorf("without its status: %v", got)
	}
}
