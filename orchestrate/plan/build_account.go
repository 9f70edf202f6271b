package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// findWants finds what each row shall demand, and blocks where a row cannot demand it, or names other parts already: to take those away would
// weaken it.
func (b *builder) findWants() {
	found, faults := level{cluster: b.cluster, facts: b.facts, links: b.links, shows: b.willShow}.find()
	b.wants = found
	b.plan.Blocked = append(b.plan.Blocked, faults...)
	b.checkPasswords()
	for _, s := range b.cluster.Servers {
		var more []string
		for _, row := range b.facts.Server(s.Name).Accounts.Or(nil) {
			want := b.wants.of(s.Name, row.Host)
			_, ok := row.Require.With(want)
			switch {
			case !ok && want.Kind == facts.RequireX509:
				b.block(s.Name, "set account.require: issuer, which a row can demand beside a cipher",
					"%s demands %s, and X509 cannot be demanded beside it", row, row.Require)
			case !ok:
				b.block(s.Name, "if no login needs that any more, set the row by hand to what is wanted: ALTER USER ... REQUIRE",
					"%s demands %s, and the certificates of its replicas want %s", row, row.Require, want)
			case row.Require.Meets(want) && !want.Meets(row.Require) && b.wants.rows[s.Name] == nil:
				more = append(more, fmt.Sprintf("%s demands %s", row, row.Require))
			}
		}
		if len(more) > 0 {
			b.warnOf(s.Name, "%s: more than account.require: %s, and it is kept; to demand less, ALTER USER by hand", strings.Join(more, ", "), b.cluster.Account.Require)
		}
	}
}

// checkPasswords: before a certificate is demanded each receiver's is tried by a login.
func (b *builder) checkPasswords() {
	if !b.wants.least.Certificate() {
		return
	}
	for _, l := range b.links {
		password := b.facts.Server(l.Channel.Server).Password
		if len(b.changes(l.Source)) > 0 && !password.IsKnown() {
			b.block(l.Channel.Server, cmp.Or(password.Hint(), "set account.password_file in the inventory to a file with the password"),
				"the password of %s cannot be had, so that no login can try its certificate: %s", l.User, whyNot(password))
		}
	}
}

// planRequirements makes every row of the account demand what the inventory wants: once, through the binary log, where every replica has every
// row and would apply the statement; else on each server by itself, since a statement for a missing row stops an applier (error 1396).
func (b *builder) planRequirements(needs []string) {
	if len(b.plan.Left) > 0 {
		return // whose channels are unproven
	}
	primary := b.cluster.Primary()
	rows := b.changes(primary.Name)
	if len(rows) > 0 && !frozen(b.facts, primary.Name) && b.replicates() {
		b.add(b.requireStep(primary, rows, true, needs))
		return
	}
	for _, s := range b.cluster.Servers {
		rows := b.changes(s.Name)
		switch {
		case len(rows) == 0:
		case !frozen(b.facts, s.Name):
			b.add(b.requireStep(s, rows, false, needs))
		case b.cluster.IsSource(s.Name):
			b.block(s.Name, fmt.Sprintf("SET GLOBAL super_read_only=0 on %s for the time of the change", s.Name),
				"%s is super_read_only, where nobody may set what an account requires (1290), and receivers log in there", s.Name)
		default:
			require := Require{Server: s.Name, User: b.cluster.Account.User, Rows: rows}
			b.warnOf(s.Name, "it is super_read_only, where nobody may set what an account requires (1290): the account is unprotected after a promotion, until somebody does this there: %s",
				require.demands())
		}
	}
}

// frozen says that no account of the server can be altered but by what its applier brings.
func frozen(f facts.Facts, server topology.ServerName) bool {
	return f.Server(server).Instance.Or(facts.Instance{}).Frozen
}

// changes are the rows of a server that demand less than is wanted, by host. What a row demands beyond that is kept.
func (b *builder) changes(server topology.ServerName) []facts.RowChange {
	var changes []facts.RowChange
	for _, row := range b.facts.Server(server).Accounts.Or(nil) {
		wanted, ok := row.Require.With(b.wants.of(server, row.Host))
		former := b.undated(server, row)
		if ok && !wanted.Same(former) {
			changes = append(changes, facts.RowChange{Host: row.Host, Former: bare(former), Wanted: bare(wanted)})
		}
	}
	slices.SortFunc(changes, func(x, y facts.RowChange) int { return strings.Compare(x.Host, y.Host) })
	return changes
}

// undated is what the row demanded before a run that died between raising and dating it, which is done anew; else what it demands.
func (b *builder) undated(server topology.ServerName, row facts.AccountRow) facts.Requirement {
	former, raised := b.facts.Marks.Raised[server].Former[row.Host]
	if raised && provisional(b.facts, server) && row.Require.Meets(former) {
		return former
	}
	return row.Require
}

