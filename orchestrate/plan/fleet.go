package plan

import (
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planFleet bounds how many replicas are disturbed at a time, and lets them go in waves.
func (b *builder) planFleet() {
	for i := range b.plan.Steps {
		b.plan.Steps[i].Pauses = b.pausedBy(b.plan.Steps[i])
	}
	b.plan.Failures = b.cluster.Policy.Failures
	b.plan.Limits = b.limits()
	for _, kind := range []string{"files", "change", "rehearse"} {
		b.planWaves(kind)
	}
}

// pausedBy are the channels of the inventory that have a thread paused by a step, and those whose source it restarts.
func (b *builder) pausedBy(step Step) []facts.ChannelID {
	paused := b.stoppedBy(Step{Actions: step.Actions})
	for _, action := range step.Actions {
		if restart, is := action.(Restart); is {
			paused = append(paused, b.fromServer(b.server(restart.Server))...)
		}
	}
	slices.SortFunc(paused, compareChannels)
	return slices.Compact(paused)
}

func compareChannels(x, y facts.ChannelID) int {
	if x.Server != y.Server {
		return compareNames(x.Server, y.Server)
	}
	return compareNames(x.Name, y.Name)
}

func compareNames[S ~string](x, y S) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// limits: not all replicas of a source at once, where there are several; enough of those that acknowledge its commits; and no more of all than the
// policy allows.
func (b *builder) limits() []Limit {
	var limits []Limit
	for _, s := range b.cluster.Sources() {
		if channels := b.fromServer(s); len(channels) > 1 {
			limits = append(limits, Limit{Channels: channels, Most: len(channels) - 1})
		}
		if channels := b.acknowledgers(s.Name); len(channels) > 1 {
			semi := b.facts.Server(s.Name).SemiSync.Or(facts.SemiSync{})
			limits = append(limits, Limit{Channels: channels, Most: max(1, semi.Clients-semi.Needs)})
		}
	}
	if most := b.cluster.Policy.Unavailable; most > 0 {
		all := make([]facts.ChannelID, len(b.links))
		for i, l := range b.links {
			all[i] = l.Channel
		}
		limits = append(limits, Limit{Channels: all, Most: most})
	}
	return limits
}

func (b *builder) acknowledgers(source topology.ServerName) []facts.ChannelID {
	var channels []facts.ChannelID
	for _, l := range b.linksFrom(source) {
		if b.acknowledging(l) {
			channels = append(channels, l.Channel)
		}
	}
	return channels
}

// planWaves lets the steps of a kind that pause replicas go one after the other as long as they are canaries, then in waves, each replica only while it
// is not too far behind. The others go only while the last canary is well. The plan's order is one in which every step stands behind those that it
// needs, so that to need an earlier one makes no circle.
func (b *builder) planWaves(kind string) {
	var wave, before []string
	var healthy []Guard
	size := b.cluster.Policy.Parallel
	if most := b.cluster.Policy.Unavailable; most > 0 {
		size = min(size, most)
	}
	canaries := 0
	for i := range b.plan.Steps {
		step := &b.plan.Steps[i]
		if stepKind(step.ID) != kind || len(step.Pauses) == 0 {
			continue
		}
		step.Guards = append(slices.Clone(step.Guards), b.lagGates(*step)...)
		step.Needs = withAll(step.Needs, before)
		if len(before) > 0 {
			step.Rest = b.cluster.Policy.Pause
		}
		if kind == "files" {
			step.Guards = append(step.Guards, healthy...)
		}
		switch {
		case canaries < b.cluster.Policy.Canary:
			canaries++
			before, healthy = []string{step.ID}, []Guard{{Condition: step.Goal}}
		case b.cluster.Policy.Pause > 0:
			if wave = append(wave, step.ID); len(wave) == size {
				before, wave = wave, nil
			}
		}
	}
}

func withAll(needs, more []string) []string {
	needs = slices.Clone(needs)
	for _, id := range more {
		if !slices.Contains(needs, id) {
			needs = append(needs, id)
		}
	}
	return needs
}

// lagGates let no replica be paused that is too far behind already; one that is delayed is that far behind on purpose.
func (b *builder) lagGates(step Step) []Guard {
	var guards []Guard
	for _, l := range b.links {
		if !slices.Contains(step.Pauses, l.Channel) || slices.ContainsFunc(step.Guards, func(g Guard) bool { within, is := g.Condition.(LagWithin); return is && within.Link == l }) {
			continue
		}
		channel, _ := b.facts.Channel(l.Channel).Get()
		guards = append(guards, Guard{Condition: LagWithin{Link: l, Max: b.cluster.Policy.MaxLag + channel.Delay}, Patience: b.cluster.Policy.MaxLag})
	}
	return guards
}
