package dialect

// naming is how a statement names a channel.
type naming int

const (
	namedBehindVerb naming = iota // CHANGE MASTER 'x' TO
	namedAtEnd                    // ... FOR CHANNEL 'x'
	unnamed                       // there is one channel, which has no name
)

// words are what a release series calls things.
type words struct {
	start, stop  string // the verbs for the threads of a channel
	change       string // the verb for the options of a channel
	option       string // begins the name of each of these
	naming       naming
	channels     string // asks for all channels
	channelName  string // columns of the answer; empty where there is no name
	gtid         string
	heartbeat    string   // column of the status that tells the heartbeat period; empty where none does
	retries      string   // column of the status that tells how often a receiver tries to connect; empty where none does
	filters      []string // those that not all have
	binlogStatus string
	replicas     string   // asks for the replicas that are connected
	sessions     string   // asks for sessions, with performance_schema
	noRoles      string   // keeps what cannot log in out of the rows of mysql.user
	noAccount    int      // the error of the question for a row that is not in force (tried)
	mode         string   // of a session that sets what an account demands
	reload       string   // empty where only a restart does
	settings     string   // asks whether TLS is served, and by which files
	runTime      string   // asks for what SET GLOBAL has changed
	variables    string   // asks for variables, up to the list of their names; empty where each is asked for by its name
	missing      []string // TLS variables that it does not have
	frozen       string   // tells of super_read_only
	logins       string   // where the logins of receivers are kept: TABLE or FILE
	login        string   // names the channel in the table of logins
	moves        string   // the column of mysql.slave_master_info that tells whether a receiver goes to another source
	library      string   // the TLS library that it is built with
	group        string   // the name of the group that it is set up to be a member of
	members      string   // how many a Galera cluster has
}

const settingsOfVariables = "SELECT @@have_ssl AS have_ssl, @@ssl_ca AS ssl_ca, @@ssl_cert AS ssl_cert, @@ssl_key AS ssl_key, @@ssl_crl AS ssl_crl"

func wordsOfMariaDB() words {
	return words{
		start: "START SLAVE", stop: "STOP SLAVE", change: "CHANGE MASTER", option: "MASTER_",
		channels: "SHOW ALL SLAVES STATUS", channelName: "connection_name", gtid: "using_gtid", heartbeat: "slave_heartbeat_period",
		filters:      []string{"replicate_do_domain_ids", "replicate_ignore_domain_ids"},
		binlogStatus: "SHOW MASTER STATUS", replicas: "SHOW SLAVE HOSTS", sessions: withThreads,
		noRoles: " AND is_role = 'N'", noAccount: 1133,
		reload:   "FLUSH LOCAL SSL",
		settings: settingsOfVariables,
		runTime: "SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value FROM information_schema.SYSTEM_VARIABLES" +
			" WHERE GLOBAL_VALUE_ORIGIN = 'SQL' ORDER BY VARIABLE_NAME",
		variables: "SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value, DEFAULT_VALUE AS preset, GLOBAL_VALUE_ORIGIN AS origin," +
			" GLOBAL_VALUE_PATH AS path FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME",
		logins: "'FILE'", frozen: "0", library: "@@version_ssl_library",
		members: "IFNULL((SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_CLUSTER_SIZE'), 0)",
		group: "IFNULL((SELECT c.VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES AS c, information_schema.GLOBAL_VARIABLES AS o" +
			" WHERE c.VARIABLE_NAME = 'WSREP_CLUSTER_NAME' AND o.VARIABLE_NAME = 'WSREP_ON' AND o.VARIABLE_VALUE = 'ON'), '')",
	}
}

// wordsOfMySQL56 are those of 5.6 (tried on 5.6.24). Its GRANT makes an account that is not there, unless the sql_mode forbids it, which the
// binary log carries to the replicas.
func wordsOfMySQL56() words {
	return words{
		start: "START SLAVE", stop: "STOP SLAVE", change: "CHANGE MASTER", option: "MASTER_", naming: unnamed,
		channels: "SHOW SLAVE STATUS", gtid: "auto_position", retries: "master_retry_count",
		binlogStatus: "SHOW MASTER STATUS", replicas: "SHOW SLAVE HOSTS", sessions: withoutThreads,
		noAccount: 1141, mode: "NO_AUTO_CREATE_USER",
		settings: settingsOfVariables, missing: []string{version, transport},
		logins: "@@global.master_info_repository", frozen: "0",
		group: "''", members: "0", library: "''", moves: "0",
	}
}

