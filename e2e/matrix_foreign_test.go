package e2e_test

import (
	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

func foreignScenarios() []scenario {
	return []scenario{{
		name: "servers that cannot replicate are refused by name", mixed: true, futile: true,
		without: func(p compatibility.Pair) string {
			if !cannotReplicate(p) {
				return "they can replicate"
			}
			return ""
		},
		options: func(compatibility.Pair) lab.Options { return lab.Options{Futile: true} },
		play: func(p *played) {
			p.await("an applier that has stopped", func() bool {
				status, err := p.SlaveStatus(p.t.Context(), "replica1")
				must(p.t, err)
				return status["Last_SQL_Errno"] != "0"
			})
			p.blocked("MySQL from 8.0.31 on cannot read the row events of MariaDB")
			p.refused("MySQL from 8.0.31 on cannot read the row events of MariaDB")
		},
	}}
}

// cannotReplicate says that the servers themselves, in whatever transport, do not get along.
func cannotReplicate(p compatibility.Pair) bool {
	return p.Primary.Family == "MariaDB" && p.Replica.Family == "MySQL" && !p.Replica.Before(8, 0, 31)
}
