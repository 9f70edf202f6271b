package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

func (b *builder) groupOf(server topology.ServerName) string {
	return b.facts.Server(server).Instance.Or(facts.Instance{}).Group
}

// isSoleMember says that a Galera cluster ends with the server: started by its service it looks for another member, and does not start without
// (tried on 10.11.18: "gcs connect failed").
func (b *builder) isSoleMember(server topology.ServerName) bool {
	return b.groupOf(server) != "" && b.facts.Server(server).Instance.Or(facts.Instance{}).Members == 1
}

// groupImpact is what a restart means for the group of a server.
func (b *builder) groupImpact(server topology.ServerName) string {
	switch group := b.groupOf(server); {
	case group == "":
		return ""
	case b.isSoleMember(server):
		return fmt.Sprintf("%s is the only member of the Galera cluster %s, which its restart command has to found anew", server, group)
	case b.facts.Server(server).Instance.Or(facts.Instance{}).Version.Flavour == facts.MariaDB:
		return fmt.Sprintf("%s leaves the Galera cluster %s, and joins it again when it starts", server, group)
	default:
		return fmt.Sprintf("%s leaves the group %s, and joins it again by itself only with group_replication_start_on_boot", server, group)
	}
}

// warnOfGroup names what a server has to do with that is not replication from a source, and is left alone.
//
// A Galera member hands an ALTER USER on also with sql_log_bin=0, as the count of its write sets tells, and not with wsrep_on=OFF, which takes SUPER
// (tried on one node of 10.11.18). A member of Group Replication does not (tried on two of 8.0.33 and of 9.7).
func (b *builder) warnOfGroup(server topology.ServerName) {
	instance := b.facts.Server(server).Instance.Or(facts.Instance{})
	switch require, changes := b.requires[server]; {
	case instance.Group == "":
	case instance.Version.Flavour == facts.MariaDB:
		text := fmt.Sprintf("it is a member of the Galera cluster %s: what the members say to each other is left alone, which is wsrep_provider_options (socket.ssl_*)", instance.Group)
		if changes {
			text += "; what is required of the account comes to all its members, whatever sql_log_bin says: their replicas that are not in the inventory are not seen"
		}
		b.warnOf(server, "%s", text)
	default:
		text := fmt.Sprintf("it is a member of the group %s of Group Replication: the channels group_replication_applier and group_replication_recovery, and what the members "+
			"say to each other, are left alone (group_replication_recovery_use_ssl, group_replication_ssl_mode)", instance.Group)
		if changes && !require.Binlog {
			text += "; what is required of the account is set on this member alone: set it on the others too, or it ends with the next failover"
		}
		b.warnOf(server, "%s", text)
	}
}
