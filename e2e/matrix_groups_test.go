package e2e_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

const groupName = "8a94f357-aab4-11df-86ab-c80aa9429562"

func groupScenarios() []scenario {
	return []scenario{
		{name: "a primary that is a member of a group", without: withoutGroups, lacking: lackingGroups, options: ofGroups(2, "primary", "replica2"), play: func(p *played) {
			if p.release("primary").MariaDB {
				p.inGroup("primary")
				return
			}
			p.leave("replica2")
			p.inGroup("primary", "replica2")
		}},
		{name: "a replica that is a member of a group", without: withoutGroups, lacking: lackingGroups, options: ofGroups(1, "replica1"), play: func(p *played) { p.inGroup("replica1") }},
	}
}

func withoutGroups(on compatibility.Pair) string {
	if on.Primary.Family == "MySQL" && on.Primary.Before(5, 7, 17) {
		return "MySQL has Group Replication from 5.7.17 on"
	}
	return ""
}

func lackingGroups(on compatibility.Pair) string {
	if on.Primary.Family == "MariaDB" {
		return needsFile("usr/lib/galera/libgalera_smm.so")(on)
	}
	return lackingSemiSync(on)
}

// ofGroups lets servers of MySQL be members of a group, of whom each has an address of an interface and not of the loopback network alone.
func ofGroups(replicas int, members ...string) func(compatibility.Pair) lab.Options {
	return func(on compatibility.Pair) lab.Options {
		o := withGTIDs(on)
		if on.Primary.Family == "MariaDB" {
			return o
		}
		o.Replicas = replicas
		settings := o.ExtraConfig["replica1"]
		for _, member := range members {
			own := map[string]string{"primary": "127.0.0.2", "replica1": "127.0.0.3", "replica2": "127.0.0.4"}[member]
			o.ExtraConfig[member] = append([]string{"bind_address = 127.0.0.1," + own, "report_host = 127.0.0.1"}, settings...)
		}
		return o
	}
}

// leave ends the replication of a server, and takes it out of the inventory.
func (p *played) leave(server string) {
	p.t.Helper()
	p.sql(server, "STOP REPLICA; RESET REPLICA ALL")
	p.edit(`, `+server+`\]`, "]")
	p.edit(`(?m)^  `+server+`: .*$`, "")
}

// inGroup makes a group of servers, then takes the replication of replica1 to TLS. What the members say to each other is left alone, and told by
// name.
func (p *played) inGroup(members ...string) {
	name, state := "the Galera cluster orders", p.galera
	if !p.release("primary").MariaDB {
		name, state = "the group "+groupName+" of Group Replication", p.groupReplication
	}
	see := state(members)
	before := see()
	p.watchReplica1()
	end := p.begin()
	words := []string{members[0] + ": it is a member of " + name, "left alone"}
	if p.release("primary").MariaDB && members[0] == "primary" { // which has to be restarted
		words = append(words, "primary is the only member of the Galera cluster orders, which its restart command has to found anew")
	}
	p.want(2, "plan").says(p.t, words...)
	p.secure()
	p.want(0, "status")
	if after := see(); after != before {
		p.t.Errorf("the group was\n%s\nand is\n%s", before, after)
	}
	end()
	p.nothingMoves()
}

// watchReplica1 looks at no other replica from here on.
func (p *played) watchReplica1() {
	l, c := *p.Lab, *p.cluster
	l.Servers = l.Servers[:2]
	c.Lab = &l
	p.cluster = &c
}

