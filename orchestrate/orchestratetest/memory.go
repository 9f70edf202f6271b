package orchestratetest

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// refusedBy is what a receiver meets whose certificate its source refuses: by the authorities and the lists that the source has read, whatever
// stands in its files by now.
func (w *World) refusedBy(s *server, c *channel, source *server) facts.ThreadError {
	set, used := s.dir.CurrentSet()
	if !used || c.TLS.Cert != w.dirOf(s)+"/current/cert.pem" || source.trusts == "" {
		return facts.ThreadError{}
	}
	shown := pki.JudgeFiles(pki.Files{CA: []byte(source.trusts), CRL: []byte(source.revoked), Cert: []byte(set.Cert)}, pki.Want{Usage: pki.UsageClient, Now: w.now})
	for _, finding := range pki.Forbidding(shown) {
		return facts.ThreadError{Number: 2013, Text: "Lost connection to server at 'reading authorization packet': " + finding.String()}
	}
	return facts.ThreadError{}
}
