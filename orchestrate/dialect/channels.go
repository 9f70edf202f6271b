package dialect

import (
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Channels asks for all replication channels, sorted by name; none is an empty list. It needs SLAVE MONITOR.
//
// A connection that was never given a host is not shown by MariaDB (tried), so it is no channel here either.
func (d Dialect) Channels() Query[[]facts.Channel] {
	all := each(d.readChannel)
	return Query[[]facts.Channel]{
		ask: Statement{d.words.channels},
		read: func(rows []Row) facts.Value[[]facts.Channel] {
			v := all(rows)
			if list, ok := v.Get(); ok {
				slices.SortFunc(list, func(a, b facts.Channel) int { return strings.Compare(a.Name, b.Name) })
			}
			return v
		},
	}
}

func (d Dialect) readChannel(s *scan) facts.Channel {
	c := facts.Channel{
		Name:           d.readChannelName(s),
		SourceHost:     s.text("master_host"),
		SourcePort:     int(s.number("master_port", 16)),
		SourceUser:     s.text("master_user"),
		SourceServerID: uint32(s.number("master_server_id", 32)),
		Receiver:       s.threadState("slave_io_running"),
		Applier:        s.threadState("slave_sql_running"),
		ReceiverError:  s.threadError("last_io_errno", "last_io_error"),
		ApplierError:   s.threadError("last_sql_errno", "last_sql_error"),
		TLS:            readTLSOptions(s),
		Read:           facts.Position{File: s.text("master_log_file"), Pos: s.number("read_master_log_pos", 64)},
		Exec:           facts.Position{File: s.text("relay_master_log_file"), Pos: s.number("exec_master_log_pos", 64)},
		Lag:            readLag(s),
		Delay:          time.Duration(s.number("sql_delay", 32)) * time.Second,
		Filtered:       d.readFiltered(s),
		Until:          s.text("until_condition") != "None",
		GTID:           s.text(d.words.gtid),
	}
	if d.words.heartbeat != "" {
		c.Heartbeat = s.text(d.words.heartbeat)
	}
	if d.words.retries != "" {
		c.GaveUp = gaveUp(c, int(s.number(d.words.retries, 63)), s.text("last_io_error"))
	}
	return c
}

// gaveUp is how often a receiver tried to connect that stopped when it had done so as often as it may. The error of one that somebody has stopped
// meanwhile stays as well, with fewer tries in it (all of it tried on MySQL 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7). MariaDB tells neither the
// tries nor the limit of a channel (10.5, 11.8).
func gaveUp(c facts.Channel, limit int, text string) int {
	tries := tried(text)
	if c.Receiver != facts.No || c.ReceiverError.Number == 0 || tries == 0 || tries < limit {
		return 0
	}
	return tries
}

// tried is how often a receiver has tried, by its error: "retries: 3" up to MySQL 8.0.15, "This was attempt 3/10" since.
func tried(text string) int {
	for _, before := range []string{" retries: ", "This was attempt "} {
		if _, rest, ok := strings.Cut(text, before); ok {
			n := 0
			for _, digit := range rest {
				if digit < '0' || digit > '9' || n > 1e8 {
					break
				}
				n = 10*n + int(digit-'0')
			}
			return n
		}
	}
	return 0
}

func (d Dialect) readChannelName(s *scan) string {
	if d.words.naming == unnamed {
		return ""
	}
	return s.text(d.words.channelName)
}

func readTLSOptions(s *scan) facts.TLSOptions {
	return facts.TLSOptions{
		Enabled:        s.yes("master_ssl_allowed"),
		CA:             s.text("master_ssl_ca_file"),
		CAPath:         s.text("master_ssl_ca_path"),
		Cert:           s.text("master_ssl_cert"),
		Key:            s.text("master_ssl_key"),
		Cipher:         s.text("master_ssl_cipher"),
		CRL:            s.text("master_ssl_crl"),
		CRLPath:        s.text("master_ssl_crlpath"),
		VerifyIdentity: s.yes("master_ssl_verify_server_cert"),
	}
}

func (s *scan) threadState(name string) facts.ThreadState {
	switch state := facts.ThreadState(s.text(name)); state {
	case facts.Yes, facts.No, facts.Connecting, facts.Preparing:
		return state
	default:
		s.fail("column %s has the state %q, which is not known", name, string(state))
		return facts.No
	}
}

func (s *scan) threadError(number, text string) facts.ThreadError {
	n := int(s.number(number, 32))
	message := withoutStatement(n, s.text(text))
	if n == 0 {
		return facts.ThreadError{}
	}
	return facts.ThreadError{Number: n, Text: message}
}

// withoutStatement cuts an error text of the applier where it quotes the statement that failed. MariaDB writes statements to its binary log as they
// were sent, so that a failed CREATE USER shows a password there (tried on 10.11). The server's message about it is in whatever language
// lc_messages has, and may quote a part of the statement too (tried on 10.11 in German): it is kept for errors that name things alone.
func withoutStatement(number int, text string) string {
	const asked, statement = "' on query. ", "Query: '"
	first, end := strings.IndexByte(text, '\''), strings.LastIndex(text, asked)
	if first >= 0 && end >= first && !namesAlone(number) {
		text = text[:first] + withheld + text[end+1:]
	}
	if before, _, ok := strings.Cut(text, statement); ok {
		text = before + strings.TrimSuffix(statement, "'") + withheld
	}
	if before, _, ok := strings.Cut(text, " near '"); ok { // of whatever is told in another form
		text = before + " near " + withheld
	}
	return text
}

const withheld = "(withheld)"

// namesAlone says that the message of an error has names of accounts, databases, tables, columns and keys in it, and no other part of a statement.
func namesAlone(number int) bool {
	return slices.Contains([]int{
		1007, 1008, 1022, 1044, 1045, 1046, 1049, 1050, 1051, 1060, 1061, 1062, 1068, 1072, 1091, 1114, 1118, 1133, 1141, 1142, 1143, 1146, 1147,
		1176, 1205, 1213, 1215, 1227, 1290, 1304, 1305, 1347, 1359, 1360, 1396, 1410, 1451, 1452, 1537, 1539, 1826, 3780,
	}, number)
}

const noLag = "the replica shows no lag while a thread of the channel is stopped or not connected"

func readLag(s *scan) facts.Value[time.Duration] {
	if s.cell("seconds_behind_master").Null {
		return facts.Unknown[time.Duration](noLag)
	}
	return facts.Known(time.Duration(s.number("seconds_behind_master", 32)) * time.Second)
}

// readFiltered looks at every column that shows something which keeps events from being applied, or changes them. What rewrites the name of a
// database is shown by newer servers alone (MariaDB from 10.11 on, MySQL from 5.7 on), and does not touch a statement of a session that uses none.
func (d Dialect) readFiltered(s *scan) bool {
	filtered := false
	for _, name := range append([]string{
		"replicate_do_db", "replicate_ignore_db", "replicate_do_table", "replicate_ignore_table",
		"replicate_wild_do_table", "replicate_wild_ignore_table", "replicate_ignore_server_ids",
	}, d.words.filters...) {
		filtered = s.text(name) != "" || filtered
	}
	return filtered
}

// Heartbeat asks for the heartbeat period of a server's only channel, where no status of the channel tells it ([Dialect.AsksHeartbeat]).
func (Dialect) Heartbeat() Query[string] {
	return Query[string]{
		ask:  Statement{"SHOW GLOBAL STATUS WHERE Variable_name = 'Slave_heartbeat_period'"},
		read: single(func(s *scan) string { return s.text("value") }),
	}
}

// AsksHeartbeat says that the period would be lost with a change, and that the channels do not tell it.
func (d Dialect) AsksHeartbeat() bool { return d.resetsHeartbeat && d.words.heartbeat == "" }
