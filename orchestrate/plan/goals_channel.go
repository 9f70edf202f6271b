package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Secured holds when the channel has the TLS options, its threads are as they were found, and it is proven to be encrypted.
type Secured struct {
	Link    Link
	Options facts.TLSOptions
	Threads facts.Threads
	Demands bool // as of [Encrypted]
}

// Connected holds when the receiver says that it is connected. Where the other end has gone without a word it says so for a while.
type Connected struct{ Link Link }

// Attached holds when the receiver is connected, and the source shows its dump thread.
type Attached struct{ Link Link }

// Rehearsed holds when the dump thread of the channel logged in under the requirement.
type Rehearsed struct{ Link Link }

// Encrypted holds when the channel is proven to be encrypted.
type Encrypted struct {
	Link Link

	// Demands: the receiver's options are to refuse plaintext by themselves. The replica alone shows that, so that nobody looks at
	// the source, which is the same for many replicas.
	Demands bool

	Stopped bool // the receiver is kept stopped, so that its next connection is what is proven
}

// Former holds when the channel runs as it was found: the rescue of a change.
type Former struct {
	Link    Link
	Options facts.TLSOptions
	Threads facts.Threads
	Apart   bool // its receiver was not connected, so that none is waited for
}

// Up holds when the server answers.
type Up struct{ Server topology.ServerName }

func (Secured) condition()   {}
func (Connected) condition() {}
func (Attached) condition()  {}
func (Rehearsed) condition() {}
func (Encrypted) condition() {}
func (Former) condition()    {}
func (Up) condition()        {}

// Look is that of the proof.
func (g Secured) Look() facts.Look { return g.proof().Look() }

// Look needs the replica.
func (g Connected) Look() facts.Look { return lookAt(g.Link.Channel.Server, facts.PartChannels) }

// Look needs both ends of the channel.
func (g Attached) Look() facts.Look { return lookAtLink(g.Link) }

// Look needs both ends of the channel.
func (g Rehearsed) Look() facts.Look { return lookAtLink(g.Link) }

// Look needs both ends of the channel, or the replica alone.
func (g Encrypted) Look() facts.Look {
	if g.Demands {
		return lookAt(g.Link.Channel.Server, facts.PartInstance|facts.PartChannels)
	}
	return lookAtLink(g.Link)
}

// Quick is the replica alone: as long as it does not show the options and threads, nothing else needs to be looked at.
func (g Secured) Quick() Condition {
	if g.Demands {
		return nil // it looks at nothing else
	}
	return Former{Link: g.Link, Options: g.Options, Threads: g.Threads}
}

// Quick is the replica alone: a receiver that is not connected has no dump thread to look for.
func (g Attached) Quick() Condition { return Connected(g) }

// Quick is the replica alone: a receiver that is not connected has no dump thread to look for.
func (g Rehearsed) Quick() Condition { return Connected(g) }

func (g Secured) proof() Encrypted { return Encrypted{Link: g.Link, Demands: g.Demands} }

// Look needs the replica.
func (g Former) Look() facts.Look { return lookAt(g.Link.Channel.Server, facts.PartChannels) }

// Look needs the server.
func (g Up) Look() facts.Look { return lookAt(g.Server, facts.PartInstance) }

func (g Secured) String() string {
	return fmt.Sprintf("channel %s has its TLS options, its threads are as they were found, and it is proven to be encrypted", g.Link.Channel)
}

func (g Connected) String() string {
	return fmt.Sprintf("the receiver of %s is connected", g.Link.Channel)
}

func (g Attached) String() string {
	return fmt.Sprintf("the receiver of %s is connected to %s", g.Link.Channel, g.Link.Source)
}

func (g Rehearsed) String() string {
	return fmt.Sprintf("the receiver of %s has logged in to %s since TLS is required", g.Link.Channel, g.Link.Source)
}

func (g Encrypted) String() string {
	return fmt.Sprintf("channel %s is proven to be encrypted", g.Link.Channel)
}

func (g Former) String() string {
	return fmt.Sprintf("channel %s runs as it was found", g.Link.Channel)
}

func (g Up) String() string { return fmt.Sprintf("%s answers", g.Server) }

