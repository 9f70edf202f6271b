package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

// planChannels changes each replica's channel: the canaries one after the other, then the rest, each only while the last canary is well.
func (b *builder) planChannels(needs []string) {
	var before []string
	var healthy []Guard
	canaries := 0
	for _, l := range b.links {
		step, pending := b.channelStep(l)
		if !pending || b.isLeft(l) {
			continue
		}
		step.Needs = append(append(step.Needs, needs...), before...)
		step.Guards = append(step.Guards, healthy...)
		b.add(step)
		if canaries++; canaries <= b.cluster.Policy.Canary {
			before, healthy = []string{step.ID}, []Guard{{Condition: step.Goal}}
		}
	}
}

// channelStep changes a channel, or puts its threads back, or lets it connect again: whatever of that is missing.
func (b *builder) channelStep(l Link) (Step, bool) {
	channel, _ := b.facts.Channel(l.Channel).Get()
	goal := b.secured(l, channel)
	verdict := goal.Holds(b.facts)
	channel.TLS = b.optionsAfter(l) // a way back must not lead behind what its source serves by then
	if verdict.Holds() && !b.disturbed(l) {
		return Step{}, false
	}
	if b.moved[l.Channel] && b.shown(goal) {
		return Step{}, false // the step of its source is done when this goal holds
	}
	step := Step{
		ID: channelStepID("change", l.Channel), Target: l.Channel.Server,
		Reason: verdict.Why(),
		Needs:  channelNeeds(l),
		Goal:   goal, Deadline: threadDeadline,
		Found: b.threadsOf(l.Channel),
	}
	switch {
	case channel.TLS != goal.Options:
		b.checkChangeable(goal, channel)
		b.change(&step, goal, channel)
	case channel.Receiver.Runs() && channel.Receiver != facts.Yes, // its applier is started with it
		goal.Threads.Receiver && !b.shown(goal) && b.dated(l.Source) && !Prove(b.facts, l).Encrypted():
		reconnect(&step, goal)
	case (verdict.Holds() || b.moved[l.Channel]) && goal.Threads.Receiver: // the steps before this one disturb it: it is looked at again after them
		reconnect(&step, goal)
		step.Title = fmt.Sprintf("see that channel %s is as it was, or let its receiver connect again", l.Channel)
		step.Reason = "certificates that it rests on change"
		step.Impact = reconnectImpact(l.Channel) + ", if it is not connected by then"
	case channel.Threads() != goal.Threads:
		restoreThreads(&step, goal, channel, b.disturbed(l))
	default: // it runs with the right options; the steps before this one are all that is missing
		return b.unprovable(l, verdict)
	}
	return step, true
}

// dated says that it is known since when the source requires TLS by the time a channel's step begins: a login after that is proven.
func (b *builder) dated(source topology.ServerName) bool {
	if b.requiredBy(source) != "" {
		return b.cluster.Policy.Enforce == topology.EnforceFirst
	}
	_, marked := b.facts.Marks.Requirements[source]
	return marked && !slices.ContainsFunc(b.facts.Server(source).Accounts.Or(nil), func(row facts.AccountRow) bool { return !row.Require.TLS() })
}

func channelNeeds(l Link) []string {
	return []string{
		stepID("files", l.Channel.Server), stepID("serve", l.Source), stepID("serve", l.Channel.Server),
		channelStepID("wake", l.Channel), channelStepID("resume", l.Channel),
	}
}

// disturbed says that an earlier step of this plan touches what the channel's goal rests on.
func (b *builder) disturbed(l Link) bool {
	for _, id := range []string{stepID("files", l.Channel.Server), stepID("serve", l.Source)} {
		if b.has(id) {
			return true
		}
	}
	return false
}

// unprovable: the channel runs with the right options. Either it is proven, and nothing is left to do, or it could only be proven
// by the age of the requirement, which no journal here tells.
func (b *builder) unprovable(l Link, verdict Verdict) (Step, bool) {
	if !verdict.Holds() {
		b.warnOf(l.Channel.Server, "%s; run with the journal of the run that required TLS (--journal DIR), or set tls.verify: identity in the inventory", verdict.Why())
	}
	return Step{}, false
}

