package plan

import (
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Options are the operator's answers to what the facts alone cannot decide.
type Options struct {
	// KeepStopped leaves an applier that is stopped as it is, instead of asking who stopped it.
	KeepStopped bool

	Renewal Renewal
	Scope   Scope

	// Succeed asks for the next phase in which another authority takes the place of the one that is there.
	Succeed bool

	// SucceedWithin begins that only where the authority ends within that time; zero: whenever it ends. What is under way goes on.
	SucceedWithin time.Duration
}

// Build makes the plan that leads from the facts to the desired state. It is a pure function: the same arguments give the same
// plan, byte for byte.
func Build(c topology.Cluster, f facts.Facts, o Options) Plan {
	b := &builder{
		basis: basis{cluster: c, facts: f, renewal: o.Renewal, succeeds: o.Succeed, succeedsWithin: o.SucceedWithin}, options: o, sets: map[topology.ServerName]int{}, threads: map[facts.ChannelID]facts.Threads{},
		moved: map[facts.ChannelID]bool{}, requires: map[topology.ServerName]Require{}, place: map[string]int{},
		plan: Plan{Cluster: c.Name, Parallel: c.Policy.Parallel, Left: leftOut(c, f, o)},
	}
	b.build()
	if b.isBlocked() {
		b.plan.Steps = nil
	}
	return b.plan
}

type builder struct {
	basis
	options Options
	plan    Plan
	place   map[string]int // of the steps in the plan, by their ids

	threads map[facts.ChannelID]facts.Threads // how the threads of a link have to run at the end
	sets    map[topology.ServerName]int       // the certificate set that a server will use
	wants   wants                             // what the rows of the account shall demand
	moved   map[facts.ChannelID]bool          // channels that change in the step of their source

	requires map[topology.ServerName]Require // the planned requirements, by the server at which they are made
}

func (b *builder) build() {
	// 1. Everything that the plan rests on was seen. What could not be looked at blocks.
	b.checkSeen()
	b.checkTwice()
	if b.isBlocked() {
		return
	}
	// 2. Each replica replicates from where the inventory says, as the account that it names, with threads that nobody stopped.
	b.findLinks()
	if b.isBlocked() {
		return
	}
	// 3. They can meet over TLS. The account exists, is not the tool's own, and nobody else uses it to read the binary log.
	b.checkTLSVersions()
	b.checkAccount()
	b.checkStrangers()
	for _, s := range b.cluster.Servers {
		b.tell(b.confinedDefects(s)...)
	}
	// 4. Certificates: each server has a set that is good for its names, from one authority.
	b.checkAuthorityLasts()
	if b.plan.Phase = b.phase(); b.succeeds && b.plan.Phase == NoPhase {
		b.plan.Phase = Phase(b.facts.Marks.Succeeding) // all of which is done
	}
	b.planCertificates()
	if b.isBlocked() {
		return
	}
	b.findWants()
	if b.isBlocked() {
		return
	}
	// 5. The servers that others replicate from serve them; receivers are woken at once after a restart.
	b.planServers()
	b.sourcesFirst()
	// 6. Channels and account, in the order of the policy.
	switch b.cluster.Policy.Enforce {
	case topology.EnforceFirst:
		b.planRequirements(nil)
		b.planChannels(b.stepIDs("require"))
	case topology.EnforceLast:
		b.planChannels(nil)
		b.planRequirements(b.stepIDs("change"))
	}
	b.planRehearsals()
	// 7. When all of that is proven, older sets go.
	b.planPrunes()
	b.planForget()
	// 8. No receiver is stopped that could not log in again, and whoever does all of that is allowed to.
	b.planFleet()
	b.checkLogins()
	b.tellWaits()
	b.checkRights()
	b.checkRenewal()
	b.warn()
}

func (b *builder) isBlocked() bool { return len(b.plan.Blocked) > 0 }

func (b *builder) block(target topology.ServerName, hint, format string, args ...any) {
	b.plan.Blocked = append(b.plan.Blocked, Blocked{Target: target, Why: fmt.Sprintf(format, args...), Hint: hint})
}

func (b *builder) warnOf(target topology.ServerName, format string, args ...any) {
	b.plan.Warnings = append(b.plan.Warnings, Warning{Target: target, Text: fmt.Sprintf(format, args...)})
}

func (b *builder) add(s Step) {
	s.Needs = b.presentOnly(withRepairs(s.Needs))
	b.place[s.ID] = len(b.plan.Steps)
	b.plan.Steps = append(b.plan.Steps, s)
}

// step finds a step that was added.
func (b *builder) step(id string) (Step, bool) {
	place, ok := b.place[id]
	if !ok {
		return Step{}, false
	}
	return b.plan.Steps[place], true
}

// presentOnly drops the needs whose steps are not in the plan, because their goals hold already.
func (b *builder) presentOnly(ids []string) []string {
	present, taken := []string{}, map[string]bool{}
	for _, id := range ids {
		if b.has(id) && !taken[id] {
			present, taken[id] = append(present, id), true
		}
	}
	return present
}

func (b *builder) has(id string) bool {
	_, ok := b.place[id]
	return ok
}

// stepIDs are the ids of the planned steps of a kind, in order.
func (b *builder) stepIDs(kind string) []string {
	var ids []string
	for _, s := range b.plan.Steps {
		if stepKind(s.ID) == kind {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (b *builder) dialect(name topology.ServerName) dialect.Dialect {
	d, err := dialectOf(b.facts, name)
	if err != nil {
		b.block(name, "", "%v", err)
	}
	return d
}
