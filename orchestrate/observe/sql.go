package observe

import (
	"context"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func (g *glance) asker() access.Asker { return g.observer.servers.On(g.server.Name) }

// lookAtInstance also finds the dialect, by which everything else is asked. It takes the one of the last look for granted and makes
// sure by the answer, which tells the version again.
func (g *glance) lookAtInstance(ctx context.Context) {
	d, why := g.knownDialect(ctx)
	if why.IsUnknown() {
		g.seen.Instance = why
		return
	}
	g.dialect = d
	g.seen.Instance = access.Ask(ctx, g.asker(), d.Instance())
	instance, ok := g.seen.Instance.Get()
	if !ok {
		return
	}
	if g.dialect, why = g.speak(instance.Version); why.IsUnknown() {
		g.seen.Instance = why
		return
	}
	if g.wants(facts.PartInstance | facts.PartPosition) {
		g.lookAtBinlog(ctx, instance)
	}
}

func (g *glance) knownDialect(ctx context.Context) (dialect.Dialect, facts.Value[facts.Instance]) {
	g.observer.mu.Lock()
	d, ok := g.observer.dialects[g.server.Name]
	g.observer.mu.Unlock()
	if ok {
		return d, facts.Absent[facts.Instance]()
	}
	seen := access.Ask(ctx, g.asker(), dialect.Version())
	version, ok := seen.Get()
	if !ok {
		return d, facts.As[facts.Instance](seen)
	}
	return g.speak(version)
}

// speak finds the dialect of a version; the value is unknown when there is none.
func (g *glance) speak(version facts.Version) (dialect.Dialect, facts.Value[facts.Instance]) {
	d, err := dialect.For(version)
	if err != nil {
		return d, facts.Unknownf[facts.Instance]("%s: %v", g.server.Name, err)
	}
	g.observer.mu.Lock()
	defer g.observer.mu.Unlock()
	g.observer.dialects[g.server.Name] = d
	return d, facts.Absent[facts.Instance]()
}

// lookAtBinlog completes the instance, of which one field is told by the status of the binary log alone.
func (g *glance) lookAtBinlog(ctx context.Context, instance facts.Instance) {
	status := access.Ask(ctx, g.asker(), g.dialect.BinlogStatus())
	if status.IsUnknown() {
		g.seen.Instance = facts.As[facts.Instance](status)
		g.seen.Position = facts.As[facts.Position](status)
		return
	}
	seen, kept := status.Get()
	instance.BinlogDB = seen.Filtered
	g.seen.Instance = facts.Known(instance)
	if !g.wants(facts.PartPosition) {
		return
	}
	g.seen.Position = facts.Absent[facts.Position]()
	if kept {
		g.seen.Position = facts.Known(seen.End)
	}
}

// lookBySQL asks for every part that the server tells. The handshake comes last: its session is in no list of sessions.
func (g *glance) lookBySQL(ctx context.Context) {
	instance, ok := g.seen.Instance.Get()
	if !ok {
		g.nothingBySQL()
		return
	}
	if g.wants(facts.PartChannels | onTrial) {
		g.seen.Channels = access.Ask(ctx, g.asker(), g.dialect.Channels())
	}
	if g.wants(facts.PartSessions) {
		g.lookAtSessions(ctx, instance)
	}
	if g.wants(facts.PartAccounts) {
		g.seen.Accounts = g.lookAtAccounts(ctx, g.observer.cluster.Account.User)
		g.seen.Anonymous = g.lookAtAccounts(ctx, "")
	}
	if g.wants(facts.PartPosition) {
		g.seen.Binlogs = access.Ask(ctx, g.asker(), g.dialect.Binlogs())
	}
	if g.wants(facts.PartSettings) {
		g.seen.Settings = access.Ask(ctx, g.asker(), g.dialect.Settings())
		g.seen.RunTime = access.Ask(ctx, g.asker(), g.dialect.RunTime())
	}
	if g.wants(facts.PartServed) {
		g.seen.ServedTLS = g.observer.servers.Handshake(ctx, g.server.Name)
	}
}

// nothingBySQL gives every part the reason why the server could not be asked.
func (g *glance) nothingBySQL() {
	why := g.seen.Instance
	g.seen.Channels = facts.As[[]facts.Channel](why)
	blank(g, facts.PartSessions, &g.seen.DumpThreads)
	blank(g, facts.PartSessions, &g.seen.Sessions)
	blank(g, facts.PartAccounts, &g.seen.Accounts)
	blank(g, facts.PartAccounts, &g.seen.Anonymous)
	blank(g, facts.PartPosition, &g.seen.Position)
	blank(g, facts.PartPosition, &g.seen.Binlogs)
	blank(g, facts.PartSettings, &g.seen.Settings)
	blank(g, facts.PartSettings, &g.seen.RunTime)
	blank(g, facts.PartServed, &g.seen.ServedTLS)
}

func blank[T any](g *glance, part facts.Part, field *facts.Value[T]) {
	if g.wants(part) {
		*field = facts.As[T](g.seen.Instance)
	}
}

func (g *glance) lookAtSessions(ctx context.Context, instance facts.Instance) {
	seen := access.Ask(ctx, g.asker(), g.dialect.Sessions(instance.PerfSchema))
	all, ok := seen.Get()
	if !ok {
		g.seen.DumpThreads, g.seen.Sessions = facts.As[[]facts.DumpThread](seen), facts.As[[]facts.Session](seen)
		return
	}
	g.seen.DumpThreads, g.seen.Sessions = facts.Known(all.DumpThreads), facts.Known(all.Sessions)
}

// lookAtAccounts reads what is in force of every row that is in the tables. A row that is not in force makes the whole unknown: it
// will be, after the next FLUSH PRIVILEGES or restart, and nobody can say what it demands then.
func (g *glance) lookAtAccounts(ctx context.Context, user string) facts.Value[[]facts.AccountRow] {
	seen := access.Ask(ctx, g.asker(), g.dialect.AccountHosts(user))
	hosts, ok := seen.Get()
	if !ok {
		return facts.As[[]facts.AccountRow](seen)
	}
	rows := make([]facts.AccountRow, 0, len(hosts))
	for _, host := range hosts {
		seen := access.Ask(ctx, g.asker(), g.dialect.Account(user, host))
		row, ok := seen.Get()
		switch {
		case seen.IsAbsent():
			return facts.Unknownf[[]facts.AccountRow]("%s: the account row %s@%s is in the tables and not in force", g.server.Name, user, host).
				WithHint("FLUSH PRIVILEGES on " + string(g.server.Name) + ", or drop the row")
		case !ok:
			return facts.As[[]facts.AccountRow](seen)
		}
		rows = append(rows, row)
	}
	return facts.Known(rows)
}
