package plan

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

// Next says which steps may begin now, in the plan's order and as many as may run at a time. It is a pure function of the plan and
// the statuses.
func (p Plan) Next(status map[string]Status) []Step {
	room := p.Parallel
	for _, s := range p.Steps {
		if status[s.ID] == Underway {
			room--
		}
	}
	var ready []Step
	for _, s := range p.Steps {
		if len(ready) >= room {
			break
		}
		if status[s.ID] == Pending && needsAre(s, status, Done) {
			ready = append(ready, s)
		}
	}
	return ready
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
