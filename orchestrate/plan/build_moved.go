package plan

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// movedWith are the links whose receivers check the certificate of their source and, with the options that they have, would refuse the one
// that it is about to serve: at their next reconnect, if not at once. What a channel trusts is known where it reads our own set; anything
// else is taken not to trust it.
func (b *builder) movedWith(s topology.Server) []Link {
	if (Serves{Server: s.Name}).Holds(b.facts).Holds() && !b.has(stepID("files", s.Name)) {
		return nil // what it shows stays the same
	}
	var links []Link
	for _, l := range b.linksFrom(s.Name) {
		channel, _ := b.facts.Channel(l.Channel).Get()
		checks := b.dialect(l.Channel.Server).Checks(channel.TLS) != dialect.VerifiesNothing
		if checks && channel.TLS.CA != currentFile(b.server(l.Channel.Server), "ca.pem") {
			links = append(links, l)
		}
	}
	return links
}

// move lets channels change in the step in which their source changes its certificate, so that no receiver is left that could not connect
// again, and gives what takes that back. No login can be tried before: the source does not serve the new certificate yet. So all that a change
// looks at besides is looked at, and what does not work is taken back with the server.
func (b *builder) move(step *Step, former formerServer) (back []Action) {
	s := former.server
	links := b.movedWith(s)
	if len(links) == 0 {
		return nil
	}
	goals, rescued := []Condition{step.Goal}, []Condition{step.Rescued}
	names := make([]string, len(links))
	for i, l := range links {
		channel, _ := b.facts.Channel(l.Channel).Get()
		if b.isLeft(l) {
			b.block(s.Name, "name it too, or go without --only and --limit",
				"%s, which is not meant, has to change with it: its options do not trust the new certificate", l.Channel)
		}
		goal := b.secured(l, channel)
		c := b.changeOf(goal, channel)
		step.Needs = append(step.Needs, stepID("files", l.Channel.Server))
		step.Guards = append(step.Guards, withoutTrial(b.channelGuards(goal, channel))...)
		step.Actions = append(step.Actions, c.there...)
		back = append(back, c.backWith(former)...)
		goals, rescued = append(goals, b.movedGoal(goal)), append(rescued, c.seenBack)
		names[i] = l.Channel.String()
		b.moved[l.Channel] = true
	}
	step.Goal, step.Rescued = All(goals...), All(rescued...)
	step.Found = b.threadsOf(slices.Concat(b.disturbedBy(s), channelsOf(links))...)
	step.Impact = joined(step.Impact, fmt.Sprintf("%s, whose options do not trust its new certificate, change with it%s: receiver and applier pause for a moment",
		strings.Join(names, ", "), atOnce(len(links))))
	return back
}

// atOnce says that the canaries of the policy do not go first.
func atOnce(channels int) string {
	if channels == 1 {
		return ""
	}
	return fmt.Sprintf(", all %d in one step, without a canary, and all are taken back where one fails", channels)
}

func channelsOf(links []Link) []facts.ChannelID {
	ids := make([]facts.ChannelID, len(links))
	for i, l := range links {
		ids[i] = l.Channel
	}
	return ids
}

// movedGoal asks for the proof, where it does not rest on a requirement that comes later.
func (b *builder) movedGoal(goal Secured) Condition {
	if b.shown(goal) {
		return goal
	}
	return Former{Link: goal.Link, Options: goal.Options, Threads: goal.Threads}
}

func withoutTrial(guards []Guard) []Guard {
	return slices.DeleteFunc(slices.Clone(guards), func(g Guard) bool { _, trial := g.Condition.(TrialWorks); return trial })
}

// optionsAfter are the options of a channel once the steps of the servers are done.
func (b *builder) optionsAfter(l Link) facts.TLSOptions {
	channel, _ := b.facts.Channel(l.Channel).Get()
	if b.moved[l.Channel] {
		return b.optionsOf(l, channel)
	}
	return channel.TLS
}

// newAuthorityImpact tells what clients of a server notice that serves TLS already: those that trust only its former authority refuse it.
func (b *builder) newAuthorityImpact(s topology.Server) string {
	served := b.facts.Server(s.Name).ServedTLS.Or(facts.ServedTLS{})
	chain, err := pki.ParseBundle([]byte(served.Chain))
	if err != nil || b.comesFromOurs(s, chain) {
		return ""
	}
	impact := fmt.Sprintf("clients that trust only the issuer of its former certificate refuse the new one: it served %s, issued by %s",
		pki.SubjectOneLine(chain[0]), pki.IssuerOneLine(chain[0]))
	if b.cluster.TLS.Source != topology.SourceFiles {
		impact += " (to keep it: tls.source: files in the inventory)"
	}
	return impact
}

// comesFromOurs says that one of the certificates was issued by an authority that the server's sets name.
func (b *builder) comesFromOurs(s topology.Server, chain []*x509.Certificate) bool {
	store := b.facts.Store.Or(facts.Store{})
	texts := []string{store.CA.Or(""), store.Given[s.Name].Or(facts.Leaf{}).CA}
	for _, set := range b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{}).Sets {
		texts = append(texts, set.CA)
	}
	return slices.ContainsFunc(texts, func(text string) bool { return issuedBy(chain, text) })
}

func issuedBy(chain []*x509.Certificate, bundle string) bool {
	authorities, err := pki.ParseBundle([]byte(bundle))
	if err != nil {
		return false
	}
	for _, cert := range chain {
		if slices.ContainsFunc(authorities, func(a *x509.Certificate) bool {
			return bytes.Equal(cert.RawIssuer, a.RawSubject) && cert.CheckSignatureFrom(a) == nil
		}) {
			return true
		}
	}
	return false
}

func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), "; ")
}