func (b *builder) optionsOf(l Link, channel facts.Channel) facts.TLSOptions {
	s := b.server(l.Channel.Server)
	return facts.TLSOptions{
		Enabled: true, CA: currentFile(s, "ca.pem"), Cert: currentFile(s, "cert.pem"), Key: currentFile(s, "key.pem"),
		Cipher: channel.TLS.Cipher, CRL: cmp.Or(b.crlOf(s), channel.TLS.CRL), CRLPath: channel.TLS.CRLPath, // somebody's choice, which is kept
		VerifyIdentity: b.cluster.TLS.Verify == topology.VerifyIdentity,
	}
}

func (b *builder) change(step *Step, goal Secured, channel facts.Channel) {
	l := goal.Link
	step.Title = fmt.Sprintf("change channel %s to TLS", l.Channel)
	step.Impact = joined(b.changeImpact(l, channel), stopsImpact(goal, channel), startsImpact(goal, channel))
	step.Guards = b.channelGuards(goal, channel)
	c := b.changeOf(goal, channel)
	step.Actions = c.there
	step.Rescue = slices.Concat(b.lift(l.Source), c.back)
	step.Undo = Undo{Actions: step.Rescue}
	step.Rescued = c.seenBack
}

// channelChange is a change of a channel's options, and the way back.
type channelChange struct {
	there, back []Action
	seenBack    Condition
}

func (b *builder) changeOf(goal Secured, channel facts.Channel) channelChange {
	id := goal.Link.Channel
	stop, start := b.around(goal, channel)
	return channelChange{
		there:    []Action{stop, ChangeTLS{Channel: id, Options: goal.Options, Heartbeat: channel.Heartbeat}, start},
		back:     []Action{stop, ChangeTLS{Channel: id, Options: channel.TLS, Heartbeat: channel.Heartbeat}, start},
		seenBack: Former{Link: goal.Link, Options: channel.TLS, Threads: goal.Threads, Apart: channel.Receiver != facts.Yes},
	}
}

// backWith is the way back beside that of the source. Where the source cannot show its former certificate again, with which alone the former
// options can connect, the channel keeps what it has, and runs.
func (c channelChange) backWith(source formerServer) []Action {
	if source.returns() {
		return c.back
	}
	return c.there[len(c.there)-1:]
}

// around are the stop and the start of a change: of both threads where the server demands it, else of the receiver alone, so that the applier
// goes on with what is there.
func (b *builder) around(goal Secured, channel facts.Channel) (StopThreads, StartThreads) {
	id := goal.Link.Channel
	both := facts.Threads{Receiver: true, Applier: true}
	stop, start := StopThreads{Channel: id, Threads: both}, StartThreads{Channel: id, Threads: goal.Threads}
	if !b.dialect(id.Server).ChangeNeedsBothStopped() {
		stop.Threads.Applier = false
		start.Threads.Applier = goal.Threads.Applier && !channel.Applier.Runs()
	}
	return stop, start
}

// purges says that a change of the channel deletes its relay logs. Where the receiver alone is stopped for it they stay, but only as long as
// the applier runs (tried on MySQL 5.7.22, 8.0.33 and 9.7).
func (b *builder) purges(l Link, channel facts.Channel) bool {
	return b.dialect(l.Channel.Server).PurgesRelayLogs() || !channel.Applier.Runs()
}

func (b *builder) changeImpact(l Link, channel facts.Channel) string {
	switch {
	case !b.purges(l, channel):
	case !channel.Applier.Runs():
		return fmt.Sprintf("the receiver of %s pauses for a moment; its applier is stopped, so that relay logs are deleted, and what is not applied yet is fetched again", l.Channel)
	default:
		return fmt.Sprintf("receiver and applier of %s pause for a moment; relay logs that are not applied yet are fetched again", l.Channel)
	}
	return fmt.Sprintf("the receiver of %s pauses for a moment; its applier goes on, and relay logs stay", l.Channel)
}

