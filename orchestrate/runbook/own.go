package runbook

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// ownFiles are the files that the inventory names for a server, on the person's machine.
type ownFiles struct {
	topology.Given
	Run, Unpack, KeyDigest string
	Names                  []nameCheck
}

// sendOwn packs them under the names that they have on the host. The key is never copied here.
func (w *writer) sendOwn(a plan.InstallSet, unpack string) (string, error) {
	return w.texts.Fill("send-own", ownFiles{Given: w.server(a.Server).Given, Run: w.run(a.Server), Unpack: unpack})
}

func (w *writer) givenReady(c plan.GivenReady) (check, error) {
	leaf := w.facts.Store.Or(facts.Store{}).Given[c.Server].Or(facts.Leaf{})
	return w.shown("given-ready", ownFiles{Given: w.server(c.Server).Given, KeyDigest: leaf.KeyDigest, Names: nameChecks(c.Names)})
}

// hasCRL says that the set which an action lays down has a list of revoked certificates.
func (w *writer) hasCRL(a plan.InstallSet) bool {
	return a.Given != "" && w.server(a.Server).Given.CRL != ""
}
