package lab

import (
	"fmt"
	"strings"
)

// words are those in which a server is asked.
type words struct {
	status     string
	masterWord *strings.Replacer // makes the columns of the status those of MariaDB
	position   string            // asks for all that was written
	wait       string            // for a file and an offset of the source, for a second; not negative when they are reached
}

func (r Release) words() words {
	w := words{"SHOW SLAVE STATUS", strings.NewReplacer(), "SHOW MASTER STATUS", "SELECT MASTER_POS_WAIT(?, ?, 1)"}
	if r.MySQL(5, 7, 0) { // it has channels, and does not choose one where there are several
		w.wait = "SELECT MASTER_POS_WAIT(?, ?, 1, '')"
	}
	if r.MySQL(8, 0, 22) {
		w.status, w.masterWord = "SHOW REPLICA STATUS", strings.NewReplacer("Source", "Master", "Replica", "Slave")
	}
	if r.MySQL(8, 0, 26) {
		w.wait = "SELECT SOURCE_POS_WAIT(?, ?, 1, '')"
	}
	if r.MySQL(8, 2, 0) {
		w.position = "SHOW BINARY LOG STATUS"
	}
	return w
}

// MariaDB among itself speaks of GTIDs.
const (
	gtidPosition = "SELECT @@gtid_binlog_pos"
	gtidWait     = "SELECT MASTER_GTID_WAIT(?, 0.5)"
)

// startReplica connects a replica in plaintext: by file and position from the first binlog on, or by GTID where both are MariaDB. Without TLS,
// caching_sha2_password needs the source's key for the password.
func startReplica(replica, source Release) string {
	to := "MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?"
	switch {
	case replica.MySQL(8, 0, 23):
		return "CHANGE REPLICATION SOURCE TO " + strings.ReplaceAll(to, "MASTER", "SOURCE") + ", SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA"
	case replica.MySQL(8, 0, 4):
		to += ", GET_MASTER_PUBLIC_KEY = 1"
	case replica.SinceMariaDB(11, 4, 0): // it asks for TLS, and checks it, by itself
		to += ", MASTER_SSL = 0, MASTER_SSL_VERIFY_SERVER_CERT = 0"
	}
	switch {
	case replica.MariaDB && source.MariaDB:
		to += ", MASTER_USE_GTID = slave_pos"
	case replica.MariaDB:
		to += ", MASTER_USE_GTID = no"
	}
	return "CHANGE MASTER TO " + to + "; START SLAVE"
}

// createAccount makes the replication account, by the old way of passwords where a replica does not know the new one and the server has both.
func createAccount(r Release, oldPasswords bool) string {
	how := "BY"
	if oldPasswords && r.MySQL(8, 0, 0) && !r.MySQL(9, 0, 0) {
		how = "WITH mysql_native_password BY"
	}
	return fmt.Sprintf("SET SESSION sql_log_bin = 0; CREATE USER ?@'%%' IDENTIFIED %s ?; GRANT REPLICATION SLAVE ON *.* TO ?@'%%'", how)
}
