package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

func threadScenarios() []scenario {
	return []scenario{
		{name: "a receiver whose login is in memory alone", without: mariaDBForgetsNoLogin, play: loginInMemory},
		{name: "a receiver that has given up", play: gaveUp},
		{name: "a super_read_only replica", without: beforeFrozen, options: someHaveTheAccount, play: superReadOnly},
		{name: "replication that is acknowledged", lacking: lackingSemiSync, play: semiSync},
		{name: "a delayed replica", play: delayed},
		{name: "a GTID position, and a heartbeat period", options: withGTIDs, play: gtids},
		{name: "an applier that was stopped on purpose", mixed: true, play: applierStopped},
		{name: "a channel from elsewhere", without: oneChannel, options: twoReplicas, play: otherChannel},
		{name: "a chain", options: chain, play: chained},
		{name: "a multi-threaded applier", play: multiThreaded},
	}
}

func mariaDBForgetsNoLogin(on compatibility.Pair) string {
	if on.Replica.Family == "MariaDB" {
		return "MariaDB has no START SLAVE with USER and PASSWORD"
	}
	return ""
}

// statusOfReplica is the channel of replica1, in MariaDB's words.
func (p *played) statusOfReplica() map[string]string {
	p.t.Helper()
	status, err := p.SlaveStatus(p.t.Context(), "replica1")
	must(p.t, err)
	return status
}

// loginInMemory: START REPLICA with USER and PASSWORD gives a receiver what its server keeps nowhere.
func loginInMemory(p *played) {
	inMemory := func(kept string) {
		p.threads("STOP", "")
		p.change("PASSWORD='"+kept+"'", "CONNECT_RETRY=1")
		p.threads("START", " USER='"+p.Account.User+"' PASSWORD='"+p.Account.Password+"'")
		p.await("a receiver with a login of its own", func() bool { return p.receiver("replica1") == "Yes 0" })
	}
	end := p.begin()
	inMemory("")
	p.held("the login of the receiver of replica1 is in memory alone", "let it be kept, by hand on replica1", "PASSWORD='...'")
	if p.receiver("replica1") != "Yes 0" {
		p.t.Errorf("its receiver was disturbed: %s", p.receiver("replica1"))
	}
	inMemory("stale")
	p.stalePassword()
	p.threads("STOP", "")
	p.change("PASSWORD='" + p.Account.Password + "'")
	p.threads("START", "")
	p.await("a receiver with a login that is kept", func() bool { return p.receiver("replica1") == "Yes 0" })
	p.toTLS()
	inMemory("")
	p.want(0, "plan") // which stops no receiver
	end()
	p.refusedHere("it is refused, and says what keeps the login")
}

// stalePassword: the receiver runs by another password than its server keeps, by which it could not be started again. A file with the right one
// shows that beforehand; without it the login that is tried before the receiver is touched does.
func (p *played) stalePassword() {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "password")
	must(p.t, os.WriteFile(file, []byte(p.Account.Password+"\n"), 0o600))
	p.edit(`account: \{user: repl`, "account: {password_file: "+file+", user: repl")
	p.held("replica1 starts its receiver by another password than the one in account.password_file")
	p.edit("password_file: "+file+", ", "")
	p.want(4, p.proving([]string{"apply", "--yes"})...).says(p.t, "Access denied")
	p.await("a receiver that nobody has stopped", func() bool { return p.receiver("replica1") == "Yes 0" })
}

// refusedHere tells what replssl refuses in a scenario in which it does what it can.
func (p *played) refusedHere(why string) { p.trial.Why = why }

// gaveUp: the account is away for as long as the receiver tries, which it may two times. MariaDB does not tell that from a receiver that somebody
// has stopped.
func gaveUp(p *played) {
	mariaDB := p.release("replica1").MariaDB
	options := []string{"CONNECT_RETRY=1", "RETRY_COUNT=2"}
	if mariaDB {
		p.configure("replica1", "master_retry_count=2")
		options = options[:1]
	}
	away := func(tries string, options ...string) {
		p.rename(p.Account.User, "away")
		p.threads("STOP", "")
		p.change(options...)
		p.threads("START", "")
		p.await("a receiver that is kept out", func() bool { return p.receiver("replica1") == tries })
	}
	away("No 1045", options...)
	p.rename("away", p.Account.User)
	if mariaDB {
		p.held("the receiver of replica1 is stopped, and no journal here tells who stopped it; its last error was 1045", "START SLAVE IO_THREAD")
		p.refused("the server does not tell it from a receiver that somebody has stopped")
		return
	}

	// One that was stopped before it gave up stays stopped: somebody has stopped it.
	away("Connecting 1045", "CONNECT_RETRY=60")
	p.threads("STOP", " IO_THREAD")
	p.rename("away", p.Account.User)
	p.held("the receiver of replica1 is stopped, and no journal here tells who stopped it; its last error was 1045")

	away("No 1045", options...)
	p.rename("away", p.Account.User)
	end := p.begin()
	p.toTLSFrom(2, "the receiver of replica1, which has given up after 2 tries", "is started again")
	end()
	if status := p.statusOfReplica(); status["Connect_Retry"] != "1" || status["Master_Retry_Count"] != "2" {
		p.t.Errorf("something else was changed: %v", status)
	}
	p.nothingMoves()
}