// provisional says that a run died before it could date a requirement of the server.
func provisional(f facts.Facts, server topology.ServerName) bool {
	start := f.Server(server).Process.Or(facts.Process{}).Start
	is := func(mark facts.RequirementMark) bool { return mark.Provisional && mark.Start == start }
	return is(f.Marks.Requirements[server]) || is(f.Marks.Raised[server].RequirementMark)
}

// bare is the requirement without the text that it was read from.
func bare(r facts.Requirement) facts.Requirement {
	r.Clause = ""
	return r
}

// replicates says that the statement can go through the binary log. Where a replica is itself a source, its own session has to set the
// requirement: the logins to it are dated by nothing else. And what an interrupted run stopped may not run when its turn comes. What the binary
// log of the primary does not keep as it is goes from server to server, and so does what it would have to be taken back to.
func (b *builder) replicates() bool {
	primary := b.cluster.Primary().Name
	for _, row := range b.changes(primary) {
		if d := b.dialect(primary); !d.BinlogKeeps(row.Wanted) || !d.BinlogKeeps(row.Former) {
			return false
		}
	}
	for _, l := range b.links {
		if l.Source != primary || !b.threads[l.Channel].Applier || !slices.Equal(b.changes(l.Channel.Server), b.changes(primary)) {
			return false
		}
	}
	return b.arrives().Holds(b.facts).Holds()
}

func (b *builder) arrives() Arrives {
	primary := b.cluster.Primary().Name
	return Arrives{Server: primary, Rows: formers(b.changes(primary)), Links: b.links}
}

func formers(rows []facts.RowChange) []RowDemand {
	demands := make([]RowDemand, len(rows))
	for i, row := range rows {
		demands[i] = RowDemand{Host: row.Host, Require: row.Former}
	}
	return demands
}

func (b *builder) requireStep(s topology.Server, rows []facts.RowChange, binlog bool, needs []string) Step {
	user := b.cluster.Account.User
	require := Require{Server: s.Name, User: user, Rows: rows, Binlog: binlog}
	b.requires[s.Name] = require
	step := Step{
		ID: stepID("require", s.Name), Target: s.Name, Title: fmt.Sprintf("%s on %s", require.demands(), s.Name),
		Needs: append(b.requireNeeds(), needs...),
		Goal:  b.requireGoal(s, binlog), Deadline: threadDeadline,
		Guards:  b.requireGuards(s, rows, binlog),
		Actions: []Action{require},
		Undo:    Undo{Actions: []Action{require.back()}},
		Rescue:  []Action{require.back()},
		Rescued: RowsAre{Server: s.Name, User: user, Rows: formers(rows)},
		Impact:  b.requireImpact(s, rows),
	}
	step.Reason = step.Goal.Holds(b.facts).Why()
	return step
}

// requireNeeds: every server has its files and serves TLS, and every receiver is back, before TLS is required. A replica that is still
// to be restarted could not come back in plaintext.
func (b *builder) requireNeeds() []string {
	return slices.Concat(b.stepIDs("files"), b.stepIDs("serve"), b.stepIDs("wake"), b.stepIDs("resume"))
}

func (b *builder) requireGoal(s topology.Server, binlog bool) Condition {
	own := b.required(s.Name, len(b.linksFrom(s.Name)) == 0)
	own.Dated = provisional(b.facts, s.Name)
	if !binlog {
		return own
	}
	goals := []Condition{own}
	for _, l := range b.links {
		goals = append(goals, b.required(l.Channel.Server, true), Running{Link: l})
	}
	return All(goals...)
}

func (b *builder) required(server topology.ServerName, optional bool) RequiresTLS {
	return b.wants.goal(server, b.cluster.Account.User, optional)
}

// goal is that the rows of a server demand what is wanted of them.
func (w wants) goal(server topology.ServerName, user string, optional bool) RequiresTLS {
	goal := RequiresTLS{Server: server, User: user, Optional: optional, Rows: w.list(server)}
	if w.least.Kind != facts.RequireSSL {
		goal.Least = w.least
	}
	return goal
}

// toRegister is how long a receiver that has just been started may take until its source shows it.
const toRegister = 15 * time.Second

