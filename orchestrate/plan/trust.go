package plan

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// end is one end of a channel with the set that it has, or will have.
type end struct {
	server topology.Server
	set    facts.Leaf
	usage  pki.Usage // of its certificate on this channel
	former bool      // the set is the one in use now
}

// checkTrust blocks where an end of a channel would refuse what the other end shows: with the files that are to be used, and, where the
// channel rests on our files already, also at the moments at which one end has the new files and the other end the former ones.
func (b *builder) checkTrust() {
	for _, l := range b.links {
		replica, source := b.ends(l)
		b.checkEnds(replica, source)
		formerReplica, formerSource, used := b.formerEnds(l)
		if !used || b.isBlocked() {
			continue
		}
		b.checkEnds(formerReplica, source)
		b.checkEnds(replica, formerSource)
	}
}

func (b *builder) ends(l Link) (replica, source end) {
	given := b.facts.Store.Or(facts.Store{}).Given
	replica = end{server: b.server(l.Channel.Server), usage: pki.UsageClient, set: given[l.Channel.Server].Or(facts.Leaf{})}
	source = end{server: b.server(l.Source), usage: pki.UsageServer, set: given[l.Source].Or(facts.Leaf{})}
	return replica, source
}

// formerEnds are the ends of a channel as they are now, where both use a set in our folders.
func (b *builder) formerEnds(l Link) (replica, source end, used bool) {
	channel, _ := b.facts.Channel(l.Channel).Get()
	replica, source = b.ends(l)
	atReplica, one := b.facts.Server(l.Channel.Server).TLSDir.Or(facts.TLSDir{}).CurrentSet()
	atSource, two := b.facts.Server(l.Source).TLSDir.Or(facts.TLSDir{}).CurrentSet()
	replica.set, replica.former = leafOf(atReplica), true
	source.set, source.former = leafOf(atSource), true
	ours := channel.TLS.Enabled && channel.TLS.CA == currentFile(replica.server, pki.FileCA) && b.readsOurFiles(source.server)
	return replica, source, one && two && ours
}

func (b *builder) checkEnds(replica, source end) {
	b.checkShown(source, replica)
	b.checkShown(replica, source)
}

// checkShown judges what one end shows by the authorities and the clock of the other.
func (b *builder) checkShown(shows, checks end) {
	findings, err := findingsOf(
		facts.Leaf{CA: checks.set.CA, CRL: checks.set.CRL, Cert: shows.set.Cert},
		pki.Want{Usage: shows.usage, Now: clockOf(b.facts, checks.server.Name)})
	if err != nil {
		b.block(checks.server.Name, "", "whether it trusts %s is not known: %v", shows.server.Name, err)
		return
	}
	if len(findings) == 0 {
		return
	}
	if shows.former || checks.former {
		b.block(checks.server.Name, moveInPhases, "while the files change it would refuse what %s shows: %s", shows.server.Name, findings[0])
		return
	}
	about := ofEnds(shows.server, checks.server, findings[0])
	b.block(checks.server.Name, about.Cure, "it would refuse what %s shows: %s%s", shows.server.Name, about, b.byItsClock(checks.server.Name, about.Code))
}

// moveInPhases is how a cluster gets from one authority to another without a moment at which an end is refused.
const moveInPhases = "change the authority in three runs of apply: the former certificates with both authorities in the file of tls.ca; then the new certificates; " +
	"then the file without the former authority"

// ofEnds names the operator's files: the certificate is that of one end, the authorities are those of the other.
func ofEnds(shows, checks topology.Server, finding pki.Finding) GivenFinding {
	mixed := shows
	mixed.Given.CA, mixed.Given.CRL = checks.Given.CA, checks.Given.CRL
	return ofGiven(mixed, finding)
}