// rename gives an account another name, on the primary alone.
func (p *played) rename(from, to string) {
	p.t.Helper()
	p.sql("primary", fmt.Sprintf("SET sql_log_bin=0; RENAME USER '%s'@'%%' TO '%s'@'%%'", from, to))
}

// toTLS takes the cluster to TLS. Nothing but the age of a requirement proves a channel of MySQL 5.6.
func (p *played) toTLS(args ...string) outcome {
	p.t.Helper()
	return p.want(0, p.proving(append([]string{"apply", "--yes"}, args...))...)
}

func (p *played) proving(args []string) []string {
	if r := p.release("replica1"); !r.MariaDB && !r.MySQL(5, 7, 9) {
		args = append(args, "--enforce", "first")
	}
	return args
}

// toTLSFrom asserts what the plan says, then carries it out.
func (p *played) toTLSFrom(code int, words ...string) {
	p.t.Helper()
	p.want(code, p.proving([]string{"plan"})...).says(p.t, words...)
	p.toTLS()
}

// held asserts that plan and apply are blocked with these words, and that no thread was touched. Rows may be written meanwhile.
func (p *played) held(words ...string) {
	p.t.Helper()
	before := p.replicationThreads()
	p.want(3, "plan").says(p.t, words...)
	p.want(3, "apply", "--yes").says(p.t, words...)
	if after := p.replicationThreads(); !slices.Equal(before, after) {
		p.t.Errorf("threads were touched: %v, then %v", before, after)
	}
}

// replicationThreads are the connection ids of receivers and appliers.
func (p *played) replicationThreads() []string {
	p.t.Helper()
	var seen []string
	for _, s := range p.Servers {
		table, err := p.Query(p.t.Context(), s.Name,
			"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' ORDER BY ID")
		must(p.t, err)
		seen = append(seen, s.Name+" "+table.String())
	}
	return seen
}

func beforeFrozen(on compatibility.Pair) string {
	if on.Replica.Family == "MariaDB" || on.Replica.Before(5, 7, 9) {
		return "it has no super_read_only"
	}
	return ""
}

func someHaveTheAccount(compatibility.Pair) lab.Options {
	return lab.Options{Replicas: 2, Account: lab.AccountSome}
}

// superReadOnly: nobody may alter an account on replica1, and the statement cannot come through the binary log, where replica2 has none.
func superReadOnly(p *played) {
	p.sql("replica1", "SET GLOBAL super_read_only=1")
	end := p.begin()
	p.want(2, "plan").says(p.t, "it is super_read_only", "the account is unprotected after a promotion")
	p.toTLS()
	p.proven()
	end()
	p.want(0, "apply", "--yes").says(p.t, "nothing to do", "the account is unprotected after a promotion")
}

func lackingSemiSync(on compatibility.Pair) string {
	if on.Primary.Family == "MySQL" && on.Primary.Before(8, 0, 26) {
		return "the server of the tests has no plugins"
	}
	return ""
}

