package plan

import (
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// StatusReport is a cluster as it is: schema 1.
type StatusReport struct {
	Schema   int             `json:"schema"`
	Cluster  string          `json:"cluster"`
	Servers  []ServerStatus  `json:"servers"`
	Channels []ReplicaReport `json:"channels"`
	Problems []Problem       `json:"problems"`
}

// ServerStatus is one server. What is not known is null, with the reason in Why.
type ServerStatus struct {
	Server   topology.ServerName `json:"server"`
	Role     string              `json:"role"` // primary, replica, or both for the middle of a chain
	Version  facts.Value[string] `json:"version"`
	ServesOn facts.Value[bool]   `json:"serves_tls"`
	Until    facts.Value[string] `json:"certificate_until"` // of the certificate that is served, RFC 3339
	DaysLeft facts.Value[int]    `json:"certificate_days_left"`
	SetInUse facts.Value[int]    `json:"certificate_set"`
	Require  facts.Value[string] `json:"require"` // the weakest requirement of the account's rows
	Why      string              `json:"why"`
}

// StatusOf tells what the facts show, without judging it.
func StatusOf(c topology.Cluster, f facts.Facts) StatusReport {
	links, blocked := FindLinks(c, f)
	s := StatusReport{Schema: 1, Cluster: c.Name, Servers: []ServerStatus{}, Channels: []ReplicaReport{}, Problems: []Problem{}}
	for _, server := range c.Servers {
		s.Servers = append(s.Servers, serverStatus(c, server, f))
	}
	for _, l := range links {
		s.Channels = append(s.Channels, replicaReport(f, l))
	}
	for _, b := range blocked {
		s.Channels = append(s.Channels, unseenReplica(b))
		s.Problems = append(s.Problems, b.problem())
	}
	return s
}

func serverStatus(c topology.Cluster, server topology.Server, f facts.Facts) ServerStatus {
	seen := f.Server(server.Name)
	s := ServerStatus{Server: server.Name, Role: role(c, server), Require: weakest(seen.Accounts)}
	s.Version = apply(seen.Instance, func(i facts.Instance) string { return i.Version.Text })
	s.SetInUse = apply(seen.TLSDir, func(d facts.TLSDir) int { return d.Current })
	s.ServesOn = apply(seen.ServedTLS, func(facts.ServedTLS) bool { return true })
	if seen.ServedTLS.IsAbsent() {
		s.ServesOn = facts.Known(false)
	}
	s.Until, s.DaysLeft = validity(seen.ServedTLS, f.At)
	s.Why = strings.Join(reasons(why(seen.Instance), why(seen.TLSDir), why(seen.ServedTLS), why(seen.Accounts)), "; ")
	return s
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

func apply[T, U any](v facts.Value[T], f func(T) U) facts.Value[U] {
	if t, ok := v.Get(); ok {
		return facts.Known(f(t))
	}
	return facts.As[U](v)
}

func validity(served facts.Value[facts.ServedTLS], now time.Time) (until facts.Value[string], days facts.Value[int]) {
	tls, ok := served.Get()
	if !ok {
		return facts.As[string](served), facts.As[int](served)
	}
	leaf, _, err := pki.ParseLeaf([]byte(tls.Chain))
	if err != nil {
		return facts.Unknown[string](err.Error()), facts.Unknown[int](err.Error())
	}
	const day = 24 * time.Hour
	return facts.Known(leaf.NotAfter.UTC().Format(time.RFC3339)), facts.Known(int(leaf.NotAfter.Sub(now) / day))
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

func reasons(list ...string) []string {
	var given []string
	for _, reason := range list {
		if reason != "" && (len(given) == 0 || given[len(given)-1] != reason) {
			given = append(given, reason)
		}
	}
	return given
}