// changed57: channels have names, accounts are altered and shown (tried on 5.7.22).
func (w *words) changed57() {
	w.naming, w.channelName = namedAtEnd, "channel_name"
	w.filters = append(w.filters, "replicate_rewrite_db")
	w.sessions = withStatus("information_schema.PROCESSLIST")
	w.noAccount, w.mode, w.missing = 1396, "", nil
	w.login = " WHERE Channel_name = "
	w.frozen = "@@global.super_read_only"
	w.group = "IFNULL((SELECT VARIABLE_VALUE FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'group_replication_group_name'), '')"
}

// changed80: a server tells where it has its variables from (tried on 8.0.15).
func (w *words) changed80() {
	w.runTime = "SELECT i.VARIABLE_NAME AS name, g.VARIABLE_VALUE AS value FROM performance_schema.variables_info AS i" +
		" JOIN performance_schema.global_variables AS g ON g.VARIABLE_NAME = i.VARIABLE_NAME" +
		" LEFT JOIN performance_schema.persisted_variables AS p ON p.VARIABLE_NAME = i.VARIABLE_NAME" +
		" WHERE i.VARIABLE_SOURCE = 'DYNAMIC' AND i.SET_USER IS NOT NULL" +
		" AND (p.VARIABLE_VALUE IS NULL OR p.VARIABLE_VALUE <> g.VARIABLE_VALUE) ORDER BY i.VARIABLE_NAME"
	w.variables = "SELECT g.VARIABLE_NAME AS name, g.VARIABLE_VALUE AS value, '' AS preset, i.VARIABLE_SOURCE AS origin," +
		" i.VARIABLE_PATH AS path FROM performance_schema.global_variables AS g" +
		" JOIN performance_schema.variables_info AS i ON i.VARIABLE_NAME = g.VARIABLE_NAME WHERE g.VARIABLE_NAME"
}

// changed8016: certificates are exchanged while the server runs, and those in use are told (tried on 8.0.33).
func (w *words) changed8016() {
	w.reload = "ALTER INSTANCE RELOAD TLS"
	w.settings = settingsInUse("@@have_ssl")
}

// changed8022: the first of the newer words, and a list of sessions without a lock on all of them (tried on 8.0.33).
func (w *words) changed8022() {
	w.start, w.stop = "START REPLICA", "STOP REPLICA"
	w.channels, w.replicas = "SHOW REPLICA STATUS", "SHOW REPLICAS"
	w.sessions = withStatus("performance_schema.processlist")
	w.moves = "Source_connection_auto_failover"
}

func (w *words) changed8023() { w.change, w.option = "CHANGE REPLICATION SOURCE", "SOURCE_" }

func (w *words) changed82() { w.binlogStatus = "SHOW BINARY LOG STATUS" }

func (w *words) changed83() { w.logins = "'TABLE'" }

// changed84: the older words are unknown (1064), and a server serves TLS where it knows how long its certificate is good for (tried on 9.7).
func (w *words) changed84() {
	w.settings = settingsInUse("IF(" + globalStatus("Ssl_server_not_after") + " = '', 'DISABLED', 'YES')")
}

func settingsInUse(enabled string) string {
	return "SELECT " + enabled + " AS have_ssl, " +
		globalStatus("Current_tls_ca") + " AS ssl_ca, " + globalStatus("Current_tls_cert") + " AS ssl_cert, " +
		globalStatus("Current_tls_key") + " AS ssl_key, " + globalStatus("Current_tls_crl") + " AS ssl_crl"
}

// onChannel is a statement about a channel, whose name is quoted already.
func (w words) onChannel(verb, name, rest string) Statement {
	switch w.naming {
	case namedAtEnd:
		return statement("%s%s FOR CHANNEL %s", verb, rest, name)
	case unnamed:
		return statement("%s%s", verb, rest)
	case namedBehindVerb:
	}
	return statement("%s %s%s", verb, name, rest)
}

func globalStatus(name string) string {
	return "(SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = '" + name + "')"
}