// semiSync: commits wait for the only replica, which acknowledges again after the change.
func semiSync(p *played) {
	source, replica := "master", "slave"
	if p.release("primary").MySQL(8, 0, 26) {
		source, replica = "source", "replica"
		p.sql("primary", "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
		p.sql("replica1", "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'")
	}
	p.sql("replica1", "SET GLOBAL rpl_semi_sync_"+replica+"_enabled=1")
	p.threads("STOP", "")
	p.threads("START", "")
	p.sql("primary", "SET GLOBAL rpl_semi_sync_"+source+"_enabled=1")
	acknowledged := func() bool {
		value, err := p.Query(p.t.Context(), "replica1", "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_"+replica+"_status'")
		must(p.t, err)
		return strings.Contains(value.String(), "ON")
	}
	p.await("a receiver that acknowledges", acknowledged)
	end := p.begin()
	p.toTLSFrom(2, "commits wait for an acknowledgement, which 1 receivers give: they wait up to 10s")
	if !acknowledged() {
		p.t.Error("its receiver does not acknowledge any more")
	}
	p.proven()
	end()
	p.nothingMoves()
}

// delayed: where the applier goes on meanwhile its relay logs stay, and where it cannot the plan is blocked.
func delayed(p *played) {
	p.threads("STOP", "")
	p.change("DELAY=3600")
	p.threads("START", "")
	end := p.begin()
	position := func(kind string) int {
		n, err := strconv.Atoi(p.statusOfReplica()[kind])
		must(p.t, err)
		return n
	}
	p.await("rows that wait", func() bool { return position("Read_Master_Log_Pos") > position("Exec_Master_Log_Pos")+2000 })
	undelay := func() {
		p.threads("STOP", "")
		p.change("DELAY=0")
		p.threads("START", "")
	}
	if r := p.release("replica1"); r.MariaDB || !r.MySQL(5, 7, 4) {
		p.held("channel replica1 is delayed by 1h", "purges the relay logs that wait", "MASTER_DELAY=0")
		undelay()
		end()
		p.refused("it is blocked, and says how the delay is taken away: the server deletes the relay logs that wait")
		return
	}
	before, applier := p.statusOfReplica(), p.replicationThreads()
	p.toTLS()
	after := p.statusOfReplica()
	for _, same := range []string{"Exec_Master_Log_Pos", "Relay_Master_Log_File", "Relay_Log_File", "Relay_Log_Pos", "SQL_Delay"} {
		if before[same] != after[same] {
			p.t.Errorf("%s was %s, and is %s", same, before[same], after[same])
		}
	}
	if now := p.replicationThreads(); !sharesAnID(applier[1], now[1]) {
		p.t.Errorf("the applier was disturbed: %v, then %v", applier, now)
	}
	undelay()
	end()
	p.nothingMoves()
}

// sharesAnID says that a thread of the first list is in the second.
func sharesAnID(before, after string) bool {
	fields := strings.Fields(after)
	return slices.ContainsFunc(strings.Fields(before)[2:], func(id string) bool { return slices.Contains(fields, id) })
}

func withGTIDs(on compatibility.Pair) lab.Options {
	if on.Primary.Family == "MariaDB" {
		return lab.Options{}
	}
	settings := []string{"gtid_mode = ON", "enforce_gtid_consistency = ON", "log_slave_updates = ON"}
	if !on.Primary.Before(8, 0, 26) {
		settings[2] = "log_replica_updates = ON"
	}
	return lab.Options{ExtraConfig: map[string][]string{"primary": settings, "replica1": settings}}
}

// gtids: where a channel finds its position stays as it is, as does all else that no TLS option is; no statement of ours gets a GTID.
func gtids(p *played) {
	options := []string{"AUTO_POSITION=1", "HEARTBEAT_PERIOD=7.25", "CONNECT_RETRY=7"}
	r := p.release("replica1")
	switch {
	case r.MariaDB:
		options[0] = "USE_GTID=current_pos"
	case r.MySQL(8, 0, 23):
		options = append(options, "CONNECTION_AUTO_FAILOVER=1")
	}
	p.threads("STOP", "")
	p.change(options...)
	p.threads("START", "")
	p.await("a receiver", func() bool { return p.receiver("replica1") == "Yes 0" })
	kept := func() []string {
		status := p.statusOfReplica()
		return []string{status["Using_Gtid"], status["Auto_Position"], status["Connect_Retry"], p.heartbeat("replica1")}
	}
	before := kept()
	if !strings.HasPrefix(before[3], "7.25") {
		p.t.Fatalf("the period is %v", before)
	}
	end := p.begin()
	if done := p.toTLS(); r.MySQL(8, 0, 23) {
		done.says(p.t, "the receiver of replica1 goes to another source when primary fails")
	}
	p.proven()
	end()
	if after := kept(); !slices.Equal(before, after) {
		p.t.Errorf("%q became %q", before, after)
	}
	if !r.MariaDB {
		executed := func(server string) string {
			value, err := p.Value(p.t.Context(), server, "SELECT @@global.gtid_executed")
			must(p.t, err)
			return value
		}
		errant, err := p.Value(p.t.Context(), "primary", "SELECT GTID_SUBTRACT(?, @@global.gtid_executed)", executed("replica1"))
		if err != nil || errant != "" {
			p.t.Errorf("the replica has what its primary has not: %q %v", errant, err)
		}
	}
	p.nothingMoves()
}

// heartbeat is the period of the default channel.
func (p *played) heartbeat(server string) string {
	p.t.Helper()
	question := "SELECT HEARTBEAT_INTERVAL FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ''"
	if r := p.release(server); r.MariaDB || !r.MySQL(5, 7, 9) {
		question = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Slave_heartbeat_period'"
	}
	value, err := p.Value(p.t.Context(), server, question)
	must(p.t, err)
	return value
}

// applierStopped: somebody has stopped it, and only who says so keeps it stopped.
func applierStopped(p *played) {
	if p.noCommonTLS() {
		return
	}
	p.threads("STOP", " SQL_THREAD")
	end := p.begin()
	p.held("the applier of replica1 is stopped, and no journal here tells who stopped it", "--keep-stopped")
	before := p.statusOfReplica()
	p.toTLS("--keep-stopped").says(p.t, "but for what is kept stopped: the applier of replica1")
	after := p.statusOfReplica()
	if after["Slave_IO_Running"] != "Yes" || after["Slave_SQL_Running"] != "No" || after["Exec_Master_Log_Pos"] != before["Exec_Master_Log_Pos"] {
		p.t.Errorf("%v, then %v", before, after)
	}
	p.threads("START", " SQL_THREAD")
	p.await("its applier", func() bool { return p.statusOfReplica()["Slave_SQL_Running"] == "Yes" })
	end()
	p.proven()
	p.nothingMoves()
}

func oneChannel(on compatibility.Pair) string {
	if on.Replica.Family == "MySQL" && on.Replica.Before(5, 7, 9) {
		return "it has one channel, which has no name"
	}
	return ""
}

func twoReplicas(on compatibility.Pair) lab.Options {
	o := lab.Options{Replicas: 2}
	if on.Replica.Family == "MySQL" && on.Replica.Before(8, 0, 0) { // 3077 with files
		o.ExtraConfig = map[string][]string{"replica1": {"master_info_repository = TABLE", "relay_log_info_repository = TABLE"}}
	}
	return o
}

// otherChannel: replica1 reads from replica2 too, by another account, which the inventory does not mean. Only the channel from the primary pauses.
func otherChannel(p *played) {
	other, err := p.Server("replica2")
	must(p.t, err)
	p.sql("replica2", "SET sql_log_bin=0; CREATE USER 'other'@'%' IDENTIFIED BY 'Other-1-word'; GRANT REPLICATION SLAVE ON *.* TO 'other'@'%'")
	host := fmt.Sprintf("HOST='%s', %%[1]sPORT=%d, %%[1]sUSER='other', %%[1]sPASSWORD='Other-1-word'", other.Address, other.Port)
	switch r := p.release("replica1"); {
	case r.MariaDB:
		p.sql("replica1", "CHANGE MASTER 'other' TO MASTER_"+fmt.Sprintf(host, "MASTER_")+"; START SLAVE 'other' IO_THREAD")
	case r.MySQL(8, 0, 23):
		p.sql("replica1", "CHANGE REPLICATION SOURCE TO SOURCE_"+fmt.Sprintf(host, "SOURCE_")+", GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL 'other'; START REPLICA IO_THREAD FOR CHANNEL 'other'")
	case r.MySQL(8, 0, 4):
		p.sql("replica1", "CHANGE MASTER TO MASTER_"+fmt.Sprintf(host, "MASTER_")+", GET_MASTER_PUBLIC_KEY=1 FOR CHANNEL 'other'; START SLAVE IO_THREAD FOR CHANNEL 'other'")
	default:
		p.sql("replica1", "CHANGE MASTER TO MASTER_"+fmt.Sprintf(host, "MASTER_")+" FOR CHANNEL 'other'; START SLAVE IO_THREAD FOR CHANNEL 'other'")
	}
	dumps := func() string {
		table, err := p.Query(p.t.Context(), "replica2", "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'other' AND COMMAND LIKE 'Binlog Dump%'")
		must(p.t, err)
		if len(table.Rows) != 1 {
			return ""
		}
		return table.String()
	}
	p.await("the other channel", func() bool { return dumps() != "" })
	before := dumps()
	end := p.begin()
	p.toTLS()
	end()
	if after := dumps(); after != before {
		p.t.Errorf("the other channel was disturbed: dump thread %s, then %s", before, after)
	}
	p.want(0, "apply", "--yes").says(p.t, "nothing to do")
	p.verify(0)
}

func chain(on compatibility.Pair) lab.Options {
	o := lab.Options{Replicas: 2, ReplicatesFrom: map[string]string{"replica2": "replica1"}}
	if on.Replica.Family == "MySQL" && on.Replica.Before(8, 0, 0) {
		o.ExtraConfig = map[string][]string{"replica1": {"log_slave_updates = ON"}}
	}
	return o
}

func chained(p *played) {
	end := p.begin()
	p.toTLS()
	p.proven()
	end()
	p.nothingMoves()
}

func multiThreaded(p *played) {
	setting := "slave_parallel_workers"
	switch r := p.release("replica1"); {
	case r.MariaDB:
		setting = "slave_parallel_threads"
	case r.MySQL(8, 0, 26):
		setting = "replica_parallel_workers"
	}
	p.threads("STOP", "")
	p.sql("replica1", "SET GLOBAL "+setting+"=4")
	p.threads("START", "")
	end := p.begin()
	p.toTLS()
	p.proven()
	end()
	p.nothingMoves()
}
