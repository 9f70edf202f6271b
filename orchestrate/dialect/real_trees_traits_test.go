package dialect_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// changes takes a channel to TLS: which threads have to stop for it, what becomes of the relay logs, and how the source sees the new connection.
func (l *lab) changes(t *testing.T, d dialect.Dialect) {
	l.start(t, d, "", bothThreads)
	before := l.caughtUp(t, d)
	l.oneDumpThread(t, d, false)
	change := l.change(t, d, "", l.verified()).String()
	number := map[bool]int{true: 1198, false: 3021}[d.ChangeNeedsBothStopped()]
	if n := refusal(l.replica.try(change)); n != number {
		t.Errorf("a change while both threads run: %d, want %d", n, number)
	}
	l.stop(t, d, "", facts.Threads{Applier: true})
	l.source.do(t, "CREATE DATABASE IF NOT EXISTS shop", "CREATE TABLE shop.t (a INT)", "INSERT INTO shop.t VALUES (1)")
	end := mustAsk(t, l.source.DB, d.BinlogStatus()).End
	l.channel(t, d, "", func(c facts.Channel) bool { return c.Read == end })
	if !d.ChangeNeedsBothStopped() { // with the applier running, nothing that waits to be applied is lost
		l.replica.do(t, l.spell(d, "STOP SLAVE", ""), l.spell(d, "CHANGE MASTER TO MASTER_DELAY=3600", ""))
		l.start(t, d, "", facts.Threads{Applier: true})
	}
	l.start(t, d, "", facts.Threads{Receiver: true})
	l.channel(t, d, "", func(c facts.Channel) bool { return c.Read == end })
	l.stop(t, d, "", facts.Threads{Receiver: true})
	switch n := refusal(l.replica.try(change)); {
	case d.ChangeNeedsBothStopped() && n != 0: // the applier is stopped already
		t.Errorf("a change with both threads stopped: %d", n)
	case !d.ChangeNeedsBothStopped() && n != 0:
		t.Errorf("a change while the applier runs: %d", n)
	}
	after := l.channel(t, d, "", func(facts.Channel) bool { return true })
	if purged := after.Read != end; purged != d.PurgesRelayLogs() {
		t.Errorf("received up to %v of %v, applied up to %v, after the change", after.Read, end, after.Exec)
	}
	if after.TLS != l.verified() || after.GTID != before.GTID || after.SourceUser != before.SourceUser {
		t.Errorf("the change of TLS alone made\n%+v of\n%+v", after, before)
	}
	if !d.ChangeNeedsBothStopped() {
		l.replica.do(t, l.spell(d, "STOP SLAVE SQL_THREAD", ""), l.spell(d, "CHANGE MASTER TO MASTER_DELAY=0", ""))
	}
	l.start(t, d, "", bothThreads)
	l.caughtUp(t, d)
	l.oneDumpThread(t, d, true)
	l.stop(t, d, "", bothThreads)
}

// oneDumpThread waits for the source to tell of one dump thread alone, and how it is carried, where it shows that.
func (l *lab) oneDumpThread(t *testing.T, d dialect.Dialect, encrypted bool) {
	t.Helper()
	in := mustAsk(t, l.source.DB, d.Instance())
	within10(t, "a dump thread that is carried as it should be", func() bool {
		all := mustAsk(t, l.source.DB, d.Sessions(true)).DumpThreads
		if len(all) != 1 {
			return false
		}
		carried, known := all[0].Transport.Get()
		return known == d.ShowsTransports(in) && carried.Encrypted == (known && encrypted)
	})
}

// plaintext: which options make a receiver refuse a source that offers no TLS. It is a source of its own, which is told to offer none.
func (l *lab) plaintext(t *testing.T, d dialect.Dialect) {
	s := l.sourceWithoutTLS(t)
	s.do(t, "CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'pw'", "GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'")
	if mustAsk(t, s.DB, d.Settings()).Enabled {
		t.Fatal("it offers TLS")
	}
	port := l.source.port
	to := func(port int) string {
		text := fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=4", port)
		if !l.tree.mysql {
			text += ", MASTER_USE_GTID=no"
		}
		return l.spell(d, text, "")
	}
	l.replica.do(t, to(s.port))
	for _, o := range []facts.TLSOptions{{Enabled: true}, {Enabled: true, CA: l.pki.ca}, {Enabled: true, CA: l.pki.ca, VerifyIdentity: true}} {
		l.replica.run(t, l.change(t, d, "", o))
		l.start(t, d, "", facts.Threads{Receiver: true})
		c := l.channel(t, d, "", func(c facts.Channel) bool {
			return c.ReceiverError.Number != 0 || c.Receiver == facts.Yes && c.SourceServerID == 3
		})
		refuses, _ := d.RefusesPlaintext(o)
		if got := c.ReceiverError.Number == 2026; got != refuses || !refuses && c.Receiver != facts.Yes {
			t.Errorf("%+v: %s %+v, want that it refuses: %t", o, c.Receiver, c.ReceiverError, refuses)
		}
		l.stop(t, d, "", bothThreads)
	}
	l.replica.run(t, l.change(t, d, "", facts.TLSOptions{}))
	l.replica.do(t, to(port))
}

func (l *lab) sourceWithoutTLS(t *testing.T) *server {
	t.Helper()
	s := l.newServer(t, "s3")
	off := "--skip-ssl"
	if l.caching() && l.tree.name != "mysql-8.0.15" {
		off = "--tls-version=" // there is no such option any more in 8.4
	}
	s.launch(t, l.tree, "--server-id=3", off)
	s.ready(t)
	return s
}

