package plan

import (
	"fmt"

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

// trustDefects tells where an end of a channel would refuse what the other end shows: with the files that are to be used, and, where the channel
// rests on our files already, also at the moments at which one end has the new files and the other end the former ones.
func (b *basis) trustDefects(l Link) []defect {
	replica, source := b.ends(l)
	defects := b.endDefects(replica, source)
	formerReplica, formerSource, used := b.formerEnds(l)
	if len(defects) > 0 || !used {
		return defects
	}
	return append(b.endDefects(formerReplica, source), b.endDefects(replica, formerSource)...)
}

func (b *basis) ends(l Link) (replica, source end) {
	replica = end{server: b.server(l.Channel.Server), usage: pki.UsageClient, set: b.given(l.Channel.Server).Or(facts.Leaf{})}
	source = end{server: b.server(l.Source), usage: pki.UsageServer, set: b.given(l.Source).Or(facts.Leaf{})}
	return replica, source
}

// formerEnds are the ends of a channel as they are now, where both use a set in our folders.
func (b *basis) formerEnds(l Link) (replica, source end, used bool) {
	channel, _ := b.facts.Channel(l.Channel).Get()
	replica, source = b.ends(l)
	atReplica, one := b.dir(replica.server).CurrentSet()
	atSource, two := b.dir(source.server).CurrentSet()
	replica.set, replica.former = leafOf(atReplica), true
	source.set, source.former = leafOf(atSource), true
	ours := channel.TLS.Enabled && channel.TLS.CA == currentFile(replica.server, pki.FileCA) && b.readsOurFiles(source.server)
	return replica, source, one && two && ours
}

func (b *basis) endDefects(replica, source end) []defect {
	return append(b.shownDefects(source, replica), b.shownDefects(replica, source)...)
}

// shownDefects judges what one end shows by the authorities and the clock of the other.
func (b *basis) shownDefects(shows, checks end) []defect {
	forbidding := pki.Forbidding(findingsOf(
		facts.Leaf{CA: checks.set.CA, CRL: checks.set.CRL, Cert: shows.set.Cert}, b.wantShown(shows.usage, checks.server.Name)))
	if len(forbidding) == 0 {
		return nil
	}
	told, text := ofEnds(shows, checks, forbidding[0]), fmt.Sprintf("it would refuse what %s shows: ", shows.server.Name)
	if shows.former || checks.former {
		told.Cure, text = moveInPhases, "while the files change "+text
	}
	told.Reason += b.byItsClock(checks.server.Name, told.Code)
	found := defect{server: checks.server.Name, Told: told, text: text + withCode(told)}
	found.Reason = text + told.Reason
	return []defect{found}
}

// moveInPhases is how a cluster gets from one authority to another without a moment at which an end is refused.
const moveInPhases = "change the authority in three runs of apply: the former certificates with both authorities in the file of tls.ca; then the new certificates; " +
	"then the file without the former authority"

// ofEnds tells a finding by where the files are: the certificate is that of one end, the authorities are those of the other.
func ofEnds(shows, checks end, finding pki.Finding) pki.Told {
	return finding.In(pki.Names{
		pki.FileCert: shows.path(pki.FileCert, shows.server.Given.Cert), pki.FileChain: shows.server.Given.Chain,
		pki.FileCA: checks.path(pki.FileCA, checks.server.Given.CA), pki.FileCRL: checks.path(pki.FileCRL, checks.server.Given.CRL),
	})
}

// path is where a file of the end's set is: on this machine, or on the host.
func (e end) path(file pki.File, given string) string {
	if e.former {
		return onHost(e.server, currentFile(e.server, string(file)))
	}
	return given
}
