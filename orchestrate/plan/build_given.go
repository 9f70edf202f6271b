package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// givenNames are the names that a server's own certificate must carry: every string by which a channel names the server, where receivers
// compare it; and, where a server that nobody replicates from yet is to serve TLS too, its address.
func givenNames(c topology.Cluster, links []Link, s topology.Server) []string {
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

// givenUsage is the end of a connection at which a server shows its own certificate. Its peers refuse one that may not be used there.
func givenUsage(c topology.Cluster, s topology.Server) pki.Usage {
	serves := c.TLS.Servers == topology.ServersAll || c.IsSource(s.Name)
	switch {
	case serves && s.Source != "":
		return pki.UsageBoth
	case serves:
		return pki.UsageServer
	}
	return pki.UsageClient
}

// givenDefects is all that is wrong with the servers' own files, each by itself and at both ends of each channel.
func (b *basis) givenDefects() []defect {
	var defects []defect
	for _, s := range b.cluster.Servers {
		defects = append(defects, b.ownDefects(s)...)
	}
	defects = append(defects, b.clockDefects()...)
	bad := serversOf(defects)
	for _, l := range b.links {
		if !bad[l.Source] && !bad[l.Channel.Server] {
			defects = append(defects, b.trustDefects(l)...)
		}
	}
	for _, s := range b.cluster.Servers {
		if !bad[s.Name] {
			defects = append(defects, b.listDefects(s)...)
		}
	}
	return defects
}

// ownDefects is what forbids the use of a server's own files.
func (b *basis) ownDefects(s topology.Server) []defect {
	own := b.given(s.Name)
	leaf, ok := own.Get()
	if !ok {
		return []defect{{server: s.Name, text: "its own files cannot be used: " + whyNot(own), Told: b.refused(s, own)}}
	}
	var defects []defect
	for _, finding := range pki.Forbidding(b.judge(s, leaf)) {
		told := ofGiven(s, finding)
		told.Reason += b.byItsClock(s.Name, told.Code)
		defects = append(defects, defect{server: s.Name, Told: told, text: withCode(told)})
	}
	return defects
}

// refused names the file that cannot be used, by its own code where it has one.
func (b *basis) refused(s topology.Server, own facts.Value[facts.Leaf]) pki.Told {
	told := pki.Told{Code: CodeUnusable, File: s.Given.Cert, Reason: whyNot(own), Cure: own.Hint()}
	if file, ok := b.facts.Store.Or(facts.Store{}).Refused[s.Name]; ok {
		told.File, told.Reason = file.Path, file.Why
		told.Code = cmp.Or(pki.Code(file.Code), CodeUnusable)
	}
	return told
}

func withCode(f pki.Told) string { return fmt.Sprintf("%s: %s", f.Code, f) }

// ofGiven tells a finding by the operator's names of the files.
func ofGiven(s topology.Server, finding pki.Finding) pki.Told {
	return finding.In(pki.Names{
		pki.FileCA: s.Given.CA, pki.FileCert: s.Given.Cert, pki.FileKey: s.Given.Key, pki.FileChain: s.Given.Chain, pki.FileCRL: s.Given.CRL,
	})
}

// planGivenSet lays a server's own files down on its host.
func (b *builder) planGivenSet(s topology.Server) {
	version := b.givenVersion(s)
	b.sets[s.Name] = version
	goal := b.setInUse(s, version)
	step := b.fileStep(s, version)
	ready := GivenReady{Server: s.Name, Digest: goal.Given, Names: goal.Names, Usage: goal.Usage, Peers: goal.Peers}
	step.Guards = append([]Guard{{Condition: ready}}, step.Guards...)
	b.readAtOnce(s, &step)
	b.add(step)
}

// readAtOnce lets a server read a set at once whose certificate it shows already: no handshake would tell later that it has not read the rest,
// which are the authorities that it trusts and the list of revoked certificates.
func (b *builder) readAtOnce(s topology.Server, step *Step) {
	seen := b.facts.Server(s.Name)
	own := b.given(s.Name).Or(facts.Leaf{})
	if !b.servesTLS(s.Name) || !b.readsOurFiles(s) || !b.reloads(s) || !sameLeaf(seen.ServedTLS.Or(facts.ServedTLS{}).Chain, own.Cert) {
		return
	}
	step.Actions = append(step.Actions, ReloadTLS{Server: s.Name})
	step.Rescue = append(slices.Clone(step.Rescue), ReloadTLS{Server: s.Name})
}

// givenVersion is the version on the host that is made of the server's own files: the one in use if it is, else the newest; and where none
// can be used, the one after all that exist.
func (b *basis) givenVersion(s topology.Server) int {
	dir := b.dir(s)
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
func (b *basis) givenDigest(s topology.Server) string {
	if own, ok := b.given(s.Name).Get(); ok && b.ownFiles() {
		return own.Digest()
	}
	return ""
}
