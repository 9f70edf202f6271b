package plan

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// KeepsLogin holds when the server of the channel keeps the login of its receiver, or when that does not run. MySQL forgets what START REPLICA
// was given with USER and PASSWORD when the receiver stops, and it is never let in again.
type KeepsLogin struct{ Channel facts.ChannelID }

// LoginWorks holds when a login with the password that was found for the channel works, over TLS or without, or when its receiver does not run. It
// shows that a receiver which MySQL was given another password for, with START REPLICA, can be started again by the one that it keeps.
type LoginWorks struct{ Link Link }

func (KeepsLogin) condition() {}
func (LoginWorks) condition() {}

// Look needs the replica, and what it keeps.
func (g KeepsLogin) Look() facts.Look {
	return lookAt(g.Channel.Server, facts.PartInstance|facts.PartChannels|facts.PartPassword)
}

// Look needs two logins.
func (g LoginWorks) Look() facts.Look { return PlaintextRefused(g).Look() }

func (g LoginWorks) String() string {
	return fmt.Sprintf("a login of %s from %s to %s:%d works, so that its receiver can be started again", g.Link.User, g.Link.Channel.Server, g.Link.Host, g.Link.Port)
}

// Holds judges both logins.
func (g LoginWorks) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() || !channel.Receiver.Runs() {
		return seen
	}
	server := f.Server(g.Link.Channel.Server)
	trial, tried := server.Trials[g.Link.Channel.Name].Get()
	switch result, why := TryPlaintext(f, g.Link); {
	case result == Accepted || tried && trial.OK:
		return yes()
	case tried && dialect.Refuses(trial.Errno):
		return no("a login of %s from %s is refused with the password by which its receiver would start: %s", g.Link.User, g.Link.Channel.Server, trial.Text).
			hinting(keepLogin(f, g.Link.Channel, g.Link.User))
	default:
		return unclear("whether a login of %s from %s works: %s", g.Link.User, g.Link.Channel.Server, why).hinting(keepLogin(f, g.Link.Channel, g.Link.User))
	}
}

func (g KeepsLogin) String() string {
	return fmt.Sprintf("%s keeps the login of the receiver of %s, so that it can be started again", g.Channel.Server, g.Channel)
}

// Holds compares the login in use with the one that is kept.
func (g KeepsLogin) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, Link{Channel: g.Channel})
	if !seen.Holds() {
		return seen
	}
	kept := f.Server(g.Channel.Server).Logins
	logins, ok := kept.Get()
	switch {
	case kept.IsAbsent() || !channel.Receiver.Runs():
		return yes()
	case !ok:
		return notSeen(kept, "what %s keeps of the login of its receiver", g.Channel.Server)
	}
	login := logins[g.Channel.Name]
	if login.User == channel.SourceUser && login.Password {
		return yes()
	}
	return no("the login of the receiver of %s is in memory alone: it was started with USER and PASSWORD, and %s keeps %s", g.Channel, g.Channel.Server, keptWords(login)).
		hinting(keepLogin(f, g.Channel, channel.SourceUser))
}

func keptWords(login facts.KeptLogin) string {
	switch {
	case login.User == "":
		return "no login of it"
	case !login.Password:
		return "no password of it"
	}
	return "that of " + login.User
}

// checkLogins blocks what would stop a receiver whose login nobody could give it again, for good or on a way back. The steps look again before
// they act.
func (b *builder) checkLogins() {
	b.warnOfMoves()
	told := map[facts.ChannelID]bool{}
	for i := range b.plan.Steps {
		step := &b.plan.Steps[i]
		for _, id := range b.stoppedBy(*step) {
			if !b.dialect(id.Server).ForgetsLogins() {
				continue
			}
			keeps := KeepsLogin{Channel: id}
			step.Guards = slices.Concat(step.Guards, []Guard{{Condition: keeps}})
			v := keeps.Holds(b.facts)
			if v.Holds() || told[id] {
				continue
			}
			told[id] = true
			b.block(id.Server, v.Hint(), "%s; it would be lost by the step: %s", v.Why(), step.Title)
		}
	}
}

// warnOfMoves names what a channel may replicate from, and the inventory does not say.
func (b *builder) warnOfMoves() {
	for _, l := range b.links {
		if b.facts.Server(l.Channel.Server).Logins.Or(nil)[l.Channel.Name].Moves {
			b.warnOf(l.Channel.Server, "the receiver of %s goes to another source when %s fails (SOURCE_CONNECTION_AUTO_FAILOVER): each that "+
				"mysql.replication_asynchronous_connection_failover lists has to serve a certificate of the same authority, for its own name, and to require TLS of %s; "+
				"they are not looked at", l.Channel, l.Source, l.User)
		}
	}
}

// stoppedBy are the channels whose receivers a step stops, each once.
func (b *builder) stoppedBy(step Step) []facts.ChannelID {
	var ids []facts.ChannelID
	add := func(id facts.ChannelID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, action := range slices.Concat(step.Actions, step.Rescue) {
		switch a := action.(type) {
		case StopThreads:
			if a.Threads.Receiver {
				add(a.Channel)
			}
		case Restart: // of channels that the inventory does not mean, too
			for _, c := range b.facts.Server(a.Server).Channels.Or(nil) {
				add(facts.ChannelID{Server: a.Server, Name: c.Name})
			}
		}
	}
	return ids
}
