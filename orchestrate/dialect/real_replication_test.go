package dialect_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

var recording = flag.Bool("record", false, "write the recorded rows anew from the real servers")

// record keeps the rows of an answer for the tests that need no server.
func record(t *testing.T, s *server, name string, statement dialect.Statement) {
	t.Helper()
	if !*recording {
		return
	}
	rows, err := fetch(s.DB, statement)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]map[string]*string, len(rows))
	for i, row := range rows {
		list[i] = map[string]*string{}
		for column, c := range row {
			list[i][column] = map[bool]*string{false: &c.Text}[c.Null]
		}
	}
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", name+".json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

var bothThreads = facts.Threads{Receiver: true, Applier: true}

func (l *lab) start(t *testing.T, d dialect.Dialect, channel string, threads facts.Threads) {
	t.Helper()
	list, err := d.StartThreads(channel, threads)
	if err != nil {
		t.Fatal(err)
	}
	l.replica.run(t, list...)
}

func (l *lab) stop(t *testing.T, d dialect.Dialect, channel string, threads facts.Threads) {
	t.Helper()
	list, err := d.StopThreads(channel, threads)
	if err != nil {
		t.Fatal(err)
	}
	l.replica.run(t, list...)
}

func (l *lab) change(t *testing.T, d dialect.Dialect, channel string, o facts.TLSOptions) dialect.Statement {
	t.Helper()
	s, err := d.ChangeTLS(channel, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l *lab) verified() facts.TLSOptions {
	return facts.TLSOptions{Enabled: true, CA: l.pki.ca, VerifyIdentity: true}
}

// replication takes the default channel to TLS as the tool does.
func (l *lab) replication(t *testing.T, d dialect.Dialect) {
	l.start(t, d, "", bothThreads)
	end := mustAsk(t, l.source.DB, d.BinlogStatus()).End
	before := l.channel(t, d, "", func(c facts.Channel) bool { return connected(c) && c.Read == end && c.Exec == end })
	if before.TLS != (facts.TLSOptions{}) || before.Threads() != bothThreads || before.GTID != "Slave_Pos" {
		t.Errorf("plaintext channel: %+v", before)
	}
	l.dumpThread(t, d, false)
	record(t, l.source, "sessions_plaintext", d.Sessions(true).Statement())
	record(t, l.source, "sessions_without_performance_schema", d.Sessions(false).Statement())
	record(t, l.replica, "channels_plaintext", d.Channels().Statement())
	l.allColumns(t, d)
	if list := mustAsk(t, l.replica.DB, d.RunTime()); len(list) != 0 {
		t.Errorf("settings made at run time on a fresh replica: %v", list)
	}
	l.replica.run(t, l.change(t, d, "typo", facts.TLSOptions{}))
	if list := mustAsk(t, l.replica.DB, d.Channels()); len(list) != 2 {
		t.Errorf("a channel without a host is shown: %+v", list)
	}
	l.replica.do(t, "RESET SLAVE 'typo' ALL")

	change := l.change(t, d, "", l.verified())
	if n := refusal(l.replica.try(change.String())); n != 1198 {
		t.Errorf("CHANGE MASTER with both threads running: %d", n)
	}
	l.stop(t, d, "", facts.Threads{Receiver: true})
	if n := refusal(l.replica.try(change.String())); n != 1198 || !d.ChangeNeedsBothStopped() {
		t.Errorf("CHANGE MASTER with the applier running: %d", n)
	}
	l.stop(t, d, "", facts.Threads{Applier: true})
	l.replica.run(t, change)
	after := l.channel(t, d, "", func(facts.Channel) bool { return true })
	if after.GTID != before.GTID || after.TLS != l.verified() || after.SourceUser != before.SourceUser || after.Exec != before.Exec {
		t.Errorf("the change of TLS alone made\n%+v of\n%+v", after, before)
	}
	l.start(t, d, "", bothThreads)
	l.channel(t, d, "", connected)
	l.dumpThread(t, d, true)
	record(t, l.source, "sessions_tls", d.Sessions(true).Statement())
	record(t, l.replica, "channels_tls", d.Channels().Statement())

	l.stop(t, d, "", facts.Threads{Applier: true})
	if c := l.channel(t, d, "", connected); c.Applier != facts.No || !c.Lag.IsUnknown() {
		t.Errorf("with its applier stopped: %+v", c)
	}
	record(t, l.replica, "channels_applier_stopped", d.Channels().Statement())
	t.Run("stop while connecting", func(t *testing.T) { l.stopConnecting(t, d) })
	t.Run("relay logs", func(t *testing.T) { l.relayLogs(t, d) })
	l.replica.run(t, l.change(t, d, "", facts.TLSOptions{}))
}

// dumpThread: the source tells by performance_schema whether the receiver's connection is encrypted; without it, nobody does.
func (l *lab) dumpThread(t *testing.T, d dialect.Dialect, encrypted bool) {
	t.Helper()
	var one facts.DumpThread
	err := within(5*time.Second, func() error {
		all := mustAsk(t, l.source.DB, d.Sessions(true)).DumpThreads
		if len(all) != 1 { // the old dump thread lives until it next writes
			return fmt.Errorf("dump threads: %+v", all)
		}
		one = all[0]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	carried, ok := one.Transport.Get()
	if _, port := dialect.SplitPeer(one.Host); !ok || carried.Encrypted != encrypted || port == 0 || one.User != "repl" {
		t.Errorf("dump thread %+v: want encrypted %v", one, encrypted)
	}
	for _, thread := range mustAsk(t, l.source.DB, d.Sessions(false)).DumpThreads {
		if !thread.Transport.IsUnknown() || !strings.Contains(thread.Transport.Why(), "performance_schema=ON") {
			t.Errorf("without performance_schema: %v", thread.Transport)
		}
	}
}

// allColumns: SHOW ALL SLAVES STATUS has every column of SHOW SLAVE STATUS.
func (l *lab) allColumns(t *testing.T, d dialect.Dialect) {
	all, err := fetch(l.replica.DB, d.Channels().Statement())
	if err != nil {
		t.Fatal(err)
	}
	single, err := query(l.replica.DB, "SHOW SLAVE STATUS")
	if err != nil || len(single) != 1 || len(single[0]) < 50 {
		t.Fatalf("%v, %v", single, err)
	}
	for name := range single[0] {
		if _, ok := all[0][name]; !ok {
			t.Errorf("SHOW ALL SLAVES STATUS has no column %s", name)
		}
	}
}

// stopConnecting: a receiver that is connecting stops long before its Connect_Retry of 60 s is over, whether it waits for its next try or for the source's first word.
func (l *lab) stopConnecting(t *testing.T, d dialect.Dialect) {
	receiver := facts.Threads{Receiver: true}
	mute, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	connecting := func(c facts.Channel) bool { return c.Receiver == facts.Connecting }
	for _, c := range []struct {
		name string
		port int
		ok   func(facts.Channel) bool
	}{
		{"2003", 1, func(c facts.Channel) bool { return connecting(c) && c.ReceiverError.Number == 2003 }},
		{"mute", mute.Addr().(*net.TCPAddr).Port, func(c facts.Channel) bool { return connecting(c) && called(t, mute) }},
	} {
		l.replica.do(t, fmt.Sprintf(`CHANGE MASTER 'o''west "1" `+"`x`"+`' TO MASTER_PORT=%d`, c.port))
		l.start(t, d, oddChannel, receiver)
		l.channel(t, d, oddChannel, c.ok)
		record(t, l.replica, "channels_connecting_"+c.name, d.Channels().Statement())
		begin := time.Now()
		l.stop(t, d, oddChannel, receiver)
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("STOP SLAVE IO_THREAD took %v at port %d", took, c.port)
		}
	}
}

// called waits until somebody has connected, and keeps the connection.
func called(t *testing.T, listener *net.TCPListener) bool {
	t.Helper()
	if err := listener.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return true
}

// relayLogs: a change deletes the relay logs, and what was received and not applied is fetched again.
func (l *lab) relayLogs(t *testing.T, d dialect.Dialect) {
	l.source.do(t, "CREATE DATABASE shop", "CREATE TABLE shop.t (a INT)", "INSERT INTO shop.t VALUES (1)")
	end := mustAsk(t, l.source.DB, d.BinlogStatus()).End
	received := l.channel(t, d, "", func(c facts.Channel) bool { return c.Read == end })
	l.stop(t, d, "", facts.Threads{Receiver: true})
	count := func() int {
		found, err := filepath.Glob(filepath.Join(l.replica.dir, "data", "*relay-bin.0*"))
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, f := range found {
			if info, err := os.Stat(f); err == nil {
				size += int(info.Size())
			}
		}
		return size
	}
	before := count()
	l.replica.run(t, l.change(t, d, "", l.verified()))
	c := l.channel(t, d, "", func(facts.Channel) bool { return true })
	if c.Read == received.Read || c.Read != c.Exec || count() >= before || !d.PurgesRelayLogs() {
		t.Errorf("after the change: %+v, %d bytes of relay logs after %d", c, count(), before)
	}
	l.start(t, d, "", bothThreads)
	l.channel(t, d, "", func(c facts.Channel) bool { return c.Exec == end })
	l.stop(t, d, "", bothThreads)
	if left := mustAsk(t, l.source.DB, d.Sessions(true)).DumpThreads; len(left) != 1 {
		t.Errorf("a dump thread does not outlive its receiver any more: %+v", left)
	}
}
