package plan

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Phase is one of the three in which a cluster changes from one authority to another. Each is done on every server, and proven, before the next
// begins; servers of two phases that follow each other trust each other.
type Phase int

// The phases.
const (
	NoPhase     Phase = iota
	PhaseTrust        // every server gets to trust both authorities
	PhaseLeaves       // every server gets a certificate of the new one
	PhaseForget       // every server gets to trust the new one alone
)

func (p Phase) String() string {
	switch p {
	case PhaseTrust:
		return "phase 1 of 3: trust both authorities"
	case PhaseLeaves:
		return "phase 2 of 3: certificates of the new authority"
	case PhaseForget:
		return "phase 3 of 3: trust the new authority alone"
	case NoPhase:
	}
	return "no phase"
}

// PhaseOf is the phase that is under way, by what stands on the hosts and in the local folder, or the one that comes next; NoPhase where the run that
// was begun for it, and did not end, has done all of it.
func PhaseOf(c topology.Cluster, f facts.Facts) Phase {
	b := basis{cluster: c, facts: f, succeeds: true}
	return b.phase()
}

func (b *basis) phase() Phase {
	if !b.succeeds {
		return NoPhase
	}
	phase := b.pendingPhase()
	if begun := Phase(b.facts.Marks.Succeeding); begun != NoPhase && begun != phase {
		return NoPhase
	}
	return phase
}

func (b *basis) pendingPhase() Phase {
	store := b.facts.Store.Or(facts.Store{})
	switch {
	case b.anyServer(b.lacksTrust):
		return PhaseTrust
	case b.anyServer(b.hasFormerLeaf):
		return PhaseLeaves
	case b.anyServer(b.trustsMore):
		return PhaseForget
	case store.Next != "":
		return PhaseLeaves
	case store.Former != "":
		return PhaseForget
	}
	if ca := leafIn(store.Issuer); ca != nil && b.succeedsWithin > 0 && ca.NotAfter.Sub(b.facts.At) > b.succeedsWithin {
		return NoPhase
	}
	return PhaseTrust
}

func (b *basis) anyServer(is func(topology.Server) bool) bool {
	return slices.ContainsFunc(b.cluster.Servers, is)
}

func authoritiesIn(text string) []*x509.Certificate {
	bundle, err := pki.ParseBundle([]byte(text))
	if err != nil {
		return nil
	}
	return bundle
}

// beyond are the certificates of the first bundle that the second lacks.
func beyond(one, other string) []*x509.Certificate {
	there := authoritiesIn(other)
	return slices.DeleteFunc(authoritiesIn(one), func(cert *x509.Certificate) bool { return slices.ContainsFunc(there, cert.Equal) })
}

// lacksTrust says that the set in use does not trust all authorities of the local folder.
func (b *basis) lacksTrust(s topology.Server) bool {
	set, used := b.dir(s).CurrentSet()
	return used && len(beyond(b.facts.Store.Or(facts.Store{}).CA.Or(""), set.CA)) > 0
}

// trustsMore says that the set in use trusts others, too.
func (b *basis) trustsMore(s topology.Server) bool {
	set, used := b.dir(s).CurrentSet()
	return used && len(beyond(set.CA, b.facts.Store.Or(facts.Store{}).CA.Or(""))) > 0
}

// hasFormerLeaf says that the certificate in use is not of the authority that issues.
func (b *basis) hasFormerLeaf(s topology.Server) bool {
	cert := b.inUse(s)
	return cert != nil && !isIssuedBy(cert, b.facts.Store.Or(facts.Store{}).Issuer)
}

func isIssuedBy(cert *x509.Certificate, authority string) bool {
	return issuedBy([]*x509.Certificate{cert}, authority)
}

// succeededBy is the authority that issues when the phase of the certificates has begun.
func (b *basis) succeededBy() string {
	store := b.facts.Store.Or(facts.Store{})
	if store.Next != "" {
		return store.Next
	}
	return store.Issuer
}

// succeedsLeaf says that the certificate in use makes room for one of the new authority.
func (b *basis) succeedsLeaf(s topology.Server) bool {
	cert := b.inUse(s)
	return b.phase() == PhaseLeaves && cert != nil && !isIssuedBy(cert, b.succeededBy())
}

// planSuccession adds what a phase takes beside new certificates.
func (b *builder) planSuccession(kind pki.KeyKind) {
	phase := b.phase()
	switch phase {
	case NoPhase, PhaseLeaves:
		return
	case PhaseTrust:
		b.planPrepare(kind)
	case PhaseForget:
		b.planRetire()
	}
	for _, s := range b.cluster.Servers {
		trusts := TrustsFolder{Server: s.Name}.Holds(b.facts).Holds() && !b.has("prepare") && !b.has("retire")
		if _, used := b.dir(s).CurrentSet(); used && !trusts {
			b.planTrust(s, phase)
		}
	}
}

func (b *builder) planPrepare(kind pki.KeyKind) {
	goal := Succession{}
	if b.anyServer(b.lacksTrust) || goal.Holds(b.facts).Holds() {
		return
	}
	b.add(Step{
		ID: "prepare", Target: Here, Title: fmt.Sprintf("make the next certificate authority with an %s key", kind),
		Reason: "another authority is to succeed the one in the local folder" + b.authorityEnds(),
		Goal:   goal, Deadline: localDeadline,
		Actions: []Action{PrepareAuthority{Cluster: b.cluster.Name, Key: kind}},
		Undo:    Undo{Reason: "it is a local file; it issues nothing until every server trusts it"},
	})
}

