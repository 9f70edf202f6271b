package event

import (
	"maps"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Marks reads what the next run must know from the events of all earlier runs, oldest first: the thread states that unfinished
// steps found, and the sessions that set the requirement.
//
// A state is kept from the first step that found it until the step is done, or taken back, or a later run ends well. The first
// finding counts: what a later step finds may be what an interrupted one left.
func Marks(records []Record) facts.Marks {
	m := marks{threads: map[facts.ChannelID]found{}, requirements: map[topology.ServerName]facts.RequirementMark{}}
	for _, r := range records {
		m.read(r.Event)
	}
	result := facts.Marks{Threads: map[facts.ChannelID]facts.Threads{}, Requirements: m.requirements}
	for id, f := range m.threads {
		result.Threads[id] = f.threads
	}
	return result
}

type found struct {
	step    string
	threads facts.Threads
}

type marks struct {
	threads      map[facts.ChannelID]found
	requirements map[topology.ServerName]facts.RequirementMark
}

func (m *marks) read(e Event) {
	switch e := e.(type) {
	case ThreadsFound:
		id := facts.ChannelID{Server: e.Server, Name: e.Channel}
		if _, earlier := m.threads[id]; !earlier {
			m.threads[id] = found{e.Step, facts.Threads{Receiver: e.Receiver, Applier: e.Applier}}
		}
	case RequirementDated:
		m.requirements[e.Server] = facts.RequirementMark{Connection: e.Connection, Start: e.Start}
	case StepDone:
		m.forget(e.Step)
	case StepFailed:
		if e.Rescued == TakenBack {
			m.forget(e.Step)
		}
	case RunEnded:
		if e.Outcome == Succeeded {
			clear(m.threads)
		}
	case RunBegan, StepBegan, StepHeld, ActionIntended, ActionDone, ActionFailed, Statement, StepSkipped, Stopping:
	}
}

func (m *marks) forget(step string) {
	maps.DeleteFunc(m.threads, func(_ facts.ChannelID, f found) bool { return f.step == step })
}