func channelOf(f facts.Facts, l Link) (facts.Channel, Verdict) {
	value := f.Channel(l.Channel)
	channel, ok := value.Get()
	switch {
	case ok:
		return channel, yes()
	case value.IsAbsent():
		return channel, no("%s has no such channel", l.Channel)
	}
	return channel, notSeen(value, "channel %s", l.Channel)
}

// Holds judges options, threads and proof.
func (g Secured) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	receiver := yes()
	if g.Threads.Receiver {
		receiver = connected(f, g.Link, channel)
	}
	if !receiver.Holds() {
		return all(optionsAre(g.Link, channel, g.Options), threadsAre(f, g.Link, channel, g.Threads), receiver)
	}
	return all(optionsAre(g.Link, channel, g.Options), threadsAre(f, g.Link, channel, g.Threads), g.proof().Holds(f))
}

func optionsAre(l Link, channel facts.Channel, want facts.TLSOptions) Verdict {
	if channel.TLS == want {
		return yes()
	}
	return no("the TLS options of channel %s are not the wanted ones", l.Channel)
}

func threadsAre(f facts.Facts, l Link, channel facts.Channel, want facts.Threads) Verdict {
	if got := channel.Threads(); got != want {
		return no("channel %s: %s", l.Channel, joined(
			stray("receiver", want.Receiver, got.Receiver), stray("applier", want.Applier, got.Applier)))
	}
	if channel.ApplierError.Number != 0 {
		return finally("the applier of %s has stopped%s", l.Channel, errorOf(channel.ApplierError)).hinting(meaningOf(f, l, channel.ApplierError))
	}
	return yes()
}

// stray tells of a thread that is not as it is wanted, and nothing of one that is.
func stray(thread string, wanted, runs bool) string {
	switch {
	case wanted && !runs:
		return "the " + thread + " should run, and is stopped"
	case runs && !wanted:
		return "the " + thread + " runs, and is to stay stopped as it was found"
	}
	return ""
}

func connected(f facts.Facts, l Link, channel facts.Channel) Verdict {
	switch {
	case channel.Receiver == facts.Yes:
		return yes()
	case channel.ReceiverError.Number != 0:
		return finally("the receiver of %s is not connected (%s)%s", l.Channel, channel.Receiver, errorOf(channel.ReceiverError)).
			hinting(causeOrMeaning(f, l, channel.ReceiverError))
	}
	return no("the receiver of %s is not connected (%s)", l.Channel, channel.Receiver)
}

// Holds judges the receiver.
func (g Connected) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	return connected(f, g.Link, channel)
}

// Holds judges both ends.
func (g Attached) Holds(f facts.Facts) Verdict {
	if v := Connected(g).Holds(f); !v.Holds() {
		return v
	}
	if thread := g.Link.DumpThread(f); !thread.IsKnown() {
		return unclear("%s", thread.Why())
	}
	return yes()
}

// Holds compares connection ids.
func (g Rehearsed) Holds(f facts.Facts) Verdict {
	if v := Attached(g).Holds(f); !v.Holds() {
		return v
	}
	thread := g.Link.DumpThread(f)
	return all(enforced(f, g.Link, thread), sinceRaised(f, g.Link, thread))
}

// Holds asks for a proof.
func (g Encrypted) Holds(f facts.Facts) Verdict {
	if _, seen := channelOf(f, g.Link); !seen.Holds() {
		return seen
	}
	proof := proofOf(f, g.Link, g.Stopped)
	if proof.Encrypted() {
		return yes()
	}
	return no("channel %s is not proven to be encrypted: %s", g.Link.Channel, proof.Why)
}

// Holds judges the replica alone: what the rescue promises is that the channel runs again, however it is carried.
func (g Former) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	receiver := yes()
	if g.Threads.Receiver && !g.Apart {
		receiver = connected(f, g.Link, channel)
	}
	return all(optionsAre(g.Link, channel, g.Options), threadsAre(f, g.Link, channel, g.Threads), receiver)
}

// Holds asks whether the instance was seen.
func (g Up) Holds(f facts.Facts) Verdict {
	if instance := f.Server(g.Server).Instance; !instance.IsKnown() {
		return notSeen(instance, "%s does not answer", g.Server)
	}
	return yes()
}
