package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func rotateScenarios() []scenario {
	return []scenario{
		{name: "every certificate is renewed", mixed: true, play: renewed},
		{name: "the authority is replaced", mixed: true, play: succeeded},
	}
}

// renewed: while the applier is held up in the middle of what it has, so that relay logs wait, all certificates are renewed. The applier is the
// one from before, the channel has its options, and what waited is neither lost nor fetched again.
func renewed(p *played) {
	if p.noCommonTLS() {
		return
	}
	p.secure()
	served, options, applier := p.serial(), p.tlsOptions(), p.applierSessions()
	end := p.begin()
	release := p.holdApplier()
	p.await("relay logs that wait", func() bool { return relayLogs(p.statusOfReplica()) > waitingBytes })
	held := p.statusOfReplica()
	rotate := p.command("rotate", "leaf", "--all", "--yes")
	ended := make(chan outcome, 1)
	go func() { ended <- p.finish(rotate) }()
	p.await("a receiver that has the new certificate", func() bool { return p.setInUse("replica1") == "versions/2" && p.receiver("replica1") == "Yes 0" })
	after := p.statusOfReplica()
	release()
	if o := <-ended; o.code != 0 {
		p.t.Fatalf("rotate leaf: exit code %d\n%s\n%s", o.code, o.stdout, o.stderr)
	}
	if waits, grown := relayLogs(after), relayLogs(after)-relayLogs(held); waits < waitingBytes || grown > waitingBytes/4 {
		p.t.Errorf("the relay logs hold %d bytes, %d more than before", waits, grown)
	}
	if now := p.tlsOptions(); !maps.Equal(now, options) {
		p.t.Errorf("the options were %v, and are %v", options, now)
	}
	if now := p.serial(); now == served {
		p.t.Errorf("the primary still serves %s", now)
	}
	for _, s := range p.Servers {
		if set := p.setInUse(s.Name); set != "versions/2" {
			p.t.Errorf("%s uses %s", s.Name, set)
		}
	}
	end()
	if now := p.applierSessions(); now != applier {
		p.t.Errorf("the applier was %s, and is %s", applier, now)
	}
	p.want(0, "verify")
	p.nothingMoves()
	if o := p.want(0, "rotate", "leaf", "--expiring-within", "30d", "--yes"); o.stdout+o.stderr != "" {
		p.t.Errorf("nothing is due, and it says:\n%s%s", o.stdout, o.stderr)
	}
}

// waitingBytes is what the held applier has before it, of which a relay log holds a little more.
const waitingBytes = 4 << 18

// holdApplier writes rows that the applier of replica1 cannot apply before release is called.
func (p *played) holdApplier() (release func()) {
	p.t.Helper()
	p.sql("primary", "CREATE TABLE shop.held (text MEDIUMTEXT)")
	must(p.t, p.WaitCaughtUp(p.t.Context()))
	db, err := p.DB("replica1")
	must(p.t, err)
	p.t.Cleanup(func() { _ = db.Close() })
	session, err := db.Conn(p.t.Context())
	must(p.t, err)
	_, err = session.ExecContext(p.t.Context(), "LOCK TABLES shop.held WRITE")
	must(p.t, err)
	p.sql("primary", strings.Repeat("INSERT INTO shop.held VALUES (REPEAT('x', 1 << 18));", 4))
	return func() { _ = session.Close(); _ = db.Close() }
}

// setInUse is where the link of a server's TLS dir leads; empty where there is none.
func (p *played) setInUse(server string) string {
	p.t.Helper()
	s, err := p.Server(server)
	must(p.t, err)
	link, _ := os.Readlink(filepath.Join(s.TLSDir, "current"))
	return link
}

// relayLogs is how much they hold, in bytes.
func relayLogs(status map[string]string) int {
	n, err := strconv.Atoi(status["Relay_Log_Space"])
	if err != nil {
		return -1
	}
	return n
}

// tlsOptions are those of the channel of replica1, as its server shows them.
func (p *played) tlsOptions() map[string]string {
	options := p.statusOfReplica()
	maps.DeleteFunc(options, func(field, _ string) bool { return !strings.HasPrefix(field, "Master_SSL_") })
	return options
}

// succeeded: another authority takes the place of the one that is there. The cluster rests between the phases, and no option of a channel changes.
func succeeded(p *played) {
	if p.noCommonTLS() {
		return
	}
	p.secure()
	served, options, applier := p.serial(), p.tlsOptions(), p.applierSessions()
	end := p.begin()
	trusted := map[int]int{1: 2, 2: 2, 3: 1}
	for phase := 1; phase <= 3; phase++ {
		p.want(0, "rotate", "ca", "--yes").says(p.t, fmt.Sprintf("phase %d of 3", phase))
		p.want(0, "plan")
		p.want(0, "verify")
		for _, s := range p.Servers {
			if got := bytes.Count(read(p.t, filepath.Join(s.TLSDir, "current", "ca.pem")), []byte("BEGIN CERTIFICATE")); got != trusted[phase] {
				p.t.Errorf("phase %d: %s trusts %d authorities", phase, s.Name, got)
			}
		}
		if now := p.serial(); (now != served) != (phase >= 2) {
			p.t.Errorf("phase %d: the primary serves %s, and served %s", phase, now, served)
		}
		p.comesBack()
	}
	end()
	if now := p.applierSessions(); now != applier {
		p.t.Errorf("the applier was %s, and is %s", applier, now)
	}
	if now := p.tlsOptions(); !maps.Equal(now, options) {
		p.t.Errorf("the options were %v, and are %v", options, now)
	}
	p.want(0, "apply", "--yes").says(p.t, "nothing to do")
}

// comesBack lets the receiver of replica1 log in anew, as after a network that blinked.
func (p *played) comesBack() {
	p.t.Helper()
	p.threads("STOP", " IO_THREAD")
	p.threads("START", " IO_THREAD")
	p.await("a receiver that is let in again", func() bool { return p.receiver("replica1") == "Yes 0" })
}
