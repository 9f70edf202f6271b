package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Peers are the servers that a set must suit, as far as any of them reads less than a current server does: a plan's digest covers what they
// ask for, and no version that asks for nothing.
type Peers struct {
	Owner   pki.Reader   `json:",omitzero"`  // loads the files
	Readers []pki.Reader `json:",omitempty"` // are shown the certificate
}

// wantOf is what the certificate of a server is judged by, whoever judges it: plan, goals, guards and lint.
func (b *basis) wantOf(s topology.Server) pki.Want {
	want := pki.Want{Names: madeNames(b.links, s), Owner: readerOf(b.facts, s.Name), Readers: peersOf(b.cluster, b.facts, b.links, s.Name)}
	if b.ownFiles() {
		want.Names, want.Usage = givenNames(b.cluster, b.links, s), givenUsage(b.cluster, s)
	}
	return b.at(s.Name, want)
}

// wantShown is what an end of a channel judges by what the other end shows: their names were judged with the set.
func (b *basis) wantShown(usage pki.Usage, to topology.ServerName) pki.Want {
	return b.at(to, pki.Want{Usage: usage})
}

// wantLoose is what files of nobody known are judged by.
func wantLoose(names []string, now time.Time) pki.Want {
	return pki.Want{Names: names, Now: now, MinLeft: pki.SoonLeft}
}

// ForbiddenToCopy judges the files of a server's set by themselves, right before they are copied, at the end at which it shows them. What rests
// on a clock is left out: the guards have judged that by the clock of the host, and that of this machine says nothing about it.
func ForbiddenToCopy(c topology.Cluster, s topology.Server, files pki.Files, now time.Time) []pki.Finding {
	want := pki.Want{Now: now}
	if c.TLS.Source == topology.SourceFiles {
		want.Usage = givenUsage(c, s)
	}
	return timeless(pki.Forbidding(pki.JudgeFiles(files, want)))
}

// timeless leaves out what rests on a clock.
func timeless(findings []pki.Finding) []pki.Finding {
	return slices.DeleteFunc(findings, func(f pki.Finding) bool { return f.Code.RestsOnClock() })
}

// at is what is judged by at the clock of a server's host; at that of this machine where no host was to be looked at.
func (b *basis) at(server topology.ServerName, want pki.Want) pki.Want {
	want.Now, want.MinLeft = b.facts.At.Add(b.facts.Server(server).Clock.Or(0)), pki.SoonLeft
	return want
}

// judge gives all findings of a set, but those that rest on a clock which could not be read.
func (b *basis) judge(s topology.Server, set facts.Leaf) []pki.Finding {
	found := findingsOf(set, b.wantOf(s))
	if b.asked(s.Name) && !b.facts.Server(s.Name).Clock.IsKnown() {
		return timeless(found)
	}
	return found
}

// peersIn are the peers of a want that ask for something.
func peersIn(want pki.Want) Peers {
	var peers Peers
	if !readsAll(want.Owner) {
		peers.Owner = want.Owner
	}
	for _, reader := range want.Readers {
		if !readsAll(reader) {
			peers.Readers = append(peers.Readers, reader)
		}
	}
	return peers
}

func readsAll(r pki.Reader) bool { return r == pki.Reader{Who: r.Who, Host: r.Host} }

// judge judges a set for a condition that has kept names, usage and peers, at the clock of the server's host.
func (p Peers) judge(f facts.Facts, server topology.ServerName, names []string, usage pki.Usage, set facts.Leaf) flaw {
	clock, ok := f.Server(server).Clock.Get()
	if !ok {
		return flaw{verdict: notSeen(f.Server(server).Clock, "the clock of %s", server)}
	}
	found := findingsOf(set, pki.Want{
		Names: names, Usage: usage, Now: f.At.Add(clock), MinLeft: pki.SoonLeft, Owner: p.Owner, Readers: p.Readers,
	})
	return flaw{verdict: verdictOn(found), found: found}
}

// madeNames are the names that a certificate which is made here must carry: the inventory's address and, for a server that others replicate
// from, every string by which a channel names it, since that string is what the receiver compares.
func madeNames(links []Link, s topology.Server) []string {
	names := []string{s.Address}
	for _, l := range links {
		if l.Source == s.Name {
			names = append(names, l.Host)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// peersOf are the servers that are shown a server's certificate. Replicas compare the name by which they call it, if they are told to; a
// source compares no name.
func peersOf(c topology.Cluster, f facts.Facts, links []Link, server topology.ServerName) []pki.Reader {
	var peers []pki.Reader
	for _, l := range links {
		switch server {
		case l.Source:
			peer := readerOf(f, l.Channel.Server).Calling(l.Host)
			peer.CommonNameOnly = peer.CommonNameOnly && c.TLS.Verify == topology.VerifyIdentity
			peers = append(peers, peer)
		case l.Channel.Server:
			peer := readerOf(f, l.Source)
			peer.CommonNameOnly = false
			peers = append(peers, peer)
		}
	}
	return peers
}

// kindDefects tells where a server does not read the key of the authority that is here: no certificate of it would do there.
func (b *basis) kindDefects() []defect {
	bundle, err := pki.ParseBundle([]byte(b.facts.Store.Or(facts.Store{}).CA.Or("")))
	if err != nil {
		return nil // none is there yet
	}
	var defects []defect
	for _, s := range b.cluster.Servers {
		for _, cert := range bundle {
			if reader := readerOf(b.facts, s.Name); !reader.ReadsKeyOf(cert) {
				defects = append(defects, defectOf(s.Name, pki.Told{
					Code: pki.CodeKeyKind, File: pki.FileCA, Cure: "make an authority with an RSA key in another folder: --pki DIR",
					Reason: fmt.Sprintf("the key of the authority is %s, which %s does not read", pki.KindOfKey(cert.PublicKey), reader.Who),
				}))
			}
		}
	}
	return defects
}

// byItsClock tells of a clock that is wrong, or not known, where a finding rests on it.
func byItsClock(f facts.Facts, server topology.ServerName, code pki.Code) string {
	if !code.RestsOnClock() {
		return ""
	}
	switch clock, ok := f.Server(server).Clock.Get(); {
	case !ok:
		return " (by the clock of this machine: that of " + string(server) + " was not seen)"
	case clock != 0:
		return " (the clock of " + string(server) + " is " + differs(clock) + ")"
	}
	return ""
}

func (b *basis) byItsClock(server topology.ServerName, code pki.Code) string {
	return byItsClock(b.facts, server, code)
}
