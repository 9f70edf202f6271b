package event

import (
	"maps"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Ledger reads what the next step, or the next run, must know from all events so far, oldest first: the thread states that
// unfinished steps found, and the sessions that set the requirement.
//
// A state is kept from the first step that found it until that step is done, or taken back, or a run ends well. The first
// finding counts: what a later step finds may be what an interrupted one left. So it is with what a row demanded before it was raised, which
// is kept until it demands that again, or a run ends well, and with the paths that a server read. Which set a server has read is kept until it reads one again, and
// when a renewal began, and which phase of a change of the authority, until a run ends well.
type Ledger struct {
	threads      map[facts.ChannelID]found
	requirements map[topology.ServerName]facts.RequirementMark
	raised       map[topology.ServerName]facts.Raise
	read         map[topology.ServerName]string // digests of sets
	paths        map[topology.ServerName]paths
	acting       map[topology.ServerName]string // the step that acts there, or has
	files        map[topology.ServerName]string // our option files
	starts       map[topology.ServerName]start
	succeeding   int       // the phase; 0: none is unended
	renewing     time.Time // since when; zero: no renewal is unended
	at           time.Time // of the event that is read; zero where that is not known
}

// start is what was begun with the start of a server, and by which steps.
type start struct {
	written, restarted string
	facts.StartMark
}

// paths are those from before the step that changes them.
type paths struct {
	step string
	facts.FormerPaths
}

type found struct {
	step    string
	threads facts.Threads
}

// NewLedger has read the records.
func NewLedger(records []Record) *Ledger {
	l := &Ledger{
		threads: map[facts.ChannelID]found{}, requirements: map[topology.ServerName]facts.RequirementMark{}, raised: map[topology.ServerName]facts.Raise{},
		read: map[topology.ServerName]string{}, paths: map[topology.ServerName]paths{}, acting: map[topology.ServerName]string{},
		files: map[topology.ServerName]string{}, starts: map[topology.ServerName]start{},
	}
	for _, r := range records {
		l.at = r.At
		l.Read(r.Event)
	}
	l.at = time.Time{}
	return l
}

// Marks are what the ledger has to tell now.
func (l *Ledger) Marks() facts.Marks {
	threads := make(map[facts.ChannelID]facts.Threads, len(l.threads))
	for id, f := range l.threads {
		threads[id] = f.threads
	}
	raised := make(map[topology.ServerName]facts.Raise, len(l.raised))
	for server, r := range l.raised {
		raised[server] = facts.Raise{RequirementMark: r.RequirementMark, Former: maps.Clone(r.Former)}
	}
	starts := make(map[topology.ServerName]facts.StartMark, len(l.starts))
	for server, s := range l.starts {
		s.File = l.files[server]
		starts[server] = s.StartMark
	}
	former := make(map[topology.ServerName]facts.FormerPaths, len(l.paths))
	for server, p := range l.paths {
		former[server] = p.FormerPaths
	}
	return facts.Marks{
		Threads: threads, Requirements: maps.Clone(l.requirements), Raised: raised, Read: maps.Clone(l.read), Paths: former, Starts: starts,
		Renewing: l.renewing, Succeeding: l.succeeding,
	}
}

// Read takes one more event in.
func (l *Ledger) Read(e Event) {
	switch e := e.(type) {
	case RunBegan:
		if e.Work == RenewLeaves && l.renewing.IsZero() {
			l.renewing = l.at
		}
		if e.Work == Succeed {
			l.succeeding = e.Phase
		}
	case ThreadsFound:
		id := facts.ChannelID{Server: e.Server, Name: e.Channel}
		if _, earlier := l.threads[id]; !earlier {
			l.threads[id] = found{e.Step, facts.Threads{Receiver: e.Receiver, Applier: e.Applier}}
		}
	case ActionIntended:
		l.acting[e.Target] = e.Step
		l.keepStart(e)
	case RequirementFound:
		l.keepFormer(e)
	case RequirementDated:
		l.date(e)
	case RequirementLifted:
		if !e.Beyond {
			delete(l.requirements, e.Server)
		}
	case RequirementRestored:
		delete(l.raised, e.Server)
	case PathsFound: // the last one: it tells the first finding of an unfinished run as long as that counts
		l.paths[e.Server] = paths{l.acting[e.Server], facts.FormerPaths{Read: e.Read.settings(), Kept: e.Kept.settings()}}
	case SetRead:
		l.read[e.Server] = e.Set
	case StepDone:
		l.forget(e.Step)
	case StepFailed:
		if e.Rescued == TakenBack {
			l.forget(e.Step)
			maps.DeleteFunc(l.starts, func(_ topology.ServerName, s start) bool { return s.written == e.Step })
		}
	case RunEnded:
		if e.Outcome == Succeeded {
			clear(l.threads)
			clear(l.raised)
			clear(l.paths)
			clear(l.starts)
			l.renewing, l.succeeding = time.Time{}, 0
		}
	case StepBegan, StepHeld, ActionDone, ActionFailed, Statement, StepSkipped, Stopping:
	}
}

// Unended says that something is kept for a run that has not ended well. What a run finds to be good as it is ends that, too.
func (l *Ledger) Unended() bool {
	return len(l.threads)+len(l.raised)+len(l.paths)+len(l.starts) > 0 || !l.renewing.IsZero() || l.succeeding > 0
}

func (l *Ledger) forget(step string) {
	maps.DeleteFunc(l.threads, func(_ facts.ChannelID, f found) bool { return f.step == step })
	maps.DeleteFunc(l.starts, func(_ topology.ServerName, s start) bool { return s.restarted == step })
	maps.DeleteFunc(l.paths, func(_ topology.ServerName, p paths) bool { return p.step == step })
}

// keepStart leaves out a rescue, which begins with what was kept before.
func (l *Ledger) keepStart(e ActionIntended) {
	if e.Rescue || e.File == "" && e.Command == "" {
		return
	}
	s := l.starts[e.Target]
	s.Since = l.at
	if e.File != "" {
		l.files[e.Target], s.written = e.File, e.Step
	}
	if e.Command != "" {
		s.Command, s.restarted = e.Command, e.Step
	}
	l.starts[e.Target] = s
}

// keepFormer keeps the first finding: what a later run finds may be what an interrupted one has set.
func (l *Ledger) keepFormer(e RequirementFound) {
	raise, ok := l.raised[e.Server]
	if !ok {
		raise.Former = map[string]facts.Requirement{}
	}
	if _, earlier := raise.Former[e.Host]; !earlier {
		raise.Former[e.Host] = e.Former()
	}
	l.raised[e.Server] = raise
}

func (l *Ledger) date(e RequirementDated) {
	mark := facts.RequirementMark{Connection: e.Connection, Start: e.Start, Provisional: e.Provisional}
	if !e.Beyond {
		l.requirements[e.Server] = mark
	}
	if raise, ok := l.raised[e.Server]; ok {
		raise.RequirementMark = mark
		l.raised[e.Server] = raise
	}
}
