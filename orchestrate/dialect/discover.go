package dialect

// Registered is a replica that has told its source who it is. It is listed while it is connected.
type Registered struct {
	ServerID uint32
	Host     string // report_host; without that setting the address that the replica comes from (tried on MariaDB 10.11)
	Port     int    // report_port, which without a setting is the replica's own port
}

// Registered asks a source for the replicas that are connected, by server id. It needs REPLICATION MASTER ADMIN.
func (d Dialect) Registered() Query[[]Registered] {
	return Query[[]Registered]{
		ask: Statement{d.words.replicas},
		read: each(func(s *scan) Registered {
			return Registered{ServerID: uint32(s.number("server_id", 32)), Host: s.text("host"), Port: int(s.number("port", 16))}
		}),
	}
}

// ReplicationAccount is a row of an account that may read the binary log.
type ReplicationAccount struct {
	User, Host string
	Super      bool // it may do almost everything else too, so that it is hardly meant for replication
}

// ReplicationAccounts asks for the rows of all accounts with REPLICATION SLAVE on all databases, sorted; roles and rows without a name are
// left out. It needs SELECT on mysql.*.
func (d Dialect) ReplicationAccounts() Query[[]ReplicationAccount] {
	return Query[[]ReplicationAccount]{
		ask: Statement{"SELECT User AS user, Host AS host, Super_priv AS super FROM mysql.user" +
			" WHERE Repl_slave_priv = 'Y'" + d.words.noRoles + " AND User <> '' ORDER BY User, Host"},
		read: each(func(s *scan) ReplicationAccount {
			return ReplicationAccount{User: s.text("user"), Host: s.text("host"), Super: s.text("super") == "Y"}
		}),
	}
}
