package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

// Acknowledges holds when the receiver of the channel acknowledges what it has, as commits on its source wait for.
type Acknowledges struct{ Link Link }

func (Acknowledges) condition() {}

// Look needs the replica.
func (g Acknowledges) Look() facts.Look { return lookAt(g.Link.Channel.Server, facts.PartSemiSync) }

func (g Acknowledges) String() string {
	return fmt.Sprintf("the receiver of %s acknowledges what commits on %s wait for", g.Link.Channel, g.Link.Source)
}

// Holds judges the replica.
func (g Acknowledges) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Link.Channel.Server).SemiSync
	semi, ok := seen.Get()
	switch {
	case !ok && !seen.IsAbsent():
		return notSeen(seen, "whether the receiver of %s acknowledges", g.Link.Channel)
	case !semi.Acknowledges:
		return no("the receiver of %s does not acknowledge what commits on %s wait for", g.Link.Channel, g.Link.Source)
	}
	return yes()
}

// acknowledging says that commits on the source of a link wait for acknowledgements, which its receiver gives.
func (b *builder) acknowledging(l Link) bool {
	return b.facts.Server(l.Source).SemiSync.Or(facts.SemiSync{}).Waits && Acknowledges{l}.Holds(b.facts).Holds()
}

// tellWaits tells of commits that wait while a receiver pauses whose acknowledgement they need, and sees that it acknowledges again.
func (b *builder) tellWaits() {
	for _, s := range b.cluster.Sources() {
		semi := b.facts.Server(s.Name).SemiSync.Or(facts.SemiSync{})
		paused := b.tellPauses(s.Name, semi)
		atOnce := min(paused, b.cluster.Policy.Parallel)
		switch {
		case paused == 0:
		case semi.Clients-1 < semi.Needs:
			b.warnOf(s.Name, "commits wait for %s, which %d receivers give: they wait up to %s whenever one of these pauses",
				acknowledgements(semi.Needs), semi.Clients, plain.Duration(semi.Timeout))
		case semi.Clients-atOnce < semi.Needs:
			b.warnOf(s.Name, "commits wait for %s, which %d receivers give, and up to %d of these pause at the same time: then they wait up to %s; policy.parallel: %d in the inventory keeps enough of them",
				acknowledgements(semi.Needs), semi.Clients, atOnce, plain.Duration(semi.Timeout), semi.Clients-semi.Needs)
		}
	}
}

func acknowledgements(n int) string {
	if n == 1 {
		return "an acknowledgement"
	}
	return fmt.Sprintf("%d acknowledgements", n)
}

// tellPauses tells it with each step that pauses a receiver which acknowledges to the source, and gives how many of these receivers there are.
func (b *builder) tellPauses(source topology.ServerName, semi facts.SemiSync) int {
	paused := map[facts.ChannelID]bool{}
	for i := range b.plan.Steps {
		step := &b.plan.Steps[i]
		for _, id := range b.stoppedBy(*step) {
			l, ok := b.linkOf(id)
			if !ok || l.Source != source || !b.acknowledging(l) {
				continue
			}
			paused[id] = true
			if semi.Clients-1 < semi.Needs {
				step.Impact = joined(step.Impact, fmt.Sprintf("commits on %s wait meanwhile, up to %s: they need the acknowledgement of %s", source, plain.Duration(semi.Timeout), id))
			}
			if step.ID == channelStepID("change", id) || step.ID == channelStepID("rehearse", id) {
				step.Goal = All(step.Goal, Acknowledges{l})
			}
		}
	}
	return len(paused)
}

func (b *builder) linkOf(id facts.ChannelID) (Link, bool) {
	for _, l := range b.links {
		if l.Channel == id {
			return l, true
		}
	}
	return Link{}, false
}
