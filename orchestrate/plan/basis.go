package plan

import (
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// basis is what everything is decided by: what shall be, what was seen, and which channel leads where.
type basis struct {
	cluster topology.Cluster
	facts   facts.Facts
	links   []Link // one a replica, in the order of the inventory
	renewal Renewal

	succeeds       bool          // another authority is to take the place of the one that is there
	succeedsWithin time.Duration // if that ends within this time; zero: whenever it ends
}

func (b *basis) server(name topology.ServerName) topology.Server {
	s, _ := b.cluster.Server(name)
	return s
}

func (b *basis) linksFrom(source topology.ServerName) []Link {
	var links []Link
	for _, l := range b.links {
		if l.Source == source {
			links = append(links, l)
		}
	}
	return links
}

// dir is the TLS dir of a server as far as it was seen.
func (b *basis) dir(s topology.Server) facts.TLSDir {
	return b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
}

func (b *basis) currentSet(s topology.Server) int { return b.dir(s).Current }

// given are the server's own files on this machine.
func (b *basis) given(server topology.ServerName) facts.Value[facts.Leaf] {
	return b.facts.Store.Or(facts.Store{}).Given[server]
}

// ownFiles says that the servers use files that somebody else made.
func (b *basis) ownFiles() bool { return b.cluster.TLS.Source == topology.SourceFiles }
