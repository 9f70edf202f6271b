package plan

import (
	"slices"
)

// sourcesFirst lets a receiver connect with new files only when its source has read its own: what the source trusts is what it has read, not what
// stands on its host. Where the source is restarted, which waits for the files of its replicas, and where the steps of servers come in another
// order, what the ends trust was looked at for both orders: see checkTrust.
func (b *builder) sourcesFirst() {
	for _, l := range b.links {
		files, serve := stepID("files", l.Channel.Server), stepID("serve", l.Source)
		step, _ := b.step(files)
		if _, reconnects := step.Found[l.Channel]; !reconnects || !b.has(serve) || b.waitsFor(serve, files) {
			continue
		}
		step.Needs = append(slices.Clone(step.Needs), serve)
		b.plan.Steps[b.place[files]] = step
	}
	b.inOrder()
}

// waitsFor says that a step begins only after another, also by way of steps between them.
func (b *builder) waitsFor(id, other string) bool {
	step, _ := b.step(id)
	return slices.ContainsFunc(step.Needs, func(need string) bool { return need == other || b.waitsFor(need, other) })
}

// inOrder puts each step behind those that it needs, and changes the order no further.
func (b *builder) inOrder() {
	waiting := b.plan.Steps
	b.plan.Steps, b.place = nil, map[string]int{}
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(s Step) bool {
			return !slices.ContainsFunc(s.Needs, func(need string) bool { return !b.has(need) })
		})
		b.add(waiting[next])
		waiting = slices.Delete(slices.Clone(waiting), next, next+1)
	}
}