// channelGuards: how far a replica is behind matters only where its relay logs do not stay.
func (b *builder) channelGuards(goal Secured, channel facts.Channel) []Guard {
	l := goal.Link
	planned := AsPlanned{Link: l, Threads: channel.Threads(), Wanted: goal.Threads, AppliesOn: !b.purges(l, channel)}
	guards := []Guard{{Condition: planned}}
	if b.purges(l, channel) {
		guards = append(guards,
			Guard{Condition: LagWithin{Link: l, Max: b.cluster.Policy.MaxLag}, Patience: b.cluster.Policy.MaxLag},
			Guard{Condition: RelayLogsSafe{Link: l}})
	}
	return append(guards, Guard{Condition: TrialWorks{Link: l}})
}

// lift takes the requirement back before the former settings, where the policy sets it before the change: they could not log in.
func (b *builder) lift(source topology.ServerName) []Action {
	if b.cluster.Policy.Enforce != topology.EnforceFirst || !b.dated(source) {
		return nil
	}
	return b.requirementBack(source)
}

func (b *builder) checkChangeable(goal Secured, channel facts.Channel) {
	l := goal.Link
	server, d := b.facts.Server(l.Channel.Server), b.dialect(l.Channel.Server)
	_, unnameable := d.StopThreads(l.Channel.Name, facts.Threads{Receiver: true})
	switch {
	case unnameable != nil:
		b.block(l.Channel.Server, "give it another name, by hand", "no statement can name it: %v", unnameable)
	case channel.Delay > 0 && b.purges(l, channel):
		b.block(l.Channel.Server, noDelay(b.facts, l.Channel),
			"channel %s is delayed by %s: changing it purges the relay logs that wait", l.Channel, plain.Duration(channel.Delay))
	case channel.Until && channel.Applier.Runs() && d.ChangeNeedsBothStopped():
		b.block(l.Channel.Server, noUntil(b.facts, l.Channel), "channel %s waits for an UNTIL condition, which a restart of its threads would lose", l.Channel)
	case !server.Password.IsKnown():
		b.block(l.Channel.Server, cmp.Or(server.Password.Hint(), "set account.password_file in the inventory to a file with the password"),
			"the password of %s cannot be had, so that no trial login can be made: %s", l.User, whyNot(server.Password))
	case !b.provable(goal):
		b.block(l.Channel.Server, b.toProve(l),
			"channel %s could not be proven before TLS is required: its options would not refuse plaintext, and %s does not show how its sessions are carried", l.Channel, l.Source)
	}
}

// toProve is what makes a channel provable, of what its replica and its source can do.
func (b *builder) toProve(l Link) string {
	settings := []string{"policy.enforce: first"}
	if ok, _ := b.dialect(l.Channel.Server).RefusesPlaintext(facts.TLSOptions{Enabled: true, CA: "/", VerifyIdentity: true}); ok {
		settings = append([]string{"tls.verify: identity"}, settings...)
	}
	hint := "set " + strings.Join(settings, " or ") + " in the inventory"
	if b.dialect(l.Source).ShowsTransports(facts.Instance{PerfSchema: true}) {
		hint += fmt.Sprintf(", or performance_schema=ON on %s", l.Source)
	}
	return hint
}

func whyNot[T any](v facts.Value[T]) string {
	if v.IsAbsent() {
		return "there is none"
	}
	return v.Why()
}

// provable says that the goal's proof can be had at the time when the policy asks for it.
func (b *builder) provable(goal Secured) bool { return b.shown(goal) || b.dated(goal.Link.Source) }

// shown says that the goal's proof does not rest on the age of the requirement.
func (b *builder) shown(goal Secured) bool {
	if b.dialect(goal.Link.Source).ShowsTransports(b.facts.Server(goal.Link.Source).Instance.Or(facts.Instance{})) {
		return true
	}
	return goal.Demands
}

