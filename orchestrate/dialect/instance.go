package dialect

import (
	"path"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Version asks for the version, by which [For] gives the dialect: the one question that every flavour and release understands.
func Version() Query[facts.Version] {
	return Query[facts.Version]{
		ask:  Statement{"SELECT VERSION() AS version, @@version_comment AS version_comment"},
		read: single(readVersion),
	}
}

func readVersion(s *scan) facts.Version {
	v, err := ParseVersion(s.text("version"), s.text("version_comment"))
	if err != nil {
		s.fail("%v", err)
	}
	return v
}

// Instance asks for what the server says of itself, in one statement. BinlogDB is left false: [Dialect.BinlogStatus] tells it.
func (d Dialect) Instance() Query[facts.Instance] {
	return Query[facts.Instance]{
		ask: Statement{"SELECT VERSION() AS version, @@version_comment AS version_comment, @@server_id AS server_id," +
			" @@hostname AS hostname, @@port AS port, @@socket AS socket, @@datadir AS datadir, @@pid_file AS pid_file," +
			" @@global.read_only AS read_only, " + d.words.frozen + " AS frozen," +
			" @@log_bin AS log_bin, CURRENT_USER() AS admin," +
			" @@performance_schema AS performance_schema, " + d.words.logins + " AS logins, " + d.words.group + " AS member_of, " + d.words.members + " AS members, " + d.words.library + " AS tls_library"},
		read: single(readInstance),
	}
}

func readInstance(s *scan) facts.Instance {
	datadir := s.text("datadir")
	return facts.Instance{
		Version:    readVersion(s),
		ServerID:   uint32(s.number("server_id", 32)),
		Hostname:   s.text("hostname"),
		Port:       int(s.number("port", 16)),
		Socket:     under(datadir, s.text("socket")),
		DataDir:    datadir,
		PidFile:    under(datadir, s.text("pid_file")),
		ReadOnly:   s.yes("read_only"),
		Frozen:     s.yes("frozen"),
		LogBin:     s.yes("log_bin"),
		Admin:      s.text("admin"),
		PerfSchema: s.yes("performance_schema"),

		LoginsInTable: strings.EqualFold(s.text("logins"), "TABLE"),
		Group:         s.text("member_of"),
		Members:       int(s.number("members", 31)),
		TLSLibrary:    s.text("tls_library"),
	}
}

// under resolves a path as the server does, whose working directory is its data directory.
func under(datadir, p string) string {
	if p == "" || path.IsAbs(p) {
		return p
	}
	return path.Join(datadir, p)
}

// ConnectionID asks for the id of the session that asks. Ids grow with every login since the server's start.
func (Dialect) ConnectionID() Query[uint64] {
	return Query[uint64]{
		ask:  Statement{"SELECT CONNECTION_ID() AS id"},
		read: single(func(s *scan) uint64 { return s.number("id", 64) }),
	}
}

// BinlogStatus is what a server says of its own binary log.
type BinlogStatus struct {
	End      facts.Position // where the next event goes
	Filtered bool           // binlog_do_db or binlog_ignore_db is set: facts.Instance.BinlogDB
}

// BinlogStatus asks for the end of the server's own binary log; absent when it keeps none. It needs BINLOG MONITOR.
func (d Dialect) BinlogStatus() Query[BinlogStatus] {
	one := single(readBinlogStatus)
	return Query[BinlogStatus]{
		ask: Statement{d.words.binlogStatus},
		read: func(rows []Row) facts.Value[BinlogStatus] {
			if len(rows) == 0 {
				return facts.Absent[BinlogStatus]() // MariaDB 10.11 without log_bin, tried
			}
			return one(rows)
		},
	}
}

func readBinlogStatus(s *scan) BinlogStatus {
	return BinlogStatus{
		End:      facts.Position{File: s.text("file"), Pos: s.number("position", 64)},
		Filtered: s.text("binlog_do_db") != "" || s.text("binlog_ignore_db") != "",
	}
}

// noBinlog is the error of SHOW BINARY LOGS on a server that keeps none (tried).
const noBinlog = 1381

// Binlogs asks for the names of the binary logs that the server still holds, oldest first; absent when it keeps none.
func (Dialect) Binlogs() Query[[]string] {
	return Query[[]string]{
		ask:    Statement{"SHOW BINARY LOGS"},
		read:   each(func(s *scan) string { return s.text("log_name") }),
		absent: []int{noBinlog},
	}
}