// newServer is one more with an empty data folder.
func (l *lab) newServer(t *testing.T, name string) *server {
	t.Helper()
	dir := filepath.Join(l.dir, name)
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(filepath.Join(l.dir, "template"))); err != nil {
		t.Fatal(err)
	}
	return &server{dir: dir, socket: filepath.Join(dir, "sock"), port: freePort(t)}
}

// files: whether paths and files of TLS are exchanged while the server runs. One that it cannot read is refused, and the former stays in use.
func (l *lab) files(t *testing.T, d dialect.Dialect) {
	n := refusal(l.source.try("SET GLOBAL ssl_ca = '" + l.pki.ca + "'"))
	if (n == 0) != d.SettingsReload() || n != 0 && n != 1238 {
		t.Errorf("SET GLOBAL ssl_ca: %d", n)
	}
	n = refusal(l.source.try("SET PERSIST ssl_ca = '" + l.pki.ca + "'"))
	if (n == 0) != d.PersistsSettings() {
		t.Errorf("SET PERSIST ssl_ca: %d", n)
	}
	if n == 0 {
		l.source.do(t, "RESET PERSIST")
		if kept := mustAsk(t, l.source.DB, d.Kept()); !kept.Loaded || len(kept.Values) != 0 {
			t.Errorf("kept: %+v", kept)
		}
	}
	if !d.FilesReload() {
		for _, text := range []string{"ALTER INSTANCE RELOAD TLS", "FLUSH LOCAL SSL"} {
			if n := refusal(l.source.try(text)); n != 1064 {
				t.Errorf("%s: %d", text, n)
			}
		}
		return
	}
	before := mustAsk(t, l.source.DB, d.BinlogStatus())
	l.pki.renew(t, pki.RSA2048)
	l.source.run(t, d.ReloadTLS())
	good, err := os.ReadFile(l.pki.key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, l.pki.key, []byte("no key"))
	if n := refusal(l.source.try(d.ReloadTLS().String())); n != 3888 && n != 1105 {
		t.Errorf("reload of a bad key: %d", n)
	}
	if !mustAsk(t, l.source.DB, d.Settings()).Enabled {
		t.Error("a refused reload has ended TLS")
	}
	write(t, l.pki.key, good)
	if after := mustAsk(t, l.source.DB, d.BinlogStatus()); after != before {
		t.Errorf("the reload moved the binary log from %v to %v", before, after)
	}
}

// optionFiles: the server says itself which groups it reads, and what the next start would make of an option.
func (l *lab) optionFiles(t *testing.T, d dialect.Dialect) {
	out, err := exec.Command(l.tree.binary, append(l.tree.options(t.TempDir()), "--help", "--verbose")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const says = "The following groups are read: "
	_, rest, ok := strings.Cut(string(out), says)
	line, _, _ := strings.Cut(rest, "\n")
	read := map[string]bool{}
	for _, group := range strings.Fields(line) {
		read[group] = true
		if list := d.Options("["+group+"]\nssl_ca=/x\n", ""); len(list) != 1 {
			t.Errorf("it reads the group %s, and we do not", group)
		}
	}
	for _, group := range []string{
		"mysqld", "server", "mysql_cluster", "mariadb", "mariadbd", "mysql", "client-server", "galera",
		"mysqld-5.6", "mysqld-5.7", "mysqld-8.0", "mysqld-9.7", "mysqld-10.5", "mariadb-10.5", "mariadbd-10.11", "mariadb-11.4", "mariadbd-11.8", "mysqld-11.8",
	} {
		if got := len(d.Options("["+group+"]\nssl_ca=/x\n", "")) == 1; ok && got != read[group] {
			t.Errorf("group %s: we read it: %t; the server says: %s", group, got, line)
		}
	}
	if out, err := exec.Command(l.tree.binary, slices.Concat(l.tree.options("/nonexistent/replssl"), []string{"--log-bin=b", "--server-id=1"}, d.ConfigCheck())...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", d.ConfigCheck(), err, out)
	}
}

// startsWithBadFiles: with which files the server starts.
func (l *lab) startsWithBadFiles(t *testing.T, d dialect.Dialect) {
	dir := t.TempDir()
	key := newKey(t, pki.RSA2048)
	mine, err := pki.EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/key.pem", []byte(mine.Reveal()))
	write(t, dir+"/expired.pem", l.pki.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
	}, key))
	for name, c := range map[string]struct {
		cert, key string
		bad       bool
	}{
		"expired":     {dir + "/expired.pem", dir + "/key.pem", false},
		"another key": {l.pki.cert, dir + "/key.pem", true},
		"no file":     {dir + "/none.pem", dir + "/key.pem", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := l.newServer(t, "bad")
			defer os.RemoveAll(s.dir)
			s.launch(t, l.tree, "--server-id=4", "--ssl-ca="+l.pki.ca, "--ssl-cert="+c.cert, "--ssl-key="+c.key)
			starts := s.comesUp(t)
			if starts != (!c.bad || !d.RefusesBadFiles()) {
				t.Fatalf("it starts: %t", starts)
			}
			blind := name == "another key" && dialect.ReaderOf(facts.Instance{Version: mustAsk(t, l.source.DB, dialect.Version())}).PKCS1Only // yaSSL does not compare them
			if starts && mustAsk(t, s.DB, d.Settings()).Enabled != (!c.bad || blind) {
				t.Errorf("it says that it serves TLS: %t", c.bad && !blind)
			}
			s.kill()
		})
	}
}

// comesUp waits until the server answers, or has ended by itself.
func (s *server) comesUp(t *testing.T) bool {
	t.Helper()
	up := false
	err := within(time.Minute, func() error {
		select {
		case <-s.ended:
			return nil
		default:
		}
		err := s.Ping()
		up = err == nil
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return up
}
