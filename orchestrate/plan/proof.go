package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Level says how it is known that a channel is encrypted.
type Level string

// The levels, strongest first. Only the first three prove anything.
const (
	Observed   Level = "observed"   // the source's own view of the live dump thread
	Demanded   Level = "demanded"   // the receiver runs with options that refuse plaintext on this version
	Enforced   Level = "enforced"   // the account requires TLS, and the dump thread logged in after it did
	Configured Level = "configured" // TLS is asked for, and nothing shows that it is used
	None       Level = "none"
)

// Proof is what can be said of a channel's encryption.
type Proof struct {
	Level      Level
	Why        string // what the level rests on, or what is missing
	Verified   dialect.Verified
	TLSVersion facts.Value[string]
	Cipher     facts.Value[string]
}

// Encrypted says that the channel is proven to be encrypted.
func (p Proof) Encrypted() bool {
	return p.Level == Observed || p.Level == Demanded || p.Level == Enforced
}

// Prove says what the facts show of a link's encryption. What an option merely allows proves nothing: on several versions
// MASTER_SSL=1 goes on in plaintext when the source offers no TLS (tried on MariaDB 10.5, 10.11 and MySQL 5.6).
func Prove(f facts.Facts, l Link) Proof {
	channel, ok := f.Channel(l.Channel).Get()
	if !ok {
		return unproven(None, "channel %s is not known: %s", l.Channel, f.Channel(l.Channel).Why())
	}
	if channel.Receiver != facts.Yes {
		return unproven(None, "the receiver is not connected (%s)%s", channel.Receiver, errorOf(channel.ReceiverError))
	}
	proof := strongest(f, l, channel)
	if proof.Encrypted() {
		proof.Verified = checks(f, l, channel.TLS)
	}
	return proof
}

// proofOf is [Prove], also of a receiver that is kept stopped: there is no connection to be seen, and the next one is made with the options that
// it has.
func proofOf(f facts.Facts, l Link, keptStopped bool) Proof {
	channel, ok := f.Channel(l.Channel).Get()
	if !ok || !keptStopped || channel.Receiver != facts.No {
		return Prove(f, l)
	}
	proof, refuses := demanded(f, l, channel.TLS)
	if !refuses {
		return unproven(None, "the receiver of %s is stopped, and its options would not refuse plaintext when it starts", l.Channel)
	}
	proof.Why = "the receiver is stopped, and its options refuse plaintext when it starts, on " + f.Server(l.Channel.Server).Instance.Or(facts.Instance{}).Version.Text
	proof.Verified = checks(f, l, channel.TLS)
	proof.TLSVersion, proof.Cipher = facts.Unknown[string](proof.Why), facts.Unknown[string](proof.Why)
	return proof
}

func strongest(f facts.Facts, l Link, channel facts.Channel) Proof {
	thread := l.DumpThread(f)
	transport := transportOf(thread)
	if seen, ok := transport.Get(); ok {
		return observed(l, seen)
	}
	if !channel.TLS.Enabled { // no requirement can make up for it: it may have been lifted when the receiver logged in
		return unproven(None, "the channel asks for no TLS")
	}
	if proof, ok := demanded(f, l, channel.TLS); ok {
		proof.TLSVersion = facts.Unknown[string](transport.Why())
		proof.Cipher = facts.Unknown[string](transport.Why())
		return proof
	}
	enforced := enforced(f, l, thread)
	if enforced.Holds() {
		return Proof{
			Level: Enforced, Why: fmt.Sprintf("every row of %s on %s requires TLS, and the dump thread logged in under that rule", l.User, l.Source),
			TLSVersion: facts.Unknown[string](transport.Why()), Cipher: facts.Unknown[string](transport.Why()),
		}
	}
	return unproven(Configured, "TLS is asked for, but nothing shows that it is used: %s; %s", transport.Why(), enforced.Why())
}

func unproven(level Level, format string, args ...any) Proof {
	why := fmt.Sprintf(format, args...)
	return Proof{Level: level, Why: why, Verified: dialect.VerifiesNothing, TLSVersion: facts.Unknown[string](why), Cipher: facts.Unknown[string](why)}
}

func transportOf(thread facts.Value[facts.DumpThread]) facts.Value[facts.Transport] {
	seen, ok := thread.Get()
	if !ok {
		return facts.As[facts.Transport](thread)
	}
	return seen.Transport
}

