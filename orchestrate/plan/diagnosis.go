package plan

import (
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Diagnosis is every error that a thread of the cluster's channels has, with its cause: schema 1.
type Diagnosis struct {
	Schema   int       `json:"schema"`
	OK       bool      `json:"ok"` // everything could be looked at, and nothing has an error
	Cluster  string    `json:"cluster"`
	Looked   []string  `json:"looked_at"` // channels: SERVER, or SERVER/CHANNEL
	Findings []Ailment `json:"findings"`
	Problems []Problem `json:"problems"` // what could not be looked at
}

// Ailment is an error of a thread. The server's own text is left out: it may hold a statement.
type Ailment struct {
	Server  topology.ServerName `json:"server"`
	Channel string              `json:"channel"`
	Thread  string              `json:"thread"` // receiver or applier
	Number  int                 `json:"number"`
	At      *string             `json:"at"`    // the file, certificate or account row at fault; null where none was found
	Cause   *string             `json:"cause"` // what is wrong with it
	Means   string              `json:"means"` // what the error means in general; empty for one that is not known
	Do      []string            `json:"do"`
}

// ID is the channel of the error.
func (a Ailment) ID() facts.ChannelID { return facts.ChannelID{Server: a.Server, Name: a.Channel} }

// Diagnose finds the errors and their causes, of the channels that are meant.
func Diagnose(c topology.Cluster, f facts.Facts, meant func(facts.ChannelID) bool) Diagnosis {
	links, _ := FindLinks(c, f)
	d := Diagnosis{Schema: 1, Cluster: c.Name, Looked: []string{}, Findings: []Ailment{}, Problems: []Problem{}}
	for _, s := range c.Servers {
		seen := f.Server(s.Name)
		channels, ok := seen.Channels.Get()
		if !ok && meant(facts.ChannelID{Server: s.Name}) {
			d.Problems = append(d.Problems, Problem{Server: s.Name, Why: unseenText("channels", seen.Channels.Why()), Hint: seen.Channels.Hint()})
		}
		for _, channel := range channels {
			id := facts.ChannelID{Server: s.Name, Name: channel.Name}
			if meant(id) {
				d.Looked = append(d.Looked, id.String())
				d.Findings = append(d.Findings, ailments(f, linkTo(links, id), channel)...)
			}
		}
	}
	d.OK = len(d.Findings) == 0 && len(d.Problems) == 0
	return d
}

func ailments(f facts.Facts, l Link, channel facts.Channel) []Ailment {
	var found []Ailment
	if channel.ReceiverError.Number != 0 {
		one := ailment(f, l, "receiver", channel.ReceiverError)
		if cause, ok := CauseOf(f, l); ok {
			one.At, one.Cause, one.Do = &cause.At, &cause.Why, []string{cause.Do}
		}
		found = append(found, one)
	}
	if channel.ApplierError.Number != 0 {
		found = append(found, ailment(f, l, "applier", channel.ApplierError))
	}
	return found
}

func ailment(f facts.Facts, l Link, thread string, e facts.ThreadError) Ailment {
	meaning, _ := dialect.MeaningOf(failureOf(f, l.Channel.Server, e))
	return Ailment{
		Server: l.Channel.Server, Channel: l.Channel.Name, Thread: thread, Number: e.Number, Means: meaning.Means, Do: byHandAlone(meaning.Do),
	}
}

// byHandAlone leaves out what sends to the diagnosis, which is being read.
func byHandAlone(do []string) []string {
	list := []string{}
	for _, one := range do {
		before, _, sends := strings.Cut(one, "replssl doctor ")
		if one = strings.TrimSuffix(before, "; "); !sends || one != "" {
			list = append(list, one)
		}
	}
	return list
}