// requireGuards: nobody unnamed is cut off and, where TLS is required last, no channel of the account is unproven.
func (b *builder) requireGuards(s topology.Server, rows []facts.RowChange, binlog bool) []Guard {
	var guards []Guard
	if binlog {
		guards = append(guards, Guard{Condition: b.arrives()})
	}
	for _, other := range b.cluster.Servers {
		if other.Name == s.Name || binlog && b.maySend(other.Name) { // whose rows are raised
			guards = append(guards, Guard{Condition: b.noStrangers(other.Name), Patience: toRegister})
		}
	}
	for _, l := range b.links {
		switch b.cluster.Policy.Enforce {
		case topology.EnforceLast:
			guards = append(guards, Guard{Condition: Encrypted{Link: l}})
		case topology.EnforceFirst:
			guards = append(guards, b.changeGuards(l)...)
		}
	}
	return append(guards, b.presentGuards(s, rows)...)
}

// presentGuards: where a certificate is demanded, each receiver's is seen to get in before. A receiver that has another one, or none that the
// source takes, would be cut off at its next reconnect.
func (b *builder) presentGuards(s topology.Server, rows []facts.RowChange) []Guard {
	if !slices.ContainsFunc(rows, func(row facts.RowChange) bool { return row.Wanted.Certificate() }) {
		return nil
	}
	var guards []Guard
	for _, l := range b.linksFrom(s.Name) {
		who := identity{}
		if len(b.wants.rows[s.Name]) > 0 {
			who, _ = b.willShow(l) // which was told when the wants were found
		}
		if b.cluster.Account.Require != topology.RequireSubject {
			who.Subject = ""
		}
		guards = append(guards, Guard{Condition: Presents{Link: l, Issuer: who.Issuer, Subject: who.Subject}})
	}
	return guards
}

// changeGuards: where TLS is required before the channels are changed, what the change will need is looked at before. A replica that could
// not be changed afterwards would be cut off at its next reconnect.
func (b *builder) changeGuards(l Link) []Guard {
	channel, _ := b.facts.Channel(l.Channel).Get()
	if channel.TLS == b.optionsOf(l, channel) {
		return nil
	}
	return []Guard{
		{Condition: LagWithin{Link: l, Max: b.cluster.Policy.MaxLag}, Patience: b.cluster.Policy.MaxLag},
		{Condition: RelayLogsSafe{Link: l}},
		{Condition: TrialWorks{Link: l}},
	}
}

// requireImpact lists the live sessions of the account: they live on, and their next login without TLS is refused.
func (b *builder) requireImpact(s topology.Server, rows []facts.RowChange) string {
	without := "TLS"
	if slices.ContainsFunc(rows, func(row facts.RowChange) bool { return row.Wanted.Certificate() }) {
		without = "the certificate that is demanded"
	}
	impact := fmt.Sprintf("%s refuses new logins of %s without %s; it has %d dump thread(s) of it", s.Name, b.cluster.Account.User, without, b.dumpThreads(s.Name))
	var live []string
	for _, session := range b.facts.Server(s.Name).Sessions.Or(nil) {
		if session.User == b.cluster.Account.User {
			live = append(live, fmt.Sprintf("connection %d from %s", session.ID, session.Host))
		}
	}
	if len(live) > 0 {
		impact += "; live sessions of it that are no replication: " + strings.Join(live, ", ")
	}
	return impact
}

func (b *builder) dumpThreads(server topology.ServerName) int {
	count := 0
	for _, thread := range b.facts.Server(server).DumpThreads.Or(nil) {
		if thread.User == b.cluster.Account.User {
			count++
		}
	}
	return count
}

// planRehearsals lets each receiver whose login is older than the requirement log in once more, canary first, as a rehearsal of
// the next network blip. If that fails the requirement is taken back.
func (b *builder) planRehearsals() {
	before := b.beforeRehearsals()
	canaries := 0
	for _, l := range b.links {
		if b.isLeft(l) || !b.needsRehearsal(l) {
			continue
		}
		step := b.rehearsal(l)
		step.Needs = append(step.Needs, before...)
		b.add(step)
		if canaries++; canaries <= b.cluster.Policy.Canary {
			before = []string{step.ID} // which needed all that the next one needs
		}
	}
}

// beforeRehearsals are all requirements and all changes. A requirement that comes last needs the changes itself.
func (b *builder) beforeRehearsals() []string {
	requirements := b.stepIDs("require")
	if len(requirements) > 0 && b.cluster.Policy.Enforce == topology.EnforceLast {
		return requirements
	}
	return append(requirements, b.stepIDs("change")...)
}

// needsRehearsal: every login is older than a requirement of this plan, but for those of channels that change after it. After an
// interrupted run the journal tells.
func (b *builder) needsRehearsal(l Link) bool {
	if !b.threads[l.Channel].Receiver {
		return false
	}
	if b.requiredBy(l.Source) != "" {
		return b.cluster.Policy.Enforce == topology.EnforceLast || !b.logsInAnew(l)
	}
	if b.logsInAnew(l) {
		return false
	}
	_, dated := b.facts.Marks.Requirements[l.Source]
	thread := l.DumpThread(b.facts)
	return dated && enforced(b.facts, l, thread).Fails() || sinceRaised(b.facts, l, thread).Fails()
}

