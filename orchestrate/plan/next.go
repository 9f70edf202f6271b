package plan

import (
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Status is how far a step of a run has come.
type Status uint8

// The statuses.
const (
	Pending Status = iota
	Underway
	Done
	Failed
	Skipped // not begun, since a step that it needs did not get done
)

// Next says which steps may begin now, in the plan's order, as many as may run at a time and as the limits allow. It is a pure function of the
// plan and the statuses.
func (p Plan) Next(status map[string]Status) []Step {
	room := p.Parallel
	var busy []Step
	for _, s := range p.Steps {
		if status[s.ID] == Underway {
			room--
			busy = append(busy, s)
		}
	}
	var ready []Step
	for _, s := range p.Steps {
		if len(ready) >= room {
			break
		}
		if status[s.ID] == Pending && needsAre(s, status, Done) && p.withinLimits(s, busy) {
			ready, busy = append(ready, s), append(busy, s)
		}
	}
	return ready
}

// Limit bounds how many of some channels may have a thread paused at a time.
type Limit struct {
	Channels []facts.ChannelID
	Most     int
}

// withinLimits says that a step may begin beside those. One that pauses more than a limit allows by itself, as a restart does, goes alone. An urgent
// one, which puts back what is paused, waits for nobody.
func (p Plan) withinLimits(step Step, busy []Step) bool {
	if step.Urgent {
		return true
	}
	for _, limit := range p.Limits {
		mine := limit.pausedBy(step)
		others := 0
		for _, s := range busy {
			others += limit.pausedBy(s)
		}
		if mine > 0 && others > 0 && mine+others > limit.Most {
			return false
		}
	}
	return true
}

func (l Limit) pausedBy(step Step) int {
	count := 0
	for _, id := range step.Pauses {
		if slices.Contains(l.Channels, id) {
			count++
		}
	}
	return count
}

// Doomed are the pending steps that can never begin, since a step that they need failed or was skipped.
func (p Plan) Doomed(status map[string]Status) []Step {
	doomed := map[string]bool{}
	var steps []Step
	for _, s := range p.Steps {
		if status[s.ID] != Pending {
			continue
		}
		for _, need := range s.Needs {
			if status[need] == Failed || status[need] == Skipped || doomed[need] {
				doomed[s.ID] = true
			}
		}
		if doomed[s.ID] {
			steps = append(steps, s)
		}
	}
	return steps
}

func needsAre(s Step, status map[string]Status, want Status) bool {
	for _, need := range s.Needs {
		if status[need] != want {
			return false
		}
	}
	return true
}
