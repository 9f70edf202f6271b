package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// crlOf is the path of the list of revoked certificates that comes with the server's own files; empty where there is none.
func (b *basis) crlOf(s topology.Server) string {
	if !b.ownFiles() || b.given(s.Name).Or(facts.Leaf{}).CRL == "" {
		return ""
	}
	return currentFile(s, pki.FileCRL)
}

// listDefects tells of a list that would be taken from under a server or receiver that has been told to read it: a receiver could not connect
// any more, and a server not start.
func (b *basis) listDefects(s topology.Server) []defect {
	ours := currentFile(s, pki.FileCRL)
	if b.crlOf(s) == ours {
		return nil
	}
	var readers []string
	if b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{}).CRL == ours {
		readers = append(readers, "it")
	}
	for _, l := range b.links {
		if channel, _ := b.facts.Channel(l.Channel).Get(); l.Channel.Server == s.Name && channel.TLS.CRL == ours {
			readers = append(readers, fmt.Sprintf("channel %s", l.Channel))
		}
	}
	var defects []defect
	for _, reader := range readers {
		defects = append(defects, defectOf(s.Name, pki.Told{
			Code: CodeCRLTaken, File: onHost(s, ours), Cure: "name a list again (tls.crl); one without an entry revokes nothing",
			Reason: fmt.Sprintf("%s reads %s, and its own files have no list of revoked certificates any more", reader, ours),
		}))
	}
	return defects
}
