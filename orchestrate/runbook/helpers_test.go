package runbook_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

const status = `*************************** 1. row ***************************
               Connection_name: 
              Slave_IO_Running: Yes
         Seconds_Behind_Master: 7
              Master_SSL_Cipher: 
*************************** 2. row ***************************
               Connection_name: other one
              Slave_IO_Running: Connecting
         Seconds_Behind_Master: NULL
`

const newerStatus = `*************************** 1. row ***************************
             Replica_IO_State: Waiting for source to send event
                  Source_Host: 10.0.0.1
           Replica_IO_Running: Yes
        Seconds_Behind_Source: 7
                Last_IO_Error: Source: no Replica
                 Channel_Name: one
*************************** 2. row ***************************
           Replica_IO_Running: No
                 Channel_Name: 
`

const unnamedStatus = `*************************** 1. row ***************************
             Slave_IO_Running: Yes
`

const sessions = `*************************** 1. row ***************************
               id: 11
             user: repl
             host: 10.0.0.2:4711
          command: Binlog Dump
  connection_type: SSL/TLS
*************************** 2. row ***************************
               id: 12
             user: root
             host: localhost
          command: Query
*************************** 3. row ***************************
               id: 13
             user: repl
             host: 10.0.0.3:4712
          command: Binlog Dump
`

// TestHelpers runs the functions of a real runbook in a real bash, over a server that answers from a text.
func TestHelpers(t *testing.T) {
	w := orchestratetest.New(cluster("db1", "db2"))
	text := renderPlan(t, plan.Plan{Cluster: "db1", Steps: []plan.Step{{Goal: plan.Up{Server: "db1"}}}}, w)
	helpers := blocks(text, "sh")[0] + "\nanswers() { cat <<'END'\n" + status + "END\n}\nnewer() { cat <<'END'\n" + newerStatus + "END\n}\nunnamed() { cat <<'END'\n" + unnamedStatus + "END\n}\nlists() { cat <<'END'\n" + sessions + "END\n}\nset -euo pipefail\n"
	for _, test := range []struct {
		command, says string
		fails         bool
	}{
		{command: "channel answers '' 'Slave_IO_Running: Yes' 'Master_SSL_Cipher: '", says: "Slave_IO_Running: Yes\nMaster_SSL_Cipher: \n"},
		{command: "channel answers 'other one' 'Slave_IO_Running: Yes'", says: "not yet: Slave_IO_Running: Yes (Slave_IO_Running: Connecting)\n", fails: true},
		{command: "channel answers 'none' 'Slave_IO_Running: Yes'", says: "not yet: Slave_IO_Running: Yes (no such channel)\n", fails: true},
		{command: "channel answers '' 'Slave_IO_Running: Ye'", says: "not yet: Slave_IO_Running: Ye (Slave_IO_Running: Yes)\n", fails: true},
		{command: "channel newer one 'Slave_IO_Running: Yes' 'Master_Host: 10.0.0.1' 'Last_IO_Error: Source: no Replica'", says: "Slave_IO_Running: Yes\nMaster_Host: 10.0.0.1\nLast_IO_Error: Source: no Replica\n"},
		{command: "channel newer '' 'Slave_IO_Running: No'", says: "Slave_IO_Running: No\n"},
		{command: "lag_at_most newer one 7", says: "Seconds_Behind_Master: 7\n"},
		{command: "channel unnamed '' 'Slave_IO_Running: Yes'", says: "Slave_IO_Running: Yes\n"},
		{command: "channel false '' 'Slave_IO_Running: Yes'", fails: true},
		{command: "channel_value answers '' Seconds_Behind_Master", says: "7\n"},
		{command: "lag_at_most answers '' 7", says: "Seconds_Behind_Master: 7\n"},
		{command: "lag_at_most answers '' 6", says: "Seconds_Behind_Master: 7\n", fails: true},
		{command: "lag_at_most answers 'other one' 6", says: "Seconds_Behind_Master: NULL\n", fails: true},
		{command: "lists | dump_threads", says: "connection 11 of repl from 10.0.0.2:4711 over SSL/TLS\nconnection 13 of repl from 10.0.0.3:4712\n"},
		{command: "retry 0 false", fails: true},
		{command: "n=0; later() { n=$((n + 1)); [ $n -ge 2 ]; }; retry 5 later; echo $n", says: "2\n"},
		{command: "sql_text 'SELECT 1'; echo 'SELECT 2' | sql_text", says: "SELECT 1\nSELECT 2\n"},
	} {
		out, err := bash("-e", helpers+strings.TrimSpace(test.command)+"\n")
		if out != test.says || (err != nil) != test.fails {
			t.Errorf("%s: %v, and it says\n%swant\n%s", test.command, err, out, test.says)
		}
	}
}
