package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// SetReads holds when a server that runs with the files of its TLS dir could read them again as they stand: what it serves does not show that,
// since it read them once.
type SetReads struct {
	Server topology.ServerName
	Cert   string // the certificate file of the TLS dir
}

func (SetReads) condition() {}

// Look needs the files, and which of them the server runs with.
func (g SetReads) Look() facts.Look { return lookAt(g.Server, facts.PartFiles|facts.PartSettings) }

// Holds judges the set in use.
func (g SetReads) Holds(f facts.Facts) Verdict {
	running, ok := f.Server(g.Server).Settings.Get()
	switch {
	case !ok:
		return notSeen(f.Server(g.Server).Settings, "the TLS settings of %s", g.Server)
	case running.Cert != g.Cert:
		return yes()
	}
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	v := readsAgain(f, g.Server, dir.Current)
	if v.Fails() {
		return v.hinting("with its next start, or reload, the server would fail: apply lays down a set that is good")
	}
	return v
}

func (g SetReads) String() string {
	return fmt.Sprintf("%s could read the certificate files that it runs with again", g.Server)
}