// logsInAnew says that the channel's own step is sure to start its receiver: one that only starts it finds nothing to do where a step
// before it did.
func (b *builder) logsInAnew(l Link) bool {
	step, ok := b.step(channelStepID("change", l.Channel))
	if !ok || b.moved[l.Channel] || step.Goal.Holds(b.facts).Holds() {
		return false
	}
	started := len(b.switching(l.Channel)) > 0 || b.has(channelStepID("wake", l.Channel)) || b.has(channelStepID("resume", l.Channel))
	return slices.ContainsFunc(step.Actions, func(a Action) bool {
		_, changes := a.(ChangeTLS)
		start, starts := a.(StartThreads)
		return changes || starts && start.Threads.Receiver && !started
	})
}

// requirement is the action of this plan that makes the server require TLS, if there is one.
func (b *builder) requirement(server topology.ServerName) (Require, bool) {
	if own, ok := b.requires[server]; ok {
		return own, true
	}
	if replicated := b.requires[b.cluster.Primary().Name]; replicated.Binlog {
		return replicated, true
	}
	return Require{}, false
}

// requiredBy is the step of that action.
func (b *builder) requiredBy(server topology.ServerName) string {
	if require, ok := b.requirement(server); ok {
		return stepID("require", require.Server)
	}
	return ""
}

func (b *builder) rehearsal(l Link) Step {
	receiver := facts.Threads{Receiver: true}
	again := []Action{StopThreads{Channel: l.Channel, Threads: receiver}, StartThreads{Channel: l.Channel, Threads: receiver}}
	return Step{
		ID: channelStepID("rehearse", l.Channel), Target: l.Channel.Server, Title: fmt.Sprintf("rehearse a reconnect of %s", l.Channel),
		Reason: "its receiver logged in before TLS was required; the next network blip must not be the first try",
		Impact: joined(reconnectImpact(l.Channel), "its applier goes on"),
		Needs: slices.Concat([]string{b.requiredBy(l.Source)}, b.switching(l.Channel),
			[]string{stepID("serve", l.Source), channelStepID("wake", l.Channel), channelStepID("resume", l.Channel)}),
		Goal: Rehearsed{l}, Deadline: threadDeadline,
		Guards:  []Guard{{Condition: b.required(l.Source, false)}, {Condition: Encrypted{Link: l}}},
		Actions: again,
		Undo:    Undo{Reason: "nothing is changed"},
		Rescue:  append(b.requirementBack(l.Source), again...),
		Rescued: Attached{l},
		Found:   b.threadsOf(l.Channel),
	}
}

// requirementBack puts the rows back to what they demanded before this plan raised them or, as the journal tells, before an interrupted run
// did. What a row demanded before is demanded again, no less.
func (b *builder) requirementBack(source topology.ServerName) []Action {
	var back []Action
	planned, ok := b.requirement(source)
	if ok {
		back = append(back, b.furtherBack(planned.back()))
	}
	left := Require{Server: source, User: b.cluster.Account.User}
	for _, row := range b.facts.Server(source).Accounts.Or(nil) {
		former, raised := b.raisedFrom(source, row.Host)
		if raised && row.Require.Meets(former) && !former.Same(row.Require) && !slices.Contains(planned.Hosts(), row.Host) {
			left.Rows = append(left.Rows, facts.RowChange{Host: row.Host, Former: bare(row.Require), Wanted: bare(former)})
		}
	}
	if len(left.Rows) > 0 {
		back = append(back, left)
	}
	return back
}

// furtherBack goes back to before an interrupted run, whose requirement no login may have met.
func (b *builder) furtherBack(back Require) Require {
	for i, row := range back.Rows {
		if former, raised := b.raisedFrom(back.Server, row.Host); raised && row.Wanted.Meets(former) {
			back.Rows[i].Wanted = bare(former)
		}
	}
	return back
}

// raisedFrom is what a row demanded before an interrupted run raised it, as long as not every receiver has logged in since.
func (b *builder) raisedFrom(source topology.ServerName, host string) (former facts.Requirement, raised bool) {
	former, raised = b.facts.Marks.Raised[source].Former[host]
	unmet := func(l Link) bool { return !sinceRaised(b.facts, l, l.DumpThread(b.facts)).Holds() }
	links := b.linksFrom(source)
	return former, raised && (len(links) == 0 || slices.ContainsFunc(links, unmet))
}
