package e2e_test

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/e2e/compatibility"
)

func threadScenarios() []scenario {
	return []scenario{
		{name: "a receiver whose login is in memory alone", without: mariaDBForgetsNoLogin, play: loginInMemory},
		{name: "a receiver that has given up", play: gaveUp},
	}
}

func mariaDBForgetsNoLogin(on compatibility.Pair) string {
	if on.Replica.Family == "MariaDB" {
		return "MariaDB has no START SLAVE with USER and PASSWORD"
	}
	return ""
}

// statusOf is the channel of a replica, in MariaDB's words.
func (p *played) statusOf(server string) map[string]string {
	p.t.Helper()
	status, err := p.SlaveStatus(p.t.Context(), server)
	must(p.t, err)
	return status
}

// loginInMemory: START REPLICA with USER and PASSWORD gives a receiver what its server keeps nowhere.
func loginInMemory(p *played) {
	inMemory := func() {
		p.threads("replica1", "STOP", "")
		p.change("replica1", "PASSWORD=''")
		p.threads("replica1", "START", " USER='"+p.Account.User+"' PASSWORD='"+p.Account.Password+"'")
		p.await("a receiver with a login of its own", func() bool { return p.receiver("replica1") == "Yes 0" })
	}
	end := p.begin()
	inMemory()
	p.held("the login of the receiver of replica1 is in memory alone", "let it be kept, by hand on replica1", "PASSWORD='...'")
	if p.receiver("replica1") != "Yes 0" {
		p.t.Errorf("its receiver was disturbed: %s", p.receiver("replica1"))
	}
	p.threads("replica1", "STOP", "")
	p.change("replica1", "PASSWORD='"+p.Account.Password+"'")
	p.threads("replica1", "START", "")
	p.await("a receiver with a login that is kept", func() bool { return p.receiver("replica1") == "Yes 0" })
	p.secure()
	inMemory()
	p.want(0, "apply", "--yes").says(p.t, "nothing to do") // which stops no receiver
	end()
	p.refusedHere("it is refused, and says what keeps the login")
}

// refusedHere tells what replssl refuses in a scenario in which it does what it can.
func (p *played) refusedHere(why string) { p.trial.Why = why }

// gaveUp: the account is away for as long as the receiver tries, which it may two times. MariaDB does not tell that from a receiver that somebody
// has stopped.
func gaveUp(p *played) {
	mariaDB := p.release("replica1").MariaDB
	options := []string{"CONNECT_RETRY=1", "RETRY_COUNT=2"}
	if mariaDB {
		p.configure("replica1", "master_retry_count=2")
		options = options[:1]
	}
	away := func(tries string, options ...string) {
		p.rename("primary", p.Account.User, "away")
		p.threads("replica1", "STOP", "")
		p.change("replica1", options...)
		p.threads("replica1", "START", "")
		p.await("a receiver that is kept out", func() bool { return p.receiver("replica1") == tries })
	}
	away("No 1045", options...)
	p.rename("primary", "away", p.Account.User)
	if mariaDB {
		p.held("the receiver of replica1 is stopped, and no journal here tells who stopped it; its last error was 1045", "START SLAVE IO_THREAD")
		p.refused("the server does not tell it from a receiver that somebody has stopped")
		return
	}

	// One that was stopped before it gave up stays stopped: somebody has stopped it.
	away("Connecting 1045", "CONNECT_RETRY=60")
	p.threads("replica1", "STOP", " IO_THREAD")
	p.rename("primary", "away", p.Account.User)
	p.held("the receiver of replica1 is stopped, and no journal here tells who stopped it; its last error was 1045")

	away("No 1045", options...)
	p.rename("primary", "away", p.Account.User)
	end := p.begin()
	p.secureFrom(2, "the receiver of replica1, which has given up after 2 tries", "is started again")
	end()
	if status := p.statusOf("replica1"); status["Connect_Retry"] != "1" || status["Master_Retry_Count"] != "2" {
		p.t.Errorf("something else was changed: %v", status)
	}
	p.nothingMoves()
}

// rename gives an account another name, on one server.
func (p *played) rename(server, from, to string) {
	p.t.Helper()
	p.sql(server, fmt.Sprintf("SET sql_log_bin=0; RENAME USER '%s'@'%%' TO '%s'@'%%'", from, to))
}

// secureFrom asserts what the plan says, then carries it out.
func (p *played) secureFrom(code int, words ...string) {
	p.t.Helper()
	p.want(code, "plan").says(p.t, words...)
	p.secure()
}

// held asserts that plan and apply are blocked with these words, and that no thread was touched. Rows may be written meanwhile.
func (p *played) held(words ...string) {
	p.t.Helper()
	before := p.replicationThreads()
	p.want(3, "plan").says(p.t, words...)
	p.want(3, "apply", "--yes").says(p.t, words...)
	if after := p.replicationThreads(); !slices.Equal(before, after) {
		p.t.Errorf("threads were touched: %v, then %v", before, after)
	}
}

// replicationThreads are the connection ids of receivers, appliers and dump threads.
func (p *played) replicationThreads() []string {
	p.t.Helper()
	var seen []string
	for _, s := range p.Servers {
		table, err := p.Query(p.t.Context(), s.Name,
			"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' OR COMMAND LIKE 'Binlog Dump%' ORDER BY ID")
		must(p.t, err)
		seen = append(seen, s.Name+" "+table.String())
	}
	return seen
}
