package plan

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
)

// KeepsLogin holds when the server of the channel keeps the login of its receiver, or when that does not run. MySQL forgets what START REPLICA
// was given with USER and PASSWORD when the receiver stops, and it is never let in again.
type KeepsLogin struct{ Channel facts.ChannelID }

func (KeepsLogin) condition() {}

// Look needs the replica, and what it keeps.
func (g KeepsLogin) Look() facts.Look {
	return lookAt(g.Channel.Server, facts.PartInstance|facts.PartChannels|facts.PartPassword)
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
