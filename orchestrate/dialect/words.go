package dialect

// words are what a release series calls things.
type words struct {
	start, stop  string // the verbs for the threads of a channel
	change       string // the verb for the options of a channel
	option       string // begins the name of each of these
	channelLast  bool   // a channel is named at the end, by FOR CHANNEL; others name it behind the verb
	channels     string // asks for all channels
	channelName  string // columns of the answer
	gtid         string
	filters      []string // those that it alone has
	binlogStatus string
	replicas     string // asks for the replicas that are connected
	sessions     string // asks for sessions, with performance_schema
	noRoles      string // keeps what cannot log in out of the rows of mysql.user
	noAccount    int    // the error of SHOW CREATE USER for a row that is not in force (tried)
	reload       string
	settings     string // asks whether TLS is served, and by which files
	runTime      string // asks for what SET GLOBAL has changed
	variables    string // asks for variables, up to the list of their names
}

func wordsOfMariaDB() words {
	return words{
		start: "START SLAVE", stop: "STOP SLAVE", change: "CHANGE MASTER", option: "MASTER_",
		channels: "SHOW ALL SLAVES STATUS", channelName: "connection_name", gtid: "using_gtid",
		filters:      []string{"replicate_do_domain_ids", "replicate_ignore_domain_ids"},
		binlogStatus: "SHOW MASTER STATUS", replicas: "SHOW SLAVE HOSTS", sessions: withThreads,
		noRoles: " AND is_role = 'N'", noAccount: 1133,
		reload:   "FLUSH LOCAL SSL",
		settings: "SELECT @@have_ssl AS have_ssl, @@ssl_ca AS ssl_ca, @@ssl_cert AS ssl_cert, @@ssl_key AS ssl_key, @@ssl_crl AS ssl_crl",
		runTime: "SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value FROM information_schema.SYSTEM_VARIABLES" +
			" WHERE GLOBAL_VALUE_ORIGIN = 'SQL' ORDER BY VARIABLE_NAME",
		variables: "SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value, DEFAULT_VALUE AS preset, GLOBAL_VALUE_ORIGIN AS origin," +
			" GLOBAL_VALUE_PATH AS path FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME",
	}
}

// wordsOfMySQL are those of 8.4 and later, which know the older words no more (tried on 9.7: 1064).
func wordsOfMySQL() words {
	return words{
		start: "START REPLICA", stop: "STOP REPLICA", change: "CHANGE REPLICATION SOURCE", option: "SOURCE_", channelLast: true,
		channels: "SHOW REPLICA STATUS", channelName: "channel_name", gtid: "auto_position",
		binlogStatus: "SHOW BINARY LOG STATUS", replicas: "SHOW REPLICAS", sessions: withStatus,
		noAccount: 1396,
		reload:    "ALTER INSTANCE RELOAD TLS",
		settings: "SELECT IF(" + globalStatus("Ssl_server_not_after") + " = '', 'DISABLED', 'YES') AS have_ssl, " +
			globalStatus("Current_tls_ca") + " AS ssl_ca, " + globalStatus("Current_tls_cert") + " AS ssl_cert, " +
			globalStatus("Current_tls_key") + " AS ssl_key, " + globalStatus("Current_tls_crl") + " AS ssl_crl",
		runTime: "SELECT i.VARIABLE_NAME AS name, g.VARIABLE_VALUE AS value FROM performance_schema.variables_info AS i" +
			" JOIN performance_schema.global_variables AS g ON g.VARIABLE_NAME = i.VARIABLE_NAME" +
			" LEFT JOIN performance_schema.persisted_variables AS p ON p.VARIABLE_NAME = i.VARIABLE_NAME" +
			" WHERE i.VARIABLE_SOURCE = 'DYNAMIC' AND i.SET_USER IS NOT NULL" +
			" AND (p.VARIABLE_VALUE IS NULL OR p.VARIABLE_VALUE <> g.VARIABLE_VALUE) ORDER BY i.VARIABLE_NAME",
		variables: "SELECT g.VARIABLE_NAME AS name, g.VARIABLE_VALUE AS value, '' AS preset, i.VARIABLE_SOURCE AS origin," +
			" i.VARIABLE_PATH AS path FROM performance_schema.global_variables AS g" +
			" JOIN performance_schema.variables_info AS i ON i.VARIABLE_NAME = g.VARIABLE_NAME WHERE g.VARIABLE_NAME",
	}
}

// onChannel is a statement about a channel, whose name is quoted already.
func (w words) onChannel(verb, name, rest string) Statement {
	if w.channelLast {
		return statement("%s%s FOR CHANNEL %s", verb, rest, name)
	}
	return statement("%s %s%s", verb, name, rest)
}

func globalStatus(name string) string {
	return "(SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = '" + name + "')"
}
