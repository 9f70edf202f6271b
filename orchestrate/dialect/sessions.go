package dialect

import (
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Sessions is who is connected to a server.
type Sessions struct {
	DumpThreads []facts.DumpThread
	Sessions    []facts.Session // without dump threads, the server's own threads, and the session that asked
}

// Why a transport, or a part of it, cannot be seen on MariaDB.
const (
	neverShown   = "a server of this version shows how a session is carried to nobody else"
	noPerfSchema = "performance_schema is off, and without it the server shows how a session is carried to nobody else; " +
		"to see it, set performance_schema=ON in [mysqld] and restart the server"
	noThreadRow = "performance_schema has no row for this session, or one without a connection type"
	noStatusRow = "performance_schema has no status row for this session"
	noTLSDetail = "MariaDB shows the TLS version and cipher of a session to that session only"
)

// The scalar query on INNODB_CMP fails (1227) without the PROCESS privilege. Without that, PROCESSLIST would show the asker's
// own sessions only and no error, and the answer would read as "nobody is connected" (tried on MariaDB 10.11, also with the
// privilege through a role). It is evaluated because the asker's own row is always part of the answer.
const (
	processList = "SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, CONNECTION_ID() AS self," +
		" (SELECT COUNT(*) FROM information_schema.INNODB_CMP) AS process_privilege"
	withoutThreads = processList + " FROM information_schema.PROCESSLIST AS p"
	withThreads    = processList + ", t.CONNECTION_TYPE AS connection_type FROM information_schema.PROCESSLIST AS p" +
		" LEFT JOIN performance_schema.threads AS t ON t.PROCESSLIST_ID = p.ID"
)

// withStatus asks MySQL for the sessions in one of its lists, and for what it shows of each (tried on 5.7.22, 8.0.33 and 9.7).
func withStatus(list string) string {
	return processList + ", t.CONNECTION_TYPE AS connection_type, c.VARIABLE_VALUE AS tls_cipher, v.VARIABLE_VALUE AS tls_version" +
		" FROM " + list + " AS p" +
		" LEFT JOIN performance_schema.threads AS t ON t.PROCESSLIST_ID = p.ID" +
		" LEFT JOIN performance_schema.status_by_thread AS c ON c.THREAD_ID = t.THREAD_ID AND c.VARIABLE_NAME = 'Ssl_cipher'" +
		" LEFT JOIN performance_schema.status_by_thread AS v ON v.THREAD_ID = t.THREAD_ID AND v.VARIABLE_NAME = 'Ssl_version'"
}

// Sessions asks who is connected; perfSchema says that the server runs with performance_schema=ON, which alone shows how another
// session is carried (threads.CONNECTION_TYPE). It needs PROCESS, and SELECT on performance_schema.threads.
//
// A dump thread outlives its receiver: it is listed until it next writes to the closed connection, or until a receiver with the
// same server_id registers (tried on MariaDB 10.11). So a listed dump thread proves nothing about a receiver until it is matched
// to its socket.
func (d Dialect) Sessions(perfSchema bool) Query[Sessions] {
	ask, hidden := withoutThreads, noPerfSchema
	switch {
	case !d.showsTransports:
		hidden = neverShown
	case perfSchema:
		ask = d.words.sessions
	}
	return Query[Sessions]{ask: Statement{ask}, read: func(rows []Row) facts.Value[Sessions] { return readSessions(rows, hidden) }}
}

// readSessions is given why the server shows no transports, for where there are none.
func readSessions(rows []Row, hidden string) facts.Value[Sessions] {
	var all Sessions
	sawSelf := false
	for _, row := range rows {
		s := &scan{row: row}
		sawSelf = all.add(s, hidden) || sawSelf
		if s.fault != "" {
			return facts.Unknown[Sessions](s.fault)
		}
	}
	if !sawSelf {
		return facts.Unknown[Sessions]("the list of sessions lacks the session that asked for it")
	}
	return facts.Known(all)
}

// add sorts a row into its kind. It tells whether the row is the asker's own.
func (all *Sessions) add(s *scan, hidden string) (self bool) {
	id, user, host := s.number("id", 64), s.text("user"), s.text("host")
	command := strings.ToLower(s.text("command"))
	switch {
	case id == s.number("self", 64):
		return true
	case strings.HasPrefix(command, "binlog dump"):
		all.DumpThreads = append(all.DumpThreads, facts.DumpThread{ID: id, User: user, Host: host, Transport: readTransport(s.row, hidden)})
	case command == "daemon", user == "system user" && host == "":
	default:
		all.Sessions = append(all.Sessions, facts.Session{ID: id, User: user, Host: host})
	}
	return false
}

func readTransport(row Row, hidden string) facts.Value[facts.Transport] {
	kind, ok := row["connection_type"]
	if !ok {
		return facts.Unknown[facts.Transport](hidden)
	}
	switch strings.ToLower(kind.Text) {
	case "ssl/tls":
		return facts.Known(facts.Transport{Encrypted: true, Version: readDetail(row, "tls_version"), Cipher: readDetail(row, "tls_cipher")})
	case "tcp/ip", "socket":
		return facts.Known(facts.Transport{Version: facts.Absent[string](), Cipher: facts.Absent[string]()})
	}
	return facts.Unknown[facts.Transport](noThreadRow)
}

// readDetail is what a server shows of somebody else's TLS session.
func readDetail(row Row, name string) facts.Value[string] {
	switch c, shown := row[name]; {
	case !shown:
		return facts.Unknown[string](noTLSDetail)
	case c.Null || c.Text == "":
		return facts.Unknown[string](noStatusRow)
	default:
		return facts.Known(c.Text)
	}
}
