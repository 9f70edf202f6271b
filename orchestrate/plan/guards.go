package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

// TrialWorks holds when a login over TLS with the files on the replica's host works, from that host.
type TrialWorks struct{ Link Link }

// RelayLogsSafe holds when nothing is lost by purging the relay logs: all of them are applied, or the source still has the binary
// logs to send them again.
type RelayLogsSafe struct{ Link Link }

// LagWithin holds when the replica is not further behind than the limit.
type LagWithin struct {
	Link Link
	Max  time.Duration
}

// AsPlanned holds when the channel is still the one that was planned for: same source, same account, no delay, and each thread is as
// the plan found it, or as it is to run since an earlier step of the plan started it.
type AsPlanned struct {
	Link    Link
	Threads facts.Threads
	Wanted  facts.Threads

	AppliesOn bool // its applier goes on with the relay logs that are there, whatever it waits for
}

// NoStrangers holds when every dump thread of the account belongs to a link of the inventory.
type NoStrangers struct {
	Server topology.ServerName
	User   string
	Links  []Link
}

func (TrialWorks) condition()    {}
func (RelayLogsSafe) condition() {}
func (LagWithin) condition()     {}
func (AsPlanned) condition()     {}
func (NoStrangers) condition()   {}

// Look needs a login.
func (g TrialWorks) Look() facts.Look {
	return lookAt(g.Link.Channel.Server, facts.PartChannels|facts.PartTrial)
}

// Look needs the replica's channel and the source's binary logs.
func (g RelayLogsSafe) Look() facts.Look {
	look := lookAt(g.Link.Channel.Server, facts.PartChannels)
	look.Add(g.Link.Source, facts.PartPosition)
	return look
}

// Look needs the replica.
func (g LagWithin) Look() facts.Look { return lookAt(g.Link.Channel.Server, facts.PartChannels) }

// Look needs the replica.
func (g AsPlanned) Look() facts.Look {
	return lookAt(g.Link.Channel.Server, facts.PartInstance|facts.PartChannels)
}

// Look needs the source, and the sockets of every replica.
func (g NoStrangers) Look() facts.Look {
	look := lookAt(g.Server, facts.PartSessions)
	for _, l := range g.Links {
		look.Add(l.Channel.Server, facts.PartProcess|facts.PartChannels)
	}
	return look
}

func (g TrialWorks) String() string {
	return fmt.Sprintf("a login of %s over TLS from %s to %s:%d works with the files on that host", g.Link.User, g.Link.Channel.Server, g.Link.Host, g.Link.Port)
}

func (g RelayLogsSafe) String() string {
	return fmt.Sprintf("all relay logs of %s are applied, or %s still has the binary logs to send them again", g.Link.Channel, g.Link.Source)
}

func (g LagWithin) String() string {
	return fmt.Sprintf("%s is at most %s behind", g.Link.Channel, plain.Duration(g.Max))
}

func (g AsPlanned) String() string {
	return fmt.Sprintf("channel %s still replicates from %s:%d as %s, and its threads are as the plan found them", g.Link.Channel, g.Link.Host, g.Link.Port, g.Link.User)
}

func (g NoStrangers) String() string {
	return fmt.Sprintf("every dump thread of %s on %s belongs to a replica of the inventory", g.User, g.Server)
}

// Holds judges the trial login.
func (g TrialWorks) Holds(f facts.Facts) Verdict {
	value := f.Server(g.Link.Channel.Server).Trials[g.Link.Channel.Name]
	trial, ok := value.Get()
	switch {
	case !ok:
		return notSeen(value, "the trial login from %s", g.Link.Channel.Server)
	case !trial.OK:
		return no("the trial login from %s to %s:%d failed: %s", g.Link.Channel.Server, g.Link.Host, g.Link.Port, trial.Text).
			hinting(g.meaning(f, trial))
	}
	return yes()
}

// meaning is what a failed trial leaves as its reasons: it was made over TLS, with a password that was found somewhere.
func (g TrialWorks) meaning(f facts.Facts, trial facts.Trial) string {
	if dialect.Refuses(trial.Errno) {
		found := cmp.Or(string(f.Server(g.Link.Channel.Server).Password.Or("")), "what was found")
		return fmt.Sprintf("it was made over TLS: so the password (%s) is not the account's, or its row demands a client certificate, or another one, or the row of another host "+
			"is the one that counts: look at SHOW CREATE USER (MySQL 5.6: SHOW GRANTS) of each row of %s on %s", found, g.Link.User, g.Link.Source)
	}
	return explain(f, g.Link.Source, facts.ThreadError{Number: trial.Errno, Text: trial.Text})
}

