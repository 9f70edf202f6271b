package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// Running holds when both threads of the channel run without an error, or are stopped where they are kept so.
type Running struct {
	Link    Link
	Stopped facts.Threads // that are kept stopped
}

// Reached holds when receiver and applier are at or past a position of the source. It waits for none that is kept stopped, nor for the applier of
// a delayed replica, which is behind on purpose.
type Reached struct {
	Link     Link
	Position facts.Position
	Stopped  facts.Threads // that are kept stopped
}

func (Running) condition() {}
func (Reached) condition() {}

// Look needs the replica.
func (g Running) Look() facts.Look {
	return lookAt(g.Link.Channel.Server, facts.PartInstance|facts.PartChannels)
}

// Look needs the replica.
func (g Reached) Look() facts.Look { return lookAt(g.Link.Channel.Server, facts.PartChannels) }

func (g Running) String() string {
	if g.Stopped != (facts.Threads{}) {
		return fmt.Sprintf("receiver and applier of %s run without an error, but for what is kept stopped: the %s", g.Link.Channel, threadNames(g.Stopped))
	}
	return fmt.Sprintf("receiver and applier of %s run without an error", g.Link.Channel)
}

func (g Reached) String() string {
	return fmt.Sprintf("receiver and applier of %s have reached %s:%d of %s", g.Link.Channel, g.Position.File, g.Position.Pos, g.Link.Source)
}

// Holds judges the threads.
func (g Running) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	return all(
		threadRuns(f, g.Link, "receiver", channel.Receiver, channel.ReceiverError, g.Stopped.Receiver).explaining(causeOrMeaning(f, g.Link, channel.ReceiverError)),
		threadRuns(f, g.Link, "applier", channel.Applier, channel.ApplierError, g.Stopped.Applier).explaining(meaningOf(f, g.Link, channel.ApplierError)))
}

func threadRuns(f facts.Facts, l Link, name string, state facts.ThreadState, failure facts.ThreadError, stopped bool) Verdict {
	if stopped && failure.Number == 0 {
		return threadStopped(l, name, state)
	}
	v := no("the %s of %s does not run (%s)%s", name, l.Channel, state, errorOf(failure))
	switch {
	case failure.Number != 0:
		return v
	case state == facts.No:
		return v.hinting(fmt.Sprintf("if it should run: %s on %s", startThread(f, l.Channel, name), l.Channel.Server) + keepIt)
	case state != facts.Yes:
		return v
	}
	return yes()
}

// keepIt is the other way where somebody has stopped a thread.
const keepIt = "; if it should stay stopped: --keep-stopped"

func threadStopped(l Link, name string, state facts.ThreadState) Verdict {
	if state == facts.No {
		return yes()
	}
	return no("channel %s: %s", l.Channel, stray(name, false, true))
}

// Holds compares positions.
func (g Reached) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	receiver, applier := yes(), yes()
	if !g.Stopped.Receiver {
		receiver = reaches(g, "receiver", channel.Read)
		receiver.final = receiver.Fails() && outForGood(channel)
	}
	if !g.Stopped.Receiver && !g.Stopped.Applier && channel.Delay == 0 { // what was not read is not applied, and what waits on purpose not yet
		applier = reaches(g, "applier", channel.Exec)
		applier.final = applier.Fails() && !channel.Applier.Runs()
	}
	return all(receiver, applier)
}

// outForGood says that the receiver reads nothing more until somebody mends or starts it.
func outForGood(c facts.Channel) bool {
	if !c.Receiver.Runs() {
		return true
	}
	return c.Receiver != facts.Yes && dialect.Lasts(c.ReceiverError.Number, c.ReceiverError.Text)
}

func reaches(g Reached, name string, at facts.Position) Verdict {
	if at.AtLeast(g.Position) {
		return yes()
	}
	return no("the %s of %s is at %s:%d, before %s:%d of %s", name, g.Link.Channel, at.File, at.Pos, g.Position.File, g.Position.Pos, g.Link.Source)
}
