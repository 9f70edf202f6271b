package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// StatusReport is a cluster as it is, and what a plan would do to it: schema 1.
type StatusReport struct {
	Schema   int             `json:"schema"`
	Cluster  string          `json:"cluster"`
	Servers  []ServerStatus  `json:"servers"`
	Channels []ChannelStatus `json:"channels"`
	Problems []Problem       `json:"problems"` // what could not be looked at, and threads that ended with an error
	Plan     PlanStatus      `json:"plan"`
}

// PlanStatus is what the plan of the same facts comes to.
type PlanStatus struct {
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
	ApplyWould  []string              `json:"apply_would"`
	Why         string                `json:"why"`
}

// ChannelStatus is one channel of a server, whether the inventory means it or not.
type ChannelStatus struct {
	ReplicaReport

	Source     string   `json:"source"` // the server of the inventory, else host:port as the channel has it
	ApplyWould []string `json:"apply_would"`
}

// StatusOf tells what the facts show, without judging it, and what the plan of the same facts would do.
func StatusOf(c topology.Cluster, f facts.Facts, p Plan) StatusReport {
	links, faults := FindLinks(c, f)
	l := lister{cluster: c, facts: f, plan: p, doings: doingsOf(p), links: links, faults: faults}
	s := StatusReport{
		Schema: 1, Cluster: c.Name, Servers: []ServerStatus{}, Channels: []ChannelStatus{}, Problems: []Problem{},
		Plan: PlanStatus{
			Digest: p.Digest(), Steps: len(p.Steps), Blocked: append([]Blocked{}, p.Blocked...), Warnings: append([]Warning{}, p.Warnings...),
		},
	}
	for _, server := range c.Servers {
		s.Servers = append(s.Servers, l.server(server))
		s.Channels = append(s.Channels, l.channels(server)...)
		s.Problems = append(s.Problems, l.problems(server)...)
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
		status.ReplicaReport, status.Source = replicaReport(l.facts, l.links[i]), string(l.links[i].Source)
		return status
	}
	status.Source = fmt.Sprintf("%s:%d", c.SourceHost, c.SourcePort)
	stranger := Link{Channel: id, Source: topology.ServerName(status.Source), Host: c.SourceHost, Port: c.SourcePort, User: c.SourceUser}
	status.ReplicaReport = replicaReport(l.facts, stranger)
	status.Why = fmt.Sprintf("the inventory does not mean this channel, from %s as %s; %s", status.Source, c.SourceUser, status.Why)
	return status
}

// problems are what could not be looked at, each reason once, and threads that ended with an error.
func (l lister) problems(server topology.Server) []Problem {
	seen := l.facts.Server(server.Name)
	if seen.Instance.IsUnknown() {
		return append([]Problem{unseenPart(server.Name, "", seen.Instance)}, l.faultsOf(server.Name)...)
	}
	problems := l.faultsOf(server.Name)
	if server.Source == "" {
		problems = appendUnseen(problems, server.Name, "its channels: ", seen.Channels)
	}
	problems = appendUnseen(problems, server.Name, "its TLS dir: ", seen.TLSDir)
	problems = appendUnseen(problems, server.Name, "the certificate that it serves: ", seen.ServedTLS)
	problems = appendUnseen(problems, server.Name, "its account rows: ", seen.Accounts)
	for _, link := range l.links {
		if link.Channel.Server == server.Name {
			problems = append(problems, l.failures(link)...)
		}
	}
	return problems
}

func (l lister) faultsOf(server topology.ServerName) []Problem {
	var problems []Problem
	for _, fault := range l.faults {
		if fault.Target == server {
			problems = append(problems, fault.problem())
		}
	}
	return problems
}

func unseenPart[T any](server topology.ServerName, what string, v facts.Value[T]) Problem {
	return Problem{Server: server, Why: what + v.Why(), Hint: v.Hint()}
}

func appendUnseen[T any](problems []Problem, server topology.ServerName, what string, v facts.Value[T]) []Problem {
	if v.IsUnknown() {
		return append(problems, unseenPart(server, what, v))
	}
	return problems
}

// failures are the errors with which threads ended. That a thread merely does not run is not judged here.
func (l lister) failures(link Link) []Problem {
	var problems []Problem
	channel, _ := l.facts.Channel(link.Channel).Get()
	for _, v := range []Verdict{connected(link, channel), threadsAre(link, channel, channel.Threads())} {
		if v.Final() {
			problems = append(problems, Problem{Server: link.Channel.Server, Why: v.Why(), Hint: v.Hint(), Known: true})
		}
	}
	return problems
}

func role(c topology.Cluster, s topology.Server) string {
	switch {
	case s.Source == "":
		return "primary"
	case len(c.ReplicasOf(s.Name)) > 0:
		return "both"
	}
	return "replica"
}

func channelNames(channels []facts.Channel) []string {
	names := make([]string, len(channels))
	for i, c := range channels {
		names[i] = c.Name
	}
	return names
}

func apply[T, U any](v facts.Value[T], f func(T) U) facts.Value[U] {
	if t, ok := v.Get(); ok {
		return facts.Known(f(t))
	}
	return facts.As[U](v)
}

// certInUse is the certificate file of the set in use.
func certInUse(dir facts.Value[facts.TLSDir]) facts.Value[string] {
	d, ok := dir.Get()
	if !ok {
		return facts.As[string](dir)
	}
	set, used := d.CurrentSet()
	if !used {
		return facts.Absent[string]()
	}
	return facts.Known(set.Cert)
}

// servesSet is absent where nothing is served or no set is in use.
func servesSet(served facts.Value[facts.ServedTLS], dir facts.Value[facts.TLSDir]) facts.Value[bool] {
	cert := certInUse(dir)
	switch {
	case served.IsAbsent() || cert.IsAbsent():
		return facts.Absent[bool]()
	case served.IsUnknown():
		return facts.As[bool](served)
	case cert.IsUnknown():
		return facts.As[bool](cert)
	}
	return facts.Known(sameLeaf(served.Or(facts.ServedTLS{}).Chain, cert.Or("")))
}

// validity is the end of a certificate, and the days until then: below zero for one that has expired.
func validity(chain facts.Value[string], now time.Time) (until facts.Value[string], days facts.Value[int]) {
	text, ok := chain.Get()
	if !ok {
		return facts.As[string](chain), facts.As[int](chain)
	}
	leaf, _, err := pki.ParseLeaf([]byte(text))
	if err != nil {
		return facts.Unknown[string](err.Error()), facts.Unknown[int](err.Error())
	}
	left := math.Floor(leaf.NotAfter.Sub(now).Hours() / 24)
	return facts.Known(leaf.NotAfter.UTC().Format(time.RFC3339)), facts.Known(int(left))
}

// weakest is what a login can get away with.
func weakest(rows facts.Value[[]facts.AccountRow]) facts.Value[string] {
	list, ok := rows.Get()
	if !ok {
		return facts.As[string](rows)
	}
	if len(list) == 0 {
		return facts.Absent[string]()
	}
	order := []facts.RequirementKind{facts.RequireNone, facts.RequireSSL, facts.RequireX509, facts.RequireSpecified}
	for _, kind := range order {
		for _, row := range list {
			if row.Require.Kind == kind {
				return facts.Known(string(kind))
			}
		}
	}
	return facts.Unknown[string](strconv.Quote(string(list[0].Require.Kind)) + " is no requirement that is known here")
}

// distinct leaves out what is empty or said before.
func distinct(list ...string) []string {
	var given []string
	for _, reason := range list {
		if reason != "" && !slices.Contains(given, reason) {
			given = append(given, reason)
		}
	}
	return given
}