// Holds compares what is received with what is applied.
func (g RelayLogsSafe) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	if channel.Exec == channel.Read {
		return yes()
	}
	logs, ok := f.Server(g.Link.Source).Binlogs.Get()
	if !ok {
		return notSeen(f.Server(g.Link.Source).Binlogs, "the binary logs of %s", g.Link.Source)
	}
	if !slices.Contains(logs, channel.Exec.File) {
		return no("%s no longer has %s, from which %s would have to fetch again", g.Link.Source, channel.Exec.File, g.Link.Channel).
			hinting("apply again when its applier has caught up with its receiver")
	}
	return yes()
}

// Holds judges the lag. While a thread is stopped or not connected there is none to judge: waiting would only make it longer, and what
// is received and not yet applied is for [RelayLogsSafe].
func (g LagWithin) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	lag, ok := channel.Lag.Get()
	switch {
	case channel.Receiver != facts.Yes || channel.Applier != facts.Yes:
		return yes()
	case !ok:
		return notSeen(channel.Lag, "how far %s is behind", g.Link.Channel)
	case lag > g.Max:
		return no("%s is %s behind, more than %s", g.Link.Channel, plain.Duration(lag), plain.Duration(g.Max)).
			hinting("apply again when it has caught up, or raise policy.max_lag in the inventory")
	}
	return yes()
}

// Holds compares the channel with the plan's.
func (g AsPlanned) Holds(f facts.Facts) Verdict {
	channel, seen := channelOf(f, g.Link)
	if !seen.Holds() {
		return seen
	}
	switch {
	case channel.SourceHost != g.Link.Host || channel.SourcePort != g.Link.Port || channel.SourceUser != g.Link.User:
		return no("channel %s replicates from %s:%d as %s now", g.Link.Channel, channel.SourceHost, channel.SourcePort, channel.SourceUser).
			hinting("somebody has changed it since the plan was made: look at a new plan")
	case channel.Delay > 0 && !g.AppliesOn:
		return no("channel %s is delayed by %s", g.Link.Channel, plain.Duration(channel.Delay)).hinting(noDelay(f, g.Link.Channel))
	case channel.Until && channel.Applier.Runs() && !g.AppliesOn:
		return no("channel %s waits for an UNTIL condition, which a restart of its threads would lose", g.Link.Channel).hinting(noUntil(f, g.Link.Channel))
	}
	now := channel.Threads()
	if now.Receiver == g.Wanted.Receiver {
		g.Threads.Receiver = g.Wanted.Receiver
	}
	if now.Applier == g.Wanted.Applier {
		g.Threads.Applier = g.Wanted.Applier
	}
	return threadsAre(f, g.Link, channel, g.Threads)
}

// Holds names the strangers.
func (g NoStrangers) Holds(f facts.Facts) Verdict {
	threads, ok := f.Server(g.Server).DumpThreads.Get()
	if !ok {
		return notSeen(f.Server(g.Server).DumpThreads, "the dump threads of %s", g.Server)
	}
	ours, detached := g.matched(f)
	var strangers []string
	for _, thread := range threads {
		if thread.User == g.User && !ours[thread.ID] {
			strangers = append(strangers, fmt.Sprintf("connection %d of %s from %s", thread.ID, thread.User, thread.Host))
		}
	}
	switch {
	case len(strangers) == 0:
		return yes()
	case len(strangers) <= detached: // the dump thread of a stopped receiver lingers until it next sends
		return unclear("%s may be what is left of a stopped receiver, or a replica that the inventory does not name", strings.Join(strangers, "; "))
	}
	return no("a replica or binlog reader that the inventory does not name is connected to %s: %s", g.Server, strings.Join(strangers, "; ")).hinting(nameStranger(g.Server))
}

func nameStranger(server topology.ServerName) string {
	return fmt.Sprintf("add that replica to the inventory, or let it log in with another account; SHOW PROCESSLIST on %s shows who it is", server)
}

// matched are the dump threads of the links, and how many links have none that could be told.
func (g NoStrangers) matched(f facts.Facts) (ours map[uint64]bool, detached int) {
	ours = map[uint64]bool{}
	for _, l := range g.Links {
		thread, ok := l.DumpThread(f).Get()
		if !ok {
			detached++
			continue
		}
		ours[thread.ID] = true
	}
	return ours, detached
}
