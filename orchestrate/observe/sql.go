package observe

import (
	"context"
	"slices"
	"sync"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func (g *glance) asker() access.Asker { return g.observer.servers.On(g.server.Name) }

// inquiry is what is asked of a server by SQL: in one wait all that the last look lets one ask for, in a second what hangs on the answers.
type inquiry struct {
	*glance
	before remembered

	instance  facts.Value[facts.Instance]
	binlog    facts.Value[dialect.BinlogStatus]
	sessions  facts.Value[dialect.Sessions]
	heartbeat facts.Value[string]
	semiSync  struct {
		variables, status facts.Value[map[string]string]
	}
	hosts     map[string]*facts.Value[[]string]
	rows      map[account]*facts.Value[facts.AccountRow]
	questions access.Questions
}

// account is an account row.
type account struct{ user, host string }

// lookBySQL asks for every part that the server tells. It closes met when it knows what the server is, or why not.
func (g *glance) lookBySQL(ctx context.Context, met chan<- struct{}) {
	var q *inquiry
	if _, g.away = g.observer.servers.Host(ctx, g.server.Name); g.away != nil {
		g.seen.Instance = failed[facts.Instance](g.away)
	} else {
		q = g.meet(ctx)
	}
	close(met)
	if q == nil {
		g.nothingBySQL()
		return
	}
	var handshake sync.WaitGroup
	defer handshake.Wait()
	if g.wants(facts.PartSessions) { // the handshake's session must be in no list of sessions
		q.askRest(ctx)
	}
	if g.wants(facts.PartServed) {
		handshake.Go(func() { g.seen.ServedTLS = g.observer.servers.Handshake(ctx, g.server.Name) })
	}
	if !g.wants(facts.PartSessions) {
		q.askRest(ctx)
	}
}

// meet finds out which server it is and asks what does not hang on that; it is nil when nothing can be asked. The version is taken to be
// the last one. Where it is not, everything was asked in the wrong words, and is asked anew.
func (g *glance) meet(ctx context.Context) *inquiry {
	before := g.observer.memory.of(g.server.Name)
	if !before.met {
		version := access.Ask(ctx, g.asker(), dialect.Version())
		if before.version, before.met = version.Get(); !before.met {
			g.seen.Instance = facts.As[facts.Instance](version)
			return nil
		}
	}
	for {
		q := g.askFirst(ctx, before)
		if q == nil {
			return nil
		}
		instance, ok := q.instance.Get()
		if !ok {
			g.seen.Instance = q.instance
			return nil
		}
		if instance.Version == before.version {
			g.takeInstance(q, instance)
			q.takeHeartbeat()
			q.tellLackingFirst()
			return q
		}
		before.version = instance.Version
	}
}

// askFirst is nil when nobody speaks to a server of that version.
func (g *glance) askFirst(ctx context.Context, before remembered) *inquiry {
	d, err := dialect.For(before.version)
	if err != nil {
		g.seen.Instance = facts.Unknownf[facts.Instance]("%s: %v", g.server.Name, err)
		return nil
	}
	g.dialect = d
	q := &inquiry{
		glance: g, before: before,
		hosts: map[string]*facts.Value[[]string]{}, rows: map[account]*facts.Value[facts.AccountRow]{},
	}
	access.Add(&q.questions, d.Instance(), &q.instance)
	if g.wants(facts.PartGrants) {
		access.Add(&q.questions, d.Grants(), &g.seen.Grants)
	}
	if g.wants(facts.PartInstance | facts.PartPosition) {
		access.Add(&q.questions, d.BinlogStatus(), &q.binlog)
	}
	if g.wants(facts.PartChannels | facts.PartUsed | onTrial) {
		access.Add(&q.questions, d.Channels(), &g.seen.Channels)
		if d.AsksHeartbeat() {
			access.Add(&q.questions, d.Heartbeat(), &q.heartbeat)
		}
	}
	if g.wants(facts.PartSettings) {
		access.Add(&q.questions, d.Settings(), &g.seen.Settings)
		access.Add(&q.questions, d.Variables(), &g.seen.Variables)
		access.Add(&q.questions, d.RunTime(), &g.seen.RunTime)
	}
	q.addKept()
	q.addSemiSync()
	q.addSessions(before.perfSchema)
	q.addAccounts()
	if g.wants(facts.PartPosition) {
		access.Add(&q.questions, d.Binlogs(), &g.seen.Binlogs)
	}
	q.questions.Ask(ctx, g.asker())
	return q
}

// addKept asks for what the next start reads beside the option files.
func (q *inquiry) addKept() {
	switch {
	case !q.wants(facts.PartSettings | facts.PartConfig):
	case !q.dialect.PersistsSettings():
		q.seen.Kept = facts.Absent[facts.Kept]()
	default:
		access.Add(&q.questions, q.dialect.Kept(), &q.seen.Kept)
	}
}

func (q *inquiry) addSemiSync() {
	if q.wants(facts.PartSemiSync) {
		variables, status := q.dialect.SemiSync()
		access.Add(&q.questions, variables, &q.semiSync.variables)
		access.Add(&q.questions, status, &q.semiSync.status)
	}
}

// takeHeartbeat: what is not told is not kept.
func (q *inquiry) takeHeartbeat() {
	period, ok := q.heartbeat.Get()
	channels, seen := q.seen.Channels.Get()
	if ok && seen && len(channels) == 1 {
		channels = slices.Clone(channels)
		channels[0].Heartbeat = period
		q.seen.Channels = facts.Known(channels)
	}
}

func (q *inquiry) takeSemiSync() {
	variables, ok := q.semiSync.variables.Get()
	status, told := q.semiSync.status.Get()
	switch {
	case !q.wants(facts.PartSemiSync):
	case !ok:
		q.seen.SemiSync = facts.As[facts.SemiSync](q.semiSync.variables)
	case !told:
		q.seen.SemiSync = facts.As[facts.SemiSync](q.semiSync.status)
	default:
		q.seen.SemiSync = dialect.SemiSyncOf(variables, status)
	}
}

func (q *inquiry) addSessions(perfSchema bool) {
	if q.wants(facts.PartSessions) {
		access.Add(&q.questions, q.dialect.Sessions(perfSchema), &q.sessions)
	}
}

// users are the account of the cluster, and no name: a row without one may be matched instead.
func (q *inquiry) users() []string { return []string{q.observer.cluster.Account.User, ""} }

// addAccounts asks for the rows that there are, and at once for what those of the last look demand.
func (q *inquiry) addAccounts() {
	if !q.wants(facts.PartAccounts) {
		return
	}
	for _, user := range q.users() {
		q.hosts[user] = &facts.Value[[]string]{}
		access.Add(&q.questions, q.dialect.AccountHosts(user), q.hosts[user])
		q.addRows(user, q.before.hosts[user])
	}
}

func (q *inquiry) addRows(user string, hosts []string) {
	for _, host := range hosts {
		row := account{user, host}
		if q.rows[row] == nil {
			q.rows[row] = &facts.Value[facts.AccountRow]{}
			access.Add(&q.questions, q.dialect.Account(user, host), q.rows[row])
		}
	}
}

// takeInstance completes the instance, of which one field is told by the status of the binary log alone.
func (g *glance) takeInstance(q *inquiry, instance facts.Instance) {
	g.seen.Instance = facts.Known(instance)
	g.observer.memory.keep(g.server.Name, func(r *remembered) {
		r.met, r.version, r.perfSchema = true, instance.Version, instance.PerfSchema
	})
	if !g.wants(facts.PartInstance | facts.PartPosition) {
		return
	}
	if q.binlog.IsUnknown() {
		g.seen.Instance = facts.As[facts.Instance](q.binlog)
		g.seen.Position = facts.As[facts.Position](q.binlog)
		return
	}
	seen, kept := q.binlog.Get()
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

// askRest asks what the first answers have left open.
func (q *inquiry) askRest(ctx context.Context) {
	q.questions = access.Questions{}
	instance, ok := q.instance.Get()
	if ok && instance.PerfSchema != q.before.perfSchema {
		q.addSessions(instance.PerfSchema)
	}
	for user, hosts := range q.hosts {
		q.addRows(user, hosts.Or(nil))
	}
	q.questions.Ask(ctx, q.asker())
	q.takeSemiSync()
	if q.wants(facts.PartSessions) {
		q.takeSessions()
	}
	if q.wants(facts.PartAccounts) {
		q.seen.Accounts = q.accountsOf(q.observer.cluster.Account.User)
		q.seen.Anonymous = q.accountsOf("")
	}
	q.tellLackingRest()
}

func (q *inquiry) takeSessions() {
	all, ok := q.sessions.Get()
	if !ok {
		q.seen.DumpThreads, q.seen.Sessions = facts.As[[]facts.DumpThread](q.sessions), facts.As[[]facts.Session](q.sessions)
		return
	}
	sessions := slices.DeleteFunc(all.Sessions, func(s facts.Session) bool { return q.observer.servers.HoldsLock(q.server.Name, s.ID) })
	q.seen.DumpThreads, q.seen.Sessions = facts.Known(all.DumpThreads), facts.Known(sessions)
}

// accountsOf is what is in force of every row that is in the tables. A row that is not in force makes the whole unknown: it will be,
// after the next FLUSH PRIVILEGES or restart, and nobody can say what it demands then.
func (q *inquiry) accountsOf(user string) facts.Value[[]facts.AccountRow] {
	hosts, ok := q.hosts[user].Get()
	if !ok {
		return facts.As[[]facts.AccountRow](*q.hosts[user])
	}
	q.observer.memory.keep(q.server.Name, func(r *remembered) { r.hosts[user] = slices.Clone(hosts) })
	rows := make([]facts.AccountRow, 0, len(hosts))
	for _, host := range hosts {
		row := q.rows[account{user, host}]
		seen, ok := row.Get()
		switch {
		case row.IsAbsent():
			return facts.Unknownf[[]facts.AccountRow]("%s: the account row %s@%s is in the tables and not in force", q.server.Name, user, host).
				WithHint("run FLUSH PRIVILEGES on " + string(q.server.Name) + ", or drop the row")
		case !ok:
			return facts.As[[]facts.AccountRow](*row)
		}
		rows = append(rows, seen)
	}
	return facts.Known(rows)
}

// nothingBySQL gives every part the reason why the server could not be asked.
func (g *glance) nothingBySQL() {
	why := g.seen.Instance
	g.seen.Channels = facts.As[[]facts.Channel](why)
	blank(g, facts.PartGrants, &g.seen.Grants)
	blank(g, facts.PartSessions, &g.seen.DumpThreads)
	blank(g, facts.PartSessions, &g.seen.Sessions)
	blank(g, facts.PartAccounts, &g.seen.Accounts)
	blank(g, facts.PartAccounts, &g.seen.Anonymous)
	blank(g, facts.PartPosition, &g.seen.Position)
	blank(g, facts.PartPosition, &g.seen.Binlogs)
	blank(g, facts.PartSemiSync, &g.seen.SemiSync)
	blank(g, facts.PartSettings, &g.seen.Settings)
	blank(g, facts.PartSettings, &g.seen.Variables)
	blank(g, facts.PartSettings, &g.seen.RunTime)
	blank(g, facts.PartSettings, &g.seen.Kept)
	blank(g, facts.PartServed, &g.seen.ServedTLS)
}

func blank[T any](g *glance, part facts.Part, field *facts.Value[T]) {
	if g.wants(part) {
		*field = facts.As[T](g.seen.Instance)
	}
}
