package plan

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// crlOf is the path of the list of revoked certificates that comes with the server's own files; empty where there is none.
func (b *builder) crlOf(s topology.Server) string {
	if b.cluster.TLS.Source != topology.SourceFiles || b.facts.Store.Or(facts.Store{}).Given[s.Name].Or(facts.Leaf{}).CRL == "" {
		return ""
	}
	return currentFile(s, pki.FileCRL)
}

// checkCRLStays blocks where a list would be taken from under a server or receiver that has been told to read it: a receiver could not
// connect any more, and a server not start.
func (b *builder) checkCRLStays(s topology.Server) {
	ours := currentFile(s, pki.FileCRL)
	if b.crlOf(s) == ours {
		return
	}
	const hint = "name a list again (tls.crl); one without an entry revokes nothing"
	if b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{}).CRL == ours {
		b.block(s.Name, hint, "it reads %s, and its own files have no list of revoked certificates any more", ours)
	}
	for _, l := range b.links {
		if channel, _ := b.facts.Channel(l.Channel).Get(); l.Channel.Server == s.Name && channel.TLS.CRL == ours {
			b.block(s.Name, hint, "channel %s reads %s, and its own files have no list of revoked certificates any more", l.Channel, ours)
		}
	}
}
