package plan

import (
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
func wantOf(c topology.Cluster, f facts.Facts, links []Link, s topology.Server) pki.Want {
	want := pki.Want{Names: madeNames(links, s), Now: clockOf(f, s.Name), Owner: readerOf(f, s.Name), Readers: peersOf(c, f, links, s.Name)}
	if c.TLS.Source == topology.SourceFiles {
		want.Names, want.Usage = GivenNames(c, links, s), GivenUsage(c, s)
	}
	return want
}

func (b *builder) wantOf(s topology.Server) pki.Want { return wantOf(b.cluster, b.facts, b.links, s) }

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

// want is what a condition judges by that has kept names, usage and peers.
func (p Peers) want(names []string, usage pki.Usage, now time.Time) pki.Want {
	return pki.Want{Names: names, Usage: usage, Now: now, Owner: p.Owner, Readers: p.Readers}
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
			peer := readerOf(f, l.Channel.Server)
			peer.Host = l.Host
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

// checkAuthorityKind blocks where a server does not read the key of the authority that is here: no certificate of it would do there.
func (b *builder) checkAuthorityKind() {
	bundle, err := pki.ParseBundle([]byte(b.facts.Store.Or(facts.Store{}).CA.Or("")))
	if err != nil {
		return // none is there yet
	}
	for _, s := range b.cluster.Servers {
		for _, cert := range bundle {
			if reader := readerOf(b.facts, s.Name); !reader.ReadsKeyOf(cert) {
				b.block(s.Name, "make an authority with an RSA key in another folder: --pki DIR",
					"the key of the authority is %s, which %s does not read", pki.KindOfKey(cert.PublicKey), reader.Who)
			}
		}
	}
}

// checkClocksSeen blocks where the clock of a host is not known: files that are to be copied could be over there, or not valid yet.
func (b *builder) checkClocksSeen() {
	for _, s := range b.cluster.Servers {
		if clock := b.facts.Server(s.Name).Clock; !clock.IsKnown() {
			b.block(s.Name, clock.Hint(), "whether certificates are valid by its clock is not known: %s", whyNot(clock))
		}
	}
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

func (b *builder) byItsClock(server topology.ServerName, code pki.Code) string {
	return byItsClock(b.facts, server, code)
}
