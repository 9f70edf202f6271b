package plan

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

func role(c topology.Cluster, s topology.Server) string {
	switch {
	case s.Source == "":
		return "primary"
	case c.IsSource(s.Name):
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
	for _, level := range []string{"none", "ssl", "cipher", "x509", "issuer", "subject"} {
		for _, row := range list {
			if levelOf(row.Require) == level {
				return facts.Known(level)
			}
		}
	}
	return facts.Unknown[string](strconv.Quote(string(list[0].Require.Kind)) + " is no requirement that is known here")
}

// levelOf is a requirement in the words of account.require; cipher is that of a cipher alone.
func levelOf(r facts.Requirement) string {
	switch {
	case r.Kind != facts.RequireSpecified:
		return string(r.Kind)
	case r.Subject != "":
		return "subject"
	case r.Issuer != "":
		return "issuer"
	}
	return "cipher"
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
