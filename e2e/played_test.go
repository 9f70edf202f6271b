package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What a person does to servers by hand, in the words of their versions.

// threads sends STOP or START for threads of the replica's channel: "" for both, " IO_THREAD", " SQL_THREAD".
func (p *played) threads(verb, threads string) {
	p.t.Helper()
	word := " SLAVE"
	if p.release("replica1").MySQL(8, 0, 22) {
		word = " REPLICA"
	}
	p.sql("replica1", verb+word+threads)
}

// change sets options of the replica's channel, without the word that they begin with: SSL=1.
func (p *played) change(options ...string) {
	p.t.Helper()
	verb, prefix := "CHANGE MASTER TO ", "MASTER_"
	if p.release("replica1").MySQL(8, 0, 23) {
		verb, prefix = "CHANGE REPLICATION SOURCE TO ", "SOURCE_"
	}
	p.sql("replica1", verb+prefix+strings.Join(options, ", "+prefix))
}

// tls sets TLS options of the replica's channel while the threads are stopped that have to be. An applier of MySQL that is stopped in the middle of
// a transaction, the rest of which its receiver has not got, waits for it, more than a minute once (seen on 8.0.33).
func (p *played) tls(options ...string) {
	p.t.Helper()
	threads := ""
	if p.release("replica1").MySQL(5, 7, 4) {
		threads = " IO_THREAD"
	}
	p.threads("STOP", threads)
	p.change(options...)
	p.threads("START", threads)
}

// withoutTLS restarts a server so that it serves no TLS.
func (p *played) withoutTLS(server string) {
	p.t.Helper()
	setting := "skip_ssl"
	if p.release(server).MySQL(8, 0, 26) { // the option is deprecated, and later gone
		setting = "tls_version ="
	}
	p.configure(server, setting)
}

// configure gives a server more settings, and restarts it.
func (p *played) configure(server string, settings ...string) {
	p.t.Helper()
	s, err := p.Server(server)
	must(p.t, err)
	text := "[mysqld]\n" + strings.Join(settings, "\n") + "\n"
	must(p.t, os.WriteFile(filepath.Join(s.ConfDir, fmt.Sprintf("hand%d.cnf", len(settings))), []byte(text), 0o644))
	must(p.t, p.RestartServer(p.t.Context(), server))
}

// spoil makes a file useless to whoever reads it, under its name, owner and mode.
func (p *played) spoil(path string) {
	p.t.Helper()
	must(p.t, os.WriteFile(path, []byte("spoilt\n"), 0o600)) // which leaves the mode of a file that is there
}

// copyFor copies a file to where a server may read it.
func (p *played) copyFor(from, to string) {
	p.t.Helper()
	text, err := os.ReadFile(from)
	must(p.t, err)
	must(p.t, os.WriteFile(to, text, 0o644))
}