func observed(l Link, seen facts.Transport) Proof {
	if !seen.Encrypted {
		return unproven(None, "%s sees the connection of %s in plaintext", l.Source, l.Channel)
	}
	return Proof{Level: Observed, Why: fmt.Sprintf("%s sees the dump thread on TLS", l.Source), TLSVersion: seen.Version, Cipher: seen.Cipher}
}

func demanded(f facts.Facts, l Link, options facts.TLSOptions) (Proof, bool) {
	d, err := dialectOf(f, l.Channel.Server)
	if err != nil {
		return Proof{}, false
	}
	refuses, _ := d.RefusesPlaintext(options)
	version := f.Server(l.Channel.Server).Instance.Or(facts.Instance{}).Version.Text
	return Proof{Level: Demanded, Why: "the receiver runs, and its options refuse plaintext on " + version}, refuses
}

// enforced compares connection ids, which grow with every login since a server's start.
func enforced(f facts.Facts, l Link, thread facts.Value[facts.DumpThread]) Verdict {
	if v := (RequiresTLS{Server: l.Source, User: l.User}).Holds(f); !v.Holds() {
		return v
	}
	mark, ok := f.Marks.Requirements[l.Source]
	if !ok {
		return unclear("nothing here tells since when %s requires TLS", l.User)
	}
	return loggedInSince(f, l, thread, mark)
}

// sinceRaised says that the receiver has logged in since the rows demand more, where a run that did not end well has raised them.
func sinceRaised(f facts.Facts, l Link, thread facts.Value[facts.DumpThread]) Verdict {
	raise, ok := f.Marks.Raised[l.Source]
	if !ok {
		return yes()
	}
	return loggedInSince(f, l, thread, raise.RequirementMark)
}

func loggedInSince(f facts.Facts, l Link, thread facts.Value[facts.DumpThread], mark facts.RequirementMark) Verdict {
	process, ok := f.Server(l.Source).Process.Get()
	if !ok {
		return notSeen(f.Server(l.Source).Process, "when %s started is not known", l.Source)
	}
	if process.Start != mark.Start {
		return yes()
	}
	seen, ok := thread.Get()
	switch {
	case !ok:
		return unclear("%s", thread.Why())
	case seen.ID <= mark.Connection:
	case mark.Provisional:
		return no("whether the dump thread of %s is older than the requirement is not known: the run that set it did not come to date it", l.Channel)
	default:
		return yes()
	}
	return no("the dump thread of %s is older than the requirement", l.Channel)
}

func checks(f facts.Facts, l Link, options facts.TLSOptions) dialect.Verified {
	d, err := dialectOf(f, l.Channel.Server)
	if err != nil {
		return dialect.VerifiesNothing
	}
	return d.Checks(options)
}

func dialectOf(f facts.Facts, name topology.ServerName) (dialect.Dialect, error) {
	instance, ok := f.Server(name).Instance.Get()
	if !ok {
		return dialect.Dialect{}, fmt.Errorf("%s: %s", name, f.Server(name).Instance.Why())
	}
	return dialect.For(instance.Version)
}

func explain(f facts.Facts, server topology.ServerName, e facts.ThreadError) string {
	meaning, _ := dialect.MeaningOf(failureOf(f, server, e))
	return meaning.String()
}

// meaningOf is what an error of a replica's thread means, in one line; empty for one that is not known.
func meaningOf(f facts.Facts, l Link, e facts.ThreadError) string {
	meaning, _ := dialect.MeaningOf(failureOf(f, l.Channel.Server, e))
	return meaning.String()
}

func failureOf(f facts.Facts, server topology.ServerName, e facts.ThreadError) dialect.Failure {
	family := f.Server(server).Instance.Or(facts.Instance{}).Version.Flavour
	return dialect.Failure{Number: e.Number, Text: e.Text, Family: family}
}

// causeOrMeaning is the cause of a receiver's error where one is found, else what it means.
func causeOrMeaning(f facts.Facts, l Link, e facts.ThreadError) string {
	if cause, ok := CauseOf(f, l); ok && e.Number != 0 {
		return cause.Hint()
	}
	return meaningOf(f, l, e)
}

func errorOf(e facts.ThreadError) string {
	if e.Number == 0 {
		return ""
	}
	return fmt.Sprintf(": error %d: %s", e.Number, e.Text)
}

// Explain is what the proof rests on and, where the cipher cannot be seen, why not.
func (p Proof) Explain() string {
	if p.Cipher.IsKnown() || p.Why == p.Cipher.Why() {
		return p.Why
	}
	return p.Why + "; cipher and TLS version: " + p.Cipher.Why()
}