// groupReplication makes a group that writes on its first member alone, each with the channel by which it would fetch what it lacks. It gives
// what shows the group's state.
func (p *played) groupReplication(members []string) func() string {
	var seeds []string
	for _, member := range members {
		s, err := p.Server(member)
		must(p.t, err)
		seeds = append(seeds, fmt.Sprintf("127.0.0.1:%d", s.Port))
	}
	for i, member := range members {
		p.sql(member, fmt.Sprintf("SET sql_log_bin=0; CREATE USER member@'%%' IDENTIFIED BY 'Member-1-word';"+
			" GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO member@'%%'; INSTALL PLUGIN group_replication SONAME 'group_replication.so';"+
			" SET GLOBAL group_replication_communication_stack='MYSQL'; SET GLOBAL group_replication_group_name='%s';"+
			" SET GLOBAL group_replication_local_address='%s'; SET GLOBAL group_replication_group_seeds='%s';"+
			" SET GLOBAL group_replication_recovery_get_public_key=ON; SET GLOBAL group_replication_bootstrap_group=%t;"+
			" CHANGE REPLICATION SOURCE TO SOURCE_USER='member', SOURCE_PASSWORD='Member-1-word' FOR CHANNEL 'group_replication_recovery';"+
			" START GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group=OFF", groupName, seeds[i], strings.Join(seeds, ","), i == 0))
	}
	see := func() string {
		table, err := p.Query(p.t.Context(), members[0], "SELECT MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE FROM performance_schema.replication_group_members ORDER BY MEMBER_ROLE")
		must(p.t, err)
		channel, err := p.Query(p.t.Context(), members[0], "SELECT HOST, PORT, USER, SSL_ALLOWED, SSL_CA_FILE FROM performance_schema.replication_connection_configuration"+
			" WHERE CHANNEL_NAME LIKE 'group_replication%' ORDER BY CHANNEL_NAME")
		must(p.t, err)
		return table.String() + channel.String()
	}
	p.await("a group of all members", func() bool { return strings.Count(see(), "ONLINE") == len(members) })
	for _, other := range members[1:] {
		p.keepsToItself(members[0], other)
	}
	return see
}

// keepsToItself asserts that a member hands nothing on to another that it keeps out of its binary log.
func (p *played) keepsToItself(member, other string) {
	p.t.Helper()
	p.sql(member, "CREATE USER kept@localhost; SET sql_log_bin=0; ALTER USER kept@localhost REQUIRE SSL; SET sql_log_bin=1; CREATE USER behind@localhost")
	count := func(where string) string {
		n, err := p.Value(p.t.Context(), other, "SELECT COUNT(*) FROM mysql.user WHERE "+where)
		must(p.t, err)
		return n
	}
	p.await("what came behind it", func() bool { return count("User = 'behind'") == "1" })
	if n := count("User = 'kept' AND ssl_type = ''"); n != "1" {
		p.t.Errorf("%s has what %s kept to itself", other, member)
	}
}

// galera makes a cluster of one member, and gives what shows its state.
func (p *played) galera(members []string) func() string {
	s, err := p.Server(members[0])
	must(p.t, err)
	p.configure(members[0],
		"wsrep_on = ON", "wsrep_provider = "+filepath.Join(s.Programs.Tree, "usr/lib/galera/libgalera_smm.so"), "wsrep_cluster_name = orders", "wsrep_cluster_address = gcomm://",
		"wsrep_node_address = "+s.Address, `wsrep_provider_options = "gmcast.listen_addr=tcp://`+p.freePort(s)+`"`,
		"binlog_format = ROW", "innodb_autoinc_lock_mode = 2")
	see := func() string {
		table, err := p.Query(p.t.Context(), members[0], "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"+
			" WHERE VARIABLE_NAME IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready') ORDER BY VARIABLE_NAME")
		must(p.t, err)
		return table.String()
	}
	p.await("a cluster of one", func() bool { return strings.Contains(see(), "Synced") && strings.Contains(see(), "ON") })
	return see
}

// freePort is an address of a server at which nobody listens.
func (p *played) freePort(s lab.Server) string {
	p.t.Helper()
	listener, err := new(net.ListenConfig).Listen(p.t.Context(), "tcp", net.JoinHostPort(s.Address, "0"))
	must(p.t, err)
	must(p.t, listener.Close())
	return listener.Addr().String()
}
