package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// StatusReport is a cluster as it is, and what a plan would do to it: schema 1.
type StatusReport struct {
	Schema   int             `json:"schema"`
	Cluster  string          `json:"cluster"`
	Servers  []ServerStatus  `json:"servers"`
	Channels []ChannelStatus `json:"channels"`
	Problems []Problem       `json:"problems"` // what could not be looked at, and threads that ended with an error
	Plan     Outlook         `json:"plan"`
}

// Outlook is what the plan of the same facts comes to.
type Outlook struct {
	Digest   string    `json:"digest"`
	Steps    int       `json:"steps"`
	Blocked  []Blocked `json:"blocked"`
	Warnings []Warning `json:"warnings"`
}

// ServerStatus is one server. What is not known is null, with the reason in Why.
type ServerStatus struct {
	Server      topology.ServerName   `json:"server"`
	Role        string                `json:"role"` // primary, replica, or both for the middle of a chain
	Version     facts.Value[string]   `json:"version"`
	Channels    facts.Value[[]string] `json:"channels"` // their names
	ServesOn    facts.Value[bool]     `json:"serves_tls"`
	ServesSet   facts.Value[bool]     `json:"serves_set"`        // the certificate that is served is that of the set in use
	Until       facts.Value[string]   `json:"certificate_until"` // of the certificate that is served, RFC 3339
	DaysLeft    facts.Value[int]      `json:"certificate_days_left"`
	SetInUse    facts.Value[int]      `json:"certificate_set"`
	SetUntil    facts.Value[string]   `json:"set_until"` // of the certificate in the set in use
	SetDaysLeft facts.Value[int]      `json:"set_days_left"`
	Require     facts.Value[string]   `json:"require"` // the weakest requirement of the account's rows

	// Settings are the TLS variables that somebody set, and where.
	Settings facts.Value[[]SettingStatus] `json:"tls_settings"`

	ApplyWould []string `json:"apply_would"`
	Why        string   `json:"why"`
}

// ChannelStatus is one channel of a server, whether the inventory means it or not.
type ChannelStatus struct {
	ReplicaReport

	Source     string   `json:"source"`   // the server of the inventory, else host:port as the channel has it
	Stranger   bool     `json:"stranger"` // it was seen that the inventory means another channel, or none
	ApplyWould []string `json:"apply_would"`
}

// StatusOf tells what the facts show, without judging it, and what the plan of the same facts would do.
func StatusOf(c topology.Cluster, f facts.Facts, p Plan) StatusReport {
	links, faults := FindLinks(c, f)
	l := lister{cluster: c, facts: f, plan: p, doings: doingsOf(p), links: links, faults: faults}
	s := StatusReport{
		Schema: 1, Cluster: c.Name, Servers: []ServerStatus{}, Channels: []ChannelStatus{}, Problems: []Problem{},
		Plan: Outlook{
			Digest: p.Digest(), Steps: len(p.Steps), Blocked: append([]Blocked{}, p.Blocked...), Warnings: append([]Warning{}, p.Warnings...),
		},
	}
	for _, server := range c.Servers {
		line := l.server(server)
		s.Servers = append(s.Servers, line)
		s.Channels = append(s.Channels, l.channels(server)...)
		s.Problems = append(s.Problems, l.problems(line)...)
	}
	return s
}

// lister has what the lines of a status are made from.
type lister struct {
	cluster topology.Cluster
	facts   facts.Facts
	plan    Plan
	doings  doings
	links   []Link
	faults  []Blocked
}

func (l lister) server(server topology.Server) ServerStatus {
	seen := l.facts.Server(server.Name)
	s := ServerStatus{Server: server.Name, Role: role(l.cluster, server), Require: weakest(seen.Accounts)}
	s.Version = apply(seen.Instance, func(i facts.Instance) string { return i.Version.Text })
	s.Channels = apply(seen.Channels, channelNames)
	s.ServesOn = apply(seen.ServedTLS, func(facts.ServedTLS) bool { return true })
	if seen.ServedTLS.IsAbsent() {
		s.ServesOn = facts.Known(false)
	}
	s.ServesSet = servesSet(seen.ServedTLS, seen.TLSDir)
	s.Until, s.DaysLeft = validity(apply(seen.ServedTLS, func(t facts.ServedTLS) string { return t.Chain }), l.facts.At)
	s.SetInUse = apply(seen.TLSDir, func(d facts.TLSDir) int { return d.Current })
	s.SetUntil, s.SetDaysLeft = validity(certInUse(seen.TLSDir), l.facts.At)
	s.Settings = settingsOf(seen)
	s.ApplyWould = l.would(server.Name, l.doings.servers[server.Name])
	s.Why = strings.Join(distinct(why(seen.Instance), why(seen.Channels), why(seen.TLSDir), why(s.SetDaysLeft),
		why(seen.ServedTLS), why(s.DaysLeft), why(s.ServesSet), why(seen.Accounts), why(s.Require)), "; ")
	return s
}

