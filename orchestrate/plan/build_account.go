package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planRequirements makes every row of the account require TLS: once, through the binary log, where every replica has every row
// and would apply the statement; else on each server by itself, since a statement for a missing row stops an applier (error 1396).
func (b *builder) planRequirements(needs []string) {
	primary := b.cluster.Primary()
	rows := b.openRows(primary.Name)
	if len(rows) > 0 && b.replicates() {
		b.add(b.requireStep(primary, rows, true, needs))
		return
	}
	for _, s := range b.cluster.Servers {
		if rows := b.openRows(s.Name); len(rows) > 0 {
			b.add(b.requireStep(s, rows, false, needs))
		}
	}
}

func (b *builder) openRows(server topology.ServerName) []string {
	return openHosts(b.facts.Server(server).Accounts.Or(nil))
}

// replicates says that the statement can go through the binary log. Where a replica is itself a source, its own session has to set the
// requirement: the logins to it are dated by nothing else. And what an interrupted run stopped may not run when its turn comes.
func (b *builder) replicates() bool {
	for _, l := range b.links {
		if l.Source != b.cluster.Primary().Name || !b.threads[l.Channel].Applier {
			return false
		}
	}
	return b.arrives().Holds(b.facts).Holds()
}

func (b *builder) arrives() Arrives {
	primary := b.cluster.Primary().Name
	return Arrives{Server: primary, Hosts: b.openRows(primary), Links: b.links}
}

func (b *builder) requireStep(s topology.Server, hosts []string, binlog bool, needs []string) Step {
	user := b.cluster.Account.User
	require := Require{Server: s.Name, User: user, Hosts: hosts, Kind: facts.RequireSSL, Binlog: binlog}
	back := require
	back.Kind = facts.RequireNone
	step := Step{
		ID: stepID("require", s.Name), Target: s.Name, Title: fmt.Sprintf("require TLS of %s on %s", rowNames(user, hosts), s.Name),
		Needs: append(b.requireNeeds(), needs...),
		Goal:  b.requireGoal(s, binlog), Deadline: threadDeadline,
		Guards:  b.requireGuards(s, binlog),
		Actions: []Action{require},
		Undo:    Undo{Actions: []Action{back}},
		Impact:  b.requireImpact(s),
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
	own := RequiresTLS{Server: s.Name, User: b.cluster.Account.User, Optional: len(b.linksFrom(s.Name)) == 0}
	if !binlog {
		return own
	}
	goals := []Condition{own}
	for _, l := range b.links {
		goals = append(goals, RequiresTLS{Server: l.Channel.Server, User: b.cluster.Account.User, Optional: true}, Running{l})
	}
	return All(goals...)
}

// requireGuards: nobody unnamed is cut off and, where TLS is required last, no channel of the account is unproven.
func (b *builder) requireGuards(s topology.Server, binlog bool) []Guard {
	var guards []Guard
	if binlog {
		guards = append(guards, Guard{Condition: b.arrives()})
	}
	if len(b.linksFrom(s.Name)) > 0 {
		guards = append(guards, Guard{Condition: b.noStrangers(s.Name)})
	}
	for _, l := range b.links {
		switch b.cluster.Policy.Enforce {
		case topology.EnforceLast:
			guards = append(guards, Guard{Condition: Encrypted{Link: l}})
		case topology.EnforceFirst:
			guards = append(guards, b.changeGuards(l)...)
		}
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
func (b *builder) requireImpact(s topology.Server) string {
	impact := fmt.Sprintf("%s refuses new logins of %s without TLS; it has %d dump thread(s) of it", s.Name, b.cluster.Account.User, b.dumpThreads(s.Name))
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
		if !b.needsRehearsal(l) {
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
	_, dated := b.facts.Marks.Requirements[l.Source]
	return dated && !b.logsInAnew(l) && enforced(b.facts, l, l.DumpThread(b.facts)).Fails()
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

// requiredBy is the step of this plan that makes the server require TLS, if there is one.
func (b *builder) requiredBy(server topology.ServerName) string {
	if id := stepID("require", server); b.has(id) {
		return id
	}
	step, ok := b.step(stepID("require", b.cluster.Primary().Name))
	if ok && step.Actions[0].(Require).Binlog { //nolint:forcetypeassert // a require step has this one action
		return step.ID
	}
	return ""
}

func (b *builder) rehearsal(l Link) Step {
	receiver := facts.Threads{Receiver: true}
	again := []Action{StopThreads{Channel: l.Channel, Threads: receiver}, StartThreads{Channel: l.Channel, Threads: receiver}}
	return Step{
		ID: channelStepID("rehearse", l.Channel), Target: l.Channel.Server, Title: fmt.Sprintf("rehearse a reconnect of %s", l.Channel),
		Reason: "its receiver logged in before TLS was required; the next network blip must not be the first try",
		Impact: fmt.Sprintf("the receiver of %s reconnects once; its applier goes on", l.Channel),
		Needs: slices.Concat([]string{b.requiredBy(l.Source)}, b.switching(l.Channel),
			[]string{stepID("serve", l.Source), channelStepID("wake", l.Channel), channelStepID("resume", l.Channel)}),
		Goal: Rehearsed{l}, Deadline: threadDeadline,
		Guards:  []Guard{{Condition: RequiresTLS{Server: l.Source, User: l.User}}, {Condition: Encrypted{Link: l}}},
		Actions: again,
		Undo:    Undo{Reason: "nothing is changed"},
		Rescue:  append(b.requirementBack(l.Source), again...),
		Rescued: Attached{l},
		Found:   b.threadsOf(l.Channel),
	}
}

// requirementBack takes the requirement back as the plan set it or, after an interrupted run, from the rows that plainly require TLS.
func (b *builder) requirementBack(source topology.ServerName) []Action {
	if step, ok := b.step(b.requiredBy(source)); ok {
		return step.Undo.Actions
	}
	var hosts []string
	for _, row := range b.facts.Server(source).Accounts.Or(nil) {
		if row.Require.Kind == facts.RequireSSL {
			hosts = append(hosts, row.Host)
		}
	}
	return []Action{Require{Server: source, User: b.cluster.Account.User, Hosts: hosts, Kind: facts.RequireNone}}
}