func (b *builder) secured(l Link, channel facts.Channel) Secured {
	goal := Secured{Link: l, Options: b.optionsOf(l, channel), Threads: b.threads[l.Channel]}
	goal.Demands, _ = b.dialect(l.Channel.Server).RefusesPlaintext(goal.Options)
	return goal
}

// stopsImpact tells of a thread that runs and is stopped for good, since an interrupted run found it stopped.
func stopsImpact(goal Secured, channel facts.Channel) string {
	if !channel.Applier.Runs() || goal.Threads.Applier {
		return ""
	}
	return fmt.Sprintf("the applier of %s, which runs, stays stopped: an interrupted run found it so", goal.Link.Channel)
}

// startsImpact tells of a receiver that does not run, since it could not connect, and is started.
func startsImpact(goal Secured, channel facts.Channel) string {
	if channel.GaveUp == 0 || !goal.Threads.Receiver {
		return ""
	}
	return fmt.Sprintf("the receiver of %s, which has given up after %d tries%s, is started again", goal.Link.Channel, channel.GaveUp, errorOf(channel.ReceiverError))
}

// restoreThreads starts and stops what an interrupted run left. Where steps before this one may have started the receiver, to no avail, it is
// stopped first: else it would wait for its Connect_Retry.
func restoreThreads(step *Step, goal Secured, channel facts.Channel, disturbed bool) {
	l := goal.Link
	missing := facts.Threads{
		Receiver: goal.Threads.Receiver && !channel.Receiver.Runs(),
		Applier:  goal.Threads.Applier && !channel.Applier.Runs(),
	}
	surplus := facts.Threads{
		Receiver: !goal.Threads.Receiver && channel.Receiver.Runs(),
		Applier:  !goal.Threads.Applier && channel.Applier.Runs(),
	}
	var titles []string
	if surplus != (facts.Threads{}) {
		step.Actions = append(step.Actions, StopThreads{Channel: l.Channel, Threads: surplus})
		titles = append(titles, "stop the "+threadNames(surplus))
		step.Impact = fmt.Sprintf("the %s of %s, which runs, is stopped: an interrupted run found it so", threadNames(surplus), l.Channel)
	}
	if missing.Receiver && disturbed {
		step.Actions = append(step.Actions, StopThreads{Channel: l.Channel, Threads: facts.Threads{Receiver: true}})
	}
	if missing != (facts.Threads{}) {
		step.Actions = append(step.Actions, StartThreads{Channel: l.Channel, Threads: missing})
		titles = append(titles, "start the "+threadNames(missing))
	}
	step.Title = fmt.Sprintf("%s of %s again", strings.Join(titles, " and "), l.Channel)
	step.Reason = "an interrupted run left it so"
	if channel.GaveUp > 0 {
		step.Reason = fmt.Sprintf("the receiver has given up after %d tries%s", channel.GaveUp, errorOf(channel.ReceiverError))
		step.Impact = joined(step.Impact, startsImpact(goal, channel))
	}
	step.Guards = []Guard{{Condition: AsPlanned{Link: l, Threads: channel.Threads(), Wanted: goal.Threads}}}
	if channel.GaveUp > 0 {
		step.Guards = append(step.Guards, Guard{Condition: TrialWorks{Link: l}})
	}
	step.Undo = Undo{Reason: "nothing is changed"}
}

func reconnect(step *Step, goal Secured) {
	l := goal.Link
	step.Title = fmt.Sprintf("let the receiver of %s connect again", l.Channel)
	step.Guards = []Guard{{Condition: TrialWorks{Link: l}}}
	step.Impact = reconnectImpact(l.Channel)
	step.Actions = wake(l.Channel, goal.Threads)
	step.Undo = Undo{Reason: "nothing is changed"}
}

// reconnectImpact is what is noticed of receivers that are stopped and started.
func reconnectImpact(channels ...facts.ChannelID) string {
	names := make([]string, len(channels))
	for i, id := range channels {
		names[i] = id.String()
	}
	return fmt.Sprintf("the receiver of %s reconnects once", strings.Join(names, " and "))
}
