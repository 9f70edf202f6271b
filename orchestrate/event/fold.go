package event

import (
	"maps"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Ledger reads what the next step, or the next run, must know from all events so far, oldest first: the thread states that
// unfinished steps found, and the sessions that set the requirement.
//
// A state is kept from the first step that found it until that step is done, or taken back, or a run ends well. The first
// finding counts: what a later step finds may be what an interrupted one left.
type Ledger struct {
	threads      map[facts.ChannelID]found
	requirements map[topology.ServerName]facts.RequirementMark
}

type found struct {
	step    string
	threads facts.Threads
}

// NewLedger has read the records.
func NewLedger(records []Record) *Ledger {
	l := &Ledger{threads: map[facts.ChannelID]found{}, requirements: map[topology.ServerName]facts.RequirementMark{}}
	for _, r := range records {
		l.Read(r.Event)
	}
	return l
}

// Marks are what the ledger has to tell now.
func (l *Ledger) Marks() facts.Marks {
	threads := make(map[facts.ChannelID]facts.Threads, len(l.threads))
	for id, f := range l.threads {
		threads[id] = f.threads
	}
	return facts.Marks{Threads: threads, Requirements: maps.Clone(l.requirements)}
}

// Read takes one more event in.
func (l *Ledger) Read(e Event) {
	switch e := e.(type) {
	case ThreadsFound:
		id := facts.ChannelID{Server: e.Server, Name: e.Channel}
		if _, earlier := l.threads[id]; !earlier {
			l.threads[id] = found{e.Step, facts.Threads{Receiver: e.Receiver, Applier: e.Applier}}
		}
	case RequirementDated:
		l.requirements[e.Server] = facts.RequirementMark{Connection: e.Connection, Start: e.Start}
	case RequirementLifted:
		delete(l.requirements, e.Server)
	case StepDone:
		l.forget(e.Step)
	case StepFailed:
		if e.Rescued == TakenBack {
			l.forget(e.Step)
		}
	case RunEnded:
		if e.Outcome == Succeeded {
			clear(l.threads)
		}
	case RunBegan, StepBegan, StepHeld, ActionIntended, ActionDone, ActionFailed, Statement, StepSkipped, Stopping:
	}
}

func (l *Ledger) forget(step string) {
	maps.DeleteFunc(l.threads, func(_ facts.ChannelID, f found) bool { return f.step == step })
}