func (b *builder) authorityEnds() string {
	ca := leafIn(b.facts.Store.Or(facts.Store{}).Issuer)
	if ca == nil {
		return ""
	}
	return fmt.Sprintf(", which is good until %s", ca.NotAfter.UTC().Format(time.DateOnly))
}

// planPromote lets the next authority issue, once every server trusts it.
func (b *builder) planPromote() {
	if b.phase() != PhaseLeaves || b.facts.Store.Or(facts.Store{}).Next == "" {
		return
	}
	step := Step{
		ID: "promote", Target: Here, Title: "let the next certificate authority issue",
		Reason: "every server trusts it by now, beside the former one",
		Goal:   Promoted{}, Deadline: localDeadline,
		Actions: []Action{PromoteAuthority{}},
		Undo:    Undo{Reason: "both authorities are trusted everywhere, so that either may issue"},
		Impact:  "clients that check certificates have to trust the new authority by then: the folder's ca.pem has both",
	}
	for _, s := range b.cluster.Servers {
		step.Guards = append(step.Guards, b.isThere(s, TrustsFolder{Server: s.Name})...)
	}
	b.add(step)
}

// planRetire takes the former authority out of the bundle, once every server has a certificate of the new one, in use.
func (b *builder) planRetire() {
	store := b.facts.Store.Or(facts.Store{})
	if store.Former == "" || len(beyond(store.Former, store.CA.Or(""))) > 0 {
		return
	}
	step := Step{
		ID: "retire", Target: Here, Title: "take the former certificate authority out of the bundle",
		Reason: "every server has a certificate of the new one by now",
		Goal:   Retired{}, Deadline: localDeadline,
		Actions: []Action{RetireAuthority{}},
		Undo:    Undo{Reason: "it is a local file; what servers trust is in their own sets"},
		Impact:  "clients that show certificates of the former authority are refused: " + subjectsIn(store.Former),
	}
	for _, s := range b.cluster.Servers {
		step.Guards = append(step.Guards, b.isThere(s, IssuedBy{Server: s.Name, Authority: store.Issuer})...)
	}
	b.add(step)
}

func subjectsIn(bundle string) string {
	var names []string
	for _, cert := range authoritiesIn(bundle) {
		names = append(names, pki.SubjectOneLine(cert))
	}
	return pki.Printable(strings.Join(names, ", "))
}

// isThere is what shows that a phase is done on a server: its set, what it shows, and a login with what its receivers present.
func (b *builder) isThere(s topology.Server, is Condition) []Guard {
	guards := []Guard{{Condition: b.setInUse(s, b.currentSet(s))}, {Condition: is}}
	if b.servesTLS(s.Name) {
		guards = append(guards, Guard{Condition: Serves{Server: s.Name}})
	}
	for _, l := range b.links {
		if channel, _ := b.facts.Channel(l.Channel).Get(); l.Channel.Server == s.Name && channel.Receiver == facts.Yes {
			guards = append(guards, Guard{Condition: Attached{l}}, Guard{Condition: PresentsSet{l}})
		}
	}
	return guards
}

// planForget removes the former authority's key, when nobody trusts it any more.
func (b *builder) planForget() {
	if b.phase() != PhaseForget || b.facts.Store.Or(facts.Store{}).Former == "" {
		return
	}
	step := Step{
		ID: "forget", Target: Here, Title: "remove the former certificate authority with its key",
		Reason: "no server trusts it any more",
		Needs:  slices.Concat([]string{"retire"}, b.stepIDs("files"), b.stepIDs("serve"), b.stepIDs("change"), b.stepIDs("wake"), b.stepIDs("resume")),
		Goal:   Forgotten{}, Deadline: localDeadline,
		Actions: []Action{ForgetAuthority{}},
		Undo:    Undo{Reason: "a key that is removed cannot be brought back"},
	}
	for _, s := range b.cluster.Servers {
		step.Guards = append(step.Guards, Guard{Condition: TrustsFolder{Server: s.Name}})
	}
	b.add(step)
}

// planTrust lays down a set that trusts what the local folder does, with the certificate that is in use.
func (b *builder) planTrust(s topology.Server, phase Phase) {
	from := b.currentSet(s)
	version := b.trustVersion(s)
	b.sets[s.Name] = version
	step := b.fileStep(s, version)
	step.Title = fmt.Sprintf("let %s trust both certificate authorities", s.Name)
	if phase == PhaseForget {
		step.Title = fmt.Sprintf("let %s trust the new certificate authority alone", s.Name)
	}
	step.Reason = "its set " + fmt.Sprint(from) + " is from before"
	step.Needs = []string{"prepare", "retire"}
	step.Goal = All(step.Goal, TrustsFolder{Server: s.Name})
	trust := TrustSet{Server: s.Name, Dir: s.TLSDir, Version: version, From: from, Owner: b.facts.Server(s.Name).Process.Or(facts.Process{}).OSUser}
	for i, action := range step.Actions {
		if _, installs := action.(InstallSet); installs {
			step.Actions[i] = trust
		}
	}
	b.add(step)
}

// trustVersion is the one after all that exist here and on the host.
func (b *basis) trustVersion(s topology.Server) int {
	_, last := b.waitingLeaf(s)
	return last + 1
}

// isSucceeding says that two bundles differ as they do while one authority takes the place of another: one of them has all of the other's.
func (b *basis) isSucceeding(here, there string) bool {
	lacks, more := len(beyond(here, there)), len(beyond(there, here))
	return lacks+more > 0 && (lacks == 0 || more == 0) && len(authoritiesIn(there)) > 0
}
