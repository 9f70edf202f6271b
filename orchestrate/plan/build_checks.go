package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// checkSeen blocks on every part that the plan needs and that could not be looked at.
func (b *builder) checkSeen() {
	for _, s := range b.cluster.Servers {
		seen := b.facts.Server(s.Name)
		if !seen.Instance.IsKnown() {
			b.block(s.Name, joined(startHint(b.facts, s.Name), seen.Instance.Hint()), "%s", seen.Instance.Why()) // the rest is unknown for the same reason
			continue
		}
		if _, err := dialectOf(b.facts, s.Name); err != nil {
			b.block(s.Name, "", "%v", err)
			continue
		}
		b.needSeen(s.Name, seen.Process.Hint(), "the server's process", why(seen.Process))
		b.needSeen(s.Name, seen.Channels.Hint(), "channels", why(seen.Channels))
		b.needSeen(s.Name, seen.DumpThreads.Hint(), "dump threads", why(seen.DumpThreads))
		b.needSeen(s.Name, seen.Accounts.Hint(), "account rows", why(seen.Accounts))
		b.needSeen(s.Name, seen.TLSDir.Hint(), "TLS dir", why(seen.TLSDir))
		if b.servesTLS(s.Name) {
			b.needSeen(s.Name, seen.Config.Hint(), "option files", why(seen.Config))
			b.needSeen(s.Name, seen.Settings.Hint(), "TLS settings", why(seen.Settings))
			b.needSeen(s.Name, seen.ServedTLS.Hint(), "served certificate", why(seen.ServedTLS))
		}
	}
	if store := b.facts.Store; !store.IsKnown() {
		b.block(Here, "mend what is named, or name the folder of the cluster's certificates: --pki DIR", "the folder of certificates: %s", store.Why())
	}
}

// servesTLS says that the server is to serve TLS.
func (b *builder) servesTLS(name topology.ServerName) bool {
	return slices.ContainsFunc(b.cluster.TLSServers(), func(s topology.Server) bool { return s.Name == name })
}

// checkTwice blocks where two names of the inventory lead to one server, as by two names of a host.
func (b *builder) checkTwice() {
	type server struct {
		host  string
		start facts.StartID
	}
	first := map[server]topology.ServerName{}
	for _, s := range b.cluster.Servers {
		instance, answers := b.facts.Server(s.Name).Instance.Get()
		process, runs := b.facts.Server(s.Name).Process.Get()
		if !answers || !runs {
			continue
		}
		found := server{instance.Hostname + " " + instance.DataDir, process.Start}
		if other, again := first[found]; again {
			b.block(s.Name, "tell them apart in the inventory: their ssh.address, mysql.port or mysql.socket",
				"it is the same server as %s: process %d on %s, which has port %d", other, process.PID, instance.Hostname, instance.Port)
			continue
		}
		first[found] = s.Name
	}
}

func (b *builder) needSeen(server topology.ServerName, hint, what, why string) {
	if why != "" {
		b.block(server, hint, "%s", unseenText(what, why))
	}
}

func unseenText(what, why string) string { return what + " could not be looked at: " + why }

// why is the reason of an unknown value, and empty for a known or absent one.
func why[T any](v facts.Value[T]) string {
	if v.IsUnknown() {
		return v.Why()
	}
	return ""
}

// findLinks finds the channel of each replica, and how its threads have to run.
func (b *builder) findLinks() {
	links, blocked := FindLinks(b.cluster, b.facts)
	b.links = links
	b.plan.Blocked = append(b.plan.Blocked, blocked...)
	for _, l := range links {
		channel, _ := b.facts.Channel(l.Channel).Get()
		b.threads[l.Channel] = b.wantedThreads(l, channel)
	}
}

// wantedThreads are the states found before the first action of an unfinished run, else those of now. A stopped thread cannot tell
// who stopped it, so without a note in the journal it blocks.
func (b *builder) wantedThreads(l Link, c facts.Channel) facts.Threads {
	id := l.Channel
	if dialect.CannotRead(c.ApplierError.Number) && !b.readsRows(l) {
		b.block(id.Server, "replicate from MySQL, or let a MariaDB be the replica", "%s cannot replicate from %s: MySQL from 8.0.31 on cannot read the row events of MariaDB, "+
			"and the applier of %s has stopped%s", id.Server, l.Source, id, errorOf(c.ApplierError))
		return c.Threads()
	}
	if c.ApplierError.Number != 0 {
		b.block(id.Server, explain(b.facts, id.Server, c.ApplierError), "the applier of %s has stopped%s", id, errorOf(c.ApplierError))
		return c.Threads()
	}
	if found, ok := b.facts.Marks.Threads[id]; ok {
		b.blockRunning(id, found, c)
		return found
	}
	threads := c.Threads()
	if c.GaveUp > 0 { // nobody has stopped it
		threads.Receiver = true
	} else if !c.Receiver.Runs() {
		b.blockStopped(id, "receiver", c.ReceiverError)
	}
	if !c.Applier.Runs() && !b.options.KeepStopped {
		b.blockStopped(id, "applier", c.ApplierError)
	}
	return threads
}

