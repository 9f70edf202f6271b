package plan

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// GivenFinding is what forbids the use of a server's own files.
type GivenFinding struct {
	Server   topology.ServerName
	pki.Told // by the operator's names of the files
}

func (g GivenFinding) String() string { return fmt.Sprintf("%s: %s: %s", g.Code, g.File, g.Reason) }

// GivenNames are the names that a server's own certificate must carry: every string by which a channel names the server, where receivers
// compare it; and, where a server that nobody replicates from yet is to serve TLS too, its address.
func GivenNames(c topology.Cluster, links []Link, s topology.Server) []string {
	if c.TLS.Verify == topology.VerifyChain {
		return nil
	}
	var names []string
	for _, l := range links {
		if l.Source == s.Name {
			names = append(names, l.Host)
		}
	}
	if len(names) == 0 && c.TLS.Servers == topology.ServersAll {
		names = []string{s.Address}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// GivenUsage is the end of a connection at which a server shows its own certificate. Its peers refuse one that may not be used there.
func GivenUsage(c topology.Cluster, s topology.Server) pki.Usage {
	serves := c.TLS.Servers == topology.ServersAll || c.IsSource(s.Name)
	switch {
	case serves && s.Source != "":
		return pki.UsageBoth
	case serves:
		return pki.UsageServer
	}
	return pki.UsageClient
}

// JudgeGiven judges the own files of a server that were read, at the clock of its host.
func JudgeGiven(c topology.Cluster, f facts.Facts, links []Link, s topology.Server) []GivenFinding {
	leaf, ok := f.Store.Or(facts.Store{}).Given[s.Name].Get()
	if !ok {
		return nil
	}
	findings, err := findingsOf(leaf, wantOf(c, f, links, s))
	if err != nil { // a file that was read is one that can be parsed
		return []GivenFinding{{Server: s.Name, Told: pki.Told{File: s.Given.Cert, Reason: err.Error()}}}
	}
	var found []GivenFinding
	for _, finding := range findings {
		found = append(found, ofGiven(s, finding))
	}
	return found
}

// ofGiven tells a finding by the operator's names of the files.
func ofGiven(s topology.Server, finding pki.Finding) GivenFinding {
	names := pki.Names{pki.FileCA: s.Given.CA, pki.FileCert: s.Given.Cert, pki.FileKey: s.Given.Key, pki.FileChain: s.Given.Chain, pki.FileCRL: s.Given.CRL}
	return GivenFinding{Server: s.Name, Told: finding.In(names)}
}

// planGiven lays each server's own files down on its host. All that is wrong with them is told before anything is copied.
func (b *builder) planGiven() {
	for _, s := range b.cluster.Servers {
		b.sets[s.Name] = b.currentSet(s)
		if own := b.facts.Store.Or(facts.Store{}).Given[s.Name]; !own.IsKnown() {
			b.block(s.Name, own.Hint(), "its own files cannot be used: %s", whyNot(own))
			continue
		}
		for _, finding := range JudgeGiven(b.cluster, b.facts, b.links, s) {
			b.block(s.Name, finding.Cure, "%s%s", finding, b.byItsClock(s.Name, finding.Code))
		}
	}
	b.checkClocksSeen()
	if b.isBlocked() {
		return
	}
	b.checkTrust()
	for _, s := range b.cluster.Servers {
		b.checkCRLStays(s)
	}
	if b.isBlocked() {
		return
	}
	for _, s := range b.cluster.Servers {
		b.planGivenSet(s)
	}
}

func (b *builder) planGivenSet(s topology.Server) {
	version := b.givenVersion(s)
	b.sets[s.Name] = version
	goal := b.setInUse(s, version)
	switch v := goal.Holds(b.facts); {
	case v.Unclear():
		b.block(s.Name, v.Hint(), "%s", v.Why())
	case v.Fails() && b.planRepair(s):
	case v.Fails() && b.checkDir(s):
		step := b.fileStep(s, version)
		step.Guards = []Guard{{Condition: GivenReady{Server: s.Name, Digest: goal.Given, Names: goal.Names, Usage: goal.Usage, Peers: goal.Peers}}}
		b.readAtOnce(s, &step)
		b.add(step)
	}
}

// readAtOnce lets a server read a set at once whose certificate it shows already: no handshake would tell later that it has not read the rest,
// which are the authorities that it trusts and the list of revoked certificates.
func (b *builder) readAtOnce(s topology.Server, step *Step) {
	seen := b.facts.Server(s.Name)
	own := b.facts.Store.Or(facts.Store{}).Given[s.Name].Or(facts.Leaf{})
	if !b.servesTLS(s.Name) || !b.readsOurFiles(s) || !sameLeaf(seen.ServedTLS.Or(facts.ServedTLS{}).Chain, own.Cert) {
		return
	}
	step.Actions = append(step.Actions, ReloadTLS{Server: s.Name})
	step.Rescue = append(slices.Clone(step.Rescue), ReloadTLS{Server: s.Name})
}

// givenVersion is the version on the host that is made of the server's own files: the one in use if it is, else the newest; and where none
// can be used, the one after all that exist.
func (b *builder) givenVersion(s topology.Server) int {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	last, same := 0, 0
	for version, set := range dir.Sets {
		last = max(last, version)
		if len(set.Faults) == 0 && set.Readable.Or(true) && normalDigest(leafOf(set)) == b.givenDigest(s) {
			same = max(same, version)
			if version == dir.Current {
				return version
			}
		}
	}
	if same > 0 {
		return same
	}
	return last + 1
}

// givenDigest is that of the server's own files; empty where certificates are made here.
func (b *builder) givenDigest(s topology.Server) string {
	if own, ok := b.facts.Store.Or(facts.Store{}).Given[s.Name].Get(); ok && b.cluster.TLS.Source == topology.SourceFiles {
		return own.Digest()
	}
	return ""
}
