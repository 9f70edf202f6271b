package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Renewal asks for new certificates in the place of good ones, and for nothing else: a plan that would do other work besides is blocked. The zero
// value asks for none. Where servers use their own files there is nothing to make, and it asks for what those files say by now.
type Renewal struct {
	Servers []topology.ServerName // whose certificates are renewed

	// Within leaves those alone that are good for longer; zero leaves none alone.
	Within time.Duration
}

func (r Renewal) isZero() bool { return len(r.Servers) == 0 }

func (r Renewal) covers(server topology.ServerName) bool { return slices.Contains(r.Servers, server) }

// renews says that the certificate in use is to make room for a new one, good or not.
func (b *basis) renews(s topology.Server) bool {
	if b.succeedsLeaf(s) {
		return true
	}
	cert := b.inUse(s)
	if cert == nil || b.ownFiles() || !b.renewal.covers(s.Name) {
		return false
	}
	isNew := !cert.NotBefore.Before(pki.ValidFrom(b.renewedSince()).Truncate(time.Second))
	return !isNew && (b.renewal.Within == 0 || cert.NotAfter.Sub(b.facts.At) <= b.renewal.Within)
}

// renewedSince is when the renewal began: what was made since is new, and stays. One that goes on with a run that did not end well began with it.
func (b *basis) renewedSince() time.Time {
	if since := b.facts.Marks.Renewing; !since.IsZero() {
		return since
	}
	return b.facts.At
}

// checkAuthorityLasts blocks where a new certificate would be due again at once, since none outlives its authority.
func (b *builder) checkAuthorityLasts() {
	ca := leafIn(b.facts.Store.Or(facts.Store{}).CA.Or(""))
	if ca == nil || b.renewal.Within == 0 || ca.NotAfter.Sub(b.facts.At) > b.renewal.Within || !slices.ContainsFunc(b.cluster.Servers, b.renews) {
		return
	}
	b.block(Here, "the authority has to be replaced first: replssl rotate ca", "the authority expires at %s, and no certificate outlives it",
		ca.NotAfter.UTC().Format(time.RFC3339))
}

// checkRenewal blocks a renewal that would do other work: whoever runs it unattended has not agreed to that.
func (b *builder) checkRenewal() {
	if b.renewal.isZero() && !b.succeeds {
		return
	}
	if since := b.facts.Marks.Renewing; !b.renewal.isZero() && !since.IsZero() {
		b.warnOf(Here, "it goes on with the renewal that began at %s and did not end well: certificates that were made since stay", since.UTC().Format(time.RFC3339))
	}
	var others []string
	for _, step := range b.plan.Steps {
		if slices.ContainsFunc(step.Actions, b.isOtherWork) {
			others = append(others, step.ID)
		}
	}
	if len(others) > 0 {
		b.block(Here, "carry that out first: replssl plan shows it, and replssl apply does it",
			"certificates can be renewed where nothing else is to be done, and there is: %s", strings.Join(others, ", "))
	}
}

func (b *builder) isOtherWork(action Action) bool {
	switch a := action.(type) {
	case PrepareAuthority, PromoteAuthority, RetireAuthority, ForgetAuthority, TrustSet:
		return !b.succeeds
	case IssueLeaf:
		return !b.succeeds && !b.renewal.covers(a.Leaf.Server)
	case InstallSet, SwitchSet, RepairSet, PruneSets, ReloadTLS, Restart:
		return !b.succeeds && !b.renewal.covers(a.Target())
	case StopThreads, StartThreads: // which a run that died has left, or which reconnect
		return false
	case CreateAuthority, UnswitchSet, WriteConfig, RemoveConfig, Persist, Unpersist, ChangeTLS, Require:
		return true
	}
	return true
}

// whyRenewed is why a good certificate makes room.
func (b *basis) whyRenewed(s topology.Server) string {
	if b.succeedsLeaf(s) {
		return fmt.Sprintf("the certificate in use, set %d, is of the former authority", b.currentSet(s))
	}
	until := b.inUse(s).NotAfter.UTC().Format(time.DateOnly)
	if b.renewal.Within > 0 {
		return fmt.Sprintf("the certificate in use, set %d, expires on %s", b.currentSet(s), until)
	}
	return fmt.Sprintf("the certificate in use, set %d, good until %s, is to be renewed", b.currentSet(s), until)
}

// PresentsSet holds when a login over TLS with the files on the replica's host works, and what the source got, if it asked for a certificate, is
// the one of the set in use. No server shows the certificate of a session that stands: so a fresh one is the proof that the new one is good.
type PresentsSet struct{ Link Link }

func (PresentsSet) condition() {}

// Look needs a login, and the files.
func (g PresentsSet) Look() facts.Look {
	look := TrialWorks(g).Look()
	look.Add(g.Link.Channel.Server, facts.PartFiles)
	return look
}

// Quick is the receiver: one that is not connected needs no login beside it.
func (g PresentsSet) Quick() Condition { return Connected(g) }

func (g PresentsSet) String() string {
	return fmt.Sprintf("a login of %s over TLS from %s to %s:%d works, and presents the certificate of the set in use", g.Link.User, g.Link.Channel.Server, g.Link.Host, g.Link.Port)
}

// Holds judges the login.
func (g PresentsSet) Holds(f facts.Facts) Verdict {
	if v := TrialWorks(g).Holds(f); !v.Holds() {
		return v
	}
	server := f.Server(g.Link.Channel.Server)
	set, _ := server.TLSDir.Or(facts.TLSDir{}).CurrentSet()
	cert := leafIn(set.Cert)
	trial := server.Trials[g.Link.Channel.Name].Or(facts.Trial{})
	switch {
	case !server.TLSDir.IsKnown():
		return notSeen(server.TLSDir, "the TLS dir of %s", g.Link.Channel.Server)
	case cert == nil:
		return no("%s uses no certificate set", g.Link.Channel.Server)
	case trial.Presented != "" && trial.Presented != fmt.Sprintf("%X", cert.SerialNumber):
		return no("the login from %s presented another certificate than the one of its set", g.Link.Channel.Server)
	}
	return yes()
}

// presentsSets are the proof of the certificates that receivers present, where renewing them is the job; a change of channels has its own.
func (b *builder) presentsSets(channels []facts.ChannelID) []Condition {
	var proofs []Condition
	for _, l := range b.links {
		channel, _ := b.facts.Channel(l.Channel).Get()
		if (!b.renewal.isZero() || b.succeeds) && slices.Contains(channels, l.Channel) && channel.Receiver == facts.Yes {
			proofs = append(proofs, PresentsSet{l})
		}
	}
	return proofs
}

// Expiry is when the certificate of a server ends.
type Expiry struct {
	Server  topology.ServerName `json:"server"`
	Expires time.Time           `json:"expires"`
}

// NextToExpire is the first certificate in use to end; nil where none was seen.
func NextToExpire(c topology.Cluster, f facts.Facts) *Expiry {
	b := basis{cluster: c, facts: f}
	var next *Expiry
	for _, s := range c.Servers {
		if cert := b.inUse(s); cert != nil && (next == nil || cert.NotAfter.Before(next.Expires)) {
			next = &Expiry{s.Name, cert.NotAfter.UTC()}
		}
	}
	return next
}
