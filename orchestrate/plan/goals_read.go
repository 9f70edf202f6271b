package plan

import (
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// readAnew is what helps where nobody knows what a server has read.
func readAnew(f facts.Facts, server topology.ServerName) string {
	const apply = "apply lets the server read its files again"
	switch d, err := dialectOf(f, server); {
	case err != nil: // nobody looked at its version
		return apply
	case !d.FilesReload():
		return apply + "; by hand: a restart"
	default:
		return apply + "; by hand: " + d.ReloadTLS().String()
	}
}

// hasRead judges, of a server that shows the certificate of its set, whether it has read the rest of the set: the authorities that it trusts and
// the list of revoked certificates. A handshake tells, unless another set has the same certificate; then the journal does.
func (g Serves) hasRead(f facts.Facts, dir facts.TLSDir) Verdict {
	twin := twinOf(dir)
	if set, _ := dir.CurrentSet(); twin == 0 || f.Marks.Read[g.Server] == set.Digest() {
		return yes()
	}
	return no("whether %s has read certificate set %d is not known: set %d has the same certificate, with other authorities or another list of revoked certificates",
		g.Server, dir.Current, twin).hinting(readAnew(f, g.Server))
}

// twinOf is another set with the certificate of the one in use, 0 for none.
func twinOf(dir facts.TLSDir) int {
	current, _ := dir.CurrentSet()
	for _, version := range sortedKeys(dir.Sets) {
		if set := dir.Sets[version]; version != dir.Current && set.Digest() != current.Digest() && sameLeaf(set.Cert, current.Cert) {
			return version
		}
	}
	return 0
}