// would is what the plan does to a server or a channel of it, or what keeps it from doing anything.
func (l lister) would(server topology.ServerName, words []string) []string {
	if why := hindrance(l.plan, server); why != "" {
		return []string{why}
	}
	return append([]string{}, words...)
}

// channels are those of the server; a replica that shows none has one that is not known, so that no list is shorter than the inventory.
func (l lister) channels(server topology.Server) []ChannelStatus {
	var list []ChannelStatus
	for _, c := range l.facts.Server(server.Name).Channels.Or(nil) {
		id := facts.ChannelID{Server: server.Name, Name: c.Name}
		list = append(list, l.channel(id, c))
	}
	for _, fault := range l.faults {
		if fault.Target == server.Name && len(list) == 0 {
			list = append(list, ChannelStatus{
				ReplicaReport: unseenReplica(fault), Source: string(server.Source), ApplyWould: l.would(server.Name, nil),
			})
		}
	}
	return list
}

func (l lister) channel(id facts.ChannelID, c facts.Channel) ChannelStatus {
	status := ChannelStatus{ApplyWould: l.would(id.Server, l.doings.channels[id])}
	i := slices.IndexFunc(l.links, func(link Link) bool { return link.Channel == id })
	if i >= 0 {
		status.ReplicaReport, status.Source = replicaReport(l.facts, l.links[i], facts.Threads{}), string(l.links[i].Source)
		if status.Encrypted {
			status.ApplyWould = onEncrypted(status.ApplyWould)
		}
		return status
	}
	status.Source = fmt.Sprintf("%s:%d", c.SourceHost, c.SourcePort)
	stranger := Link{Channel: id, Source: topology.ServerName(status.Source), Host: c.SourceHost, Port: c.SourcePort, User: c.SourceUser}
	status.ReplicaReport = replicaReport(l.facts, stranger, facts.Threads{})
	if !l.unseen(id.Server) {
		status.Stranger = true
		status.Why = fmt.Sprintf("the inventory does not mean this channel, from %s as %s; %s", status.Source, c.SourceUser, status.Why)
	}
	return status
}

// unseen says that nobody can tell which channel of the server the inventory means.
func (l lister) unseen(server topology.ServerName) bool {
	return slices.ContainsFunc(l.faults, func(fault Blocked) bool { return fault.Target == server && fault.Unseen })
}

// problems are what the line of a server leaves unknown, what is wrong with its channel, and threads that ended with an error.
func (l lister) problems(s ServerStatus) []Problem {
	var problems []Problem
	if s.Version.IsUnknown() { // the rest is unknown for the same reason
		problems = append(problems, Problem{Server: s.Server, Why: s.Version.Why(), Hint: joined(startHint(l.facts, s.Server), s.Version.Hint())})
	}
	for _, fault := range l.faults {
		if fault.Target == s.Server {
			problems = append(problems, fault.problem())
		}
	}
	problems = appendUnseen(problems, s.Server, "channels", s.Channels)
	problems = appendUnseen(problems, s.Server, "TLS dir", s.SetInUse)
	problems = appendUnseen(problems, s.Server, "certificate in use", s.SetDaysLeft)
	problems = appendUnseen(problems, s.Server, "served certificate", s.DaysLeft)
	problems = appendUnseen(problems, s.Server, "account rows", s.Require)
	for _, c := range l.facts.Server(s.Server).Channels.Or(nil) {
		problems = append(problems, failures(l.facts, l.linkOf(facts.ChannelID{Server: s.Server, Name: c.Name}), c)...)
	}
	return problems
}

// appendUnseen leaves out a reason that is among the problems already.
func appendUnseen[T any](problems []Problem, server topology.ServerName, what string, v facts.Value[T]) []Problem {
	same := func(p Problem) bool { return p.Why == v.Why() || strings.HasSuffix(p.Why, ": "+v.Why()) }
	if !v.IsUnknown() || slices.ContainsFunc(problems, same) {
		return problems
	}
	return append(problems, Problem{Server: server, Why: unseenText(what, v.Why()), Hint: v.Hint()})
}

// linkOf is the link of a channel; without a source where the inventory does not mean it.
func (l lister) linkOf(id facts.ChannelID) Link { return linkTo(l.links, id) }

func linkTo(links []Link, id facts.ChannelID) Link {
	if i := slices.IndexFunc(links, func(link Link) bool { return link.Channel == id }); i >= 0 {
		return links[i]
	}
	return Link{Channel: id}
}

// failures are the errors with which threads ended. That a thread merely does not run is not judged here.
func failures(f facts.Facts, l Link, c facts.Channel) []Problem {
	var problems []Problem
	for _, v := range []Verdict{connected(f, l, c), threadsAre(f, l, c, c.Threads())} {
		if v.Final() {
			problems = append(problems, Problem{Server: l.Channel.Server, Why: v.Why(), Hint: v.Hint(), Known: true})
		}
	}
	return problems
}