// readsRows says that the replica can read what its source writes of rows, as far as that is known.
func (b *builder) readsRows(l Link) bool {
	replica, err := dialectOf(b.facts, l.Channel.Server)
	source, sourceErr := dialectOf(b.facts, l.Source)
	return err != nil || sourceErr != nil || replica.ReadsRowsOf(source)
}

// blockRunning: whether a restart or a person started the thread since, nothing tells.
func (b *builder) blockRunning(id facts.ChannelID, found facts.Threads, c facts.Channel) {
	if found.Applier || !c.Applier.Runs() || b.options.KeepStopped {
		return
	}
	b.block(id.Server, "if it should be stopped again: --keep-stopped; if it should run: apply with another journal, which knows nothing of that run (--journal DIR)",
		"the applier of %s runs, and an interrupted run found it stopped", id)
}

func (b *builder) blockStopped(id facts.ChannelID, thread string, last facts.ThreadError) {
	hint := fmt.Sprintf("if it should run: %s on %s; after an interrupted run: apply again with that run's journal (--journal DIR)",
		startThread(b.facts, id, thread), id.Server)
	if thread == "applier" {
		hint += keepIt
	}
	why := fmt.Sprintf("the %s of %s is stopped, and no journal here tells who stopped it", thread, id)
	if last.Number != 0 {
		why += "; its last error was " + strings.TrimPrefix(errorOf(last), ": error ")
		if means := explain(b.facts, id.Server, last); means != "" {
			hint = means + "; " + hint
		}
	}
	b.block(id.Server, hint, "%s", why)
}

func (b *builder) checkAccount() {
	for _, s := range b.cluster.Servers {
		instance := b.facts.Server(s.Name).Instance.Or(facts.Instance{})
		if admin, _, _ := strings.Cut(instance.Admin, "@"); admin == b.cluster.Account.User {
			b.block(s.Name, "let replssl log in with another account: set mysql.admin.user in the inventory",
				"the replication account %s is the one that replssl itself uses; requiring TLS of it would lock it out", b.cluster.Account.User)
		}
	}
	for _, s := range b.cluster.Sources() {
		if rows := b.facts.Server(s.Name).Accounts; rows.IsAbsent() || len(rows.Or(nil)) == 0 {
			b.block(s.Name, "the replicas log in with it: make it there again, with REPLICATION SLAVE", "it has no account %s", b.cluster.Account.User)
		}
		b.checkPlugins(s.Name)
		if v := noAnonymous(s.Name, b.facts); !v.Holds() {
			b.block(s.Name, "drop the anonymous account rows, which no server needs: DROP USER ''@'HOST'", "%s", v.Why())
		}
	}
}

func (b *builder) checkStrangers() {
	for _, s := range b.cluster.Servers {
		if !b.maySend(s.Name) {
			continue
		}
		guard := b.noStrangers(s.Name)
		switch v := guard.Holds(b.facts); {
		case v.Fails():
			b.block(s.Name, v.Hint(), "%s", v.Why())
		case v.Unclear():
			b.warnOf(s.Name, "%s", v.Why())
		}
	}
}

// maySend says that somebody may read the server's binary log as the account, named by the inventory or not.
func (b *builder) maySend(server topology.ServerName) bool {
	return b.cluster.IsSource(server) || len(b.facts.Server(server).Accounts.Or(nil)) > 0
}

func (b *builder) noStrangers(server topology.ServerName) NoStrangers {
	return NoStrangers{Server: server, User: b.cluster.Account.User, Links: b.linksFrom(server)}
}

// warn tells what does not block but may surprise.
func (b *builder) warn() {
	for _, s := range b.cluster.Servers {
		seen := b.facts.Server(s.Name)
		if untried := b.dialect(s.Name).Untried(); untried != "" {
			b.warnOf(s.Name, "%s", untried)
		}
		b.warnOfGroup(s.Name)
		b.warnOfStarts(s)
		b.warnOfFiles(s)
		if b.cluster.IsSource(s.Name) {
			b.warnOfOtherReaders(s.Name, seen.DumpThreads.Or(nil))
		}
	}
	slices.SortStableFunc(b.plan.Warnings, func(x, y Warning) int { return strings.Compare(string(x.Target), string(y.Target)) })
}

func (b *builder) warnOfOtherReaders(server topology.ServerName, threads []facts.DumpThread) {
	for _, t := range threads {
		if t.User != b.cluster.Account.User {
			b.warnOf(server, "a binlog reader that the inventory does not name uses another account: connection %d of %s from %s", t.ID, t.User, t.Host)
		}
	}
}

// checkPlugins blocks where no trial login can be made: before a receiver is changed, one shows that it will be let in.
func (b *builder) checkPlugins(source topology.ServerName) {
	for _, row := range b.facts.Server(source).Accounts.Or(nil) {
		if row.Plugin != "" && !dialect.TriesLogin(row.Plugin) {
			b.block(source, fmt.Sprintf("let it log in by a password that replssl can try, as by ed25519 (MariaDB) or caching_sha2_password (MySQL): "+
				"ALTER USER '%s'@'%s' IDENTIFIED ...", row.User, row.Host),
				"%s logs in by %s, which replssl cannot try: nothing would show beforehand that a receiver is let in over TLS", row, row.Plugin)
		}
	}
}
