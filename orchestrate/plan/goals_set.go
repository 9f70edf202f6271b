package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// SetReads holds when a server that runs with the files of its TLS dir, or whose next start reads them, could read them as they stand: what it
// serves does not show that, since it read them once. Of other files that our option file names it holds when the next start could use them.
type SetReads struct {
	Server topology.ServerName
	Cert   string // the certificate file of the TLS dir
}

func (SetReads) condition() {}

// Look needs the files, and which of them the server runs with and would start with.
func (g SetReads) Look() facts.Look {
	return lookAt(g.Server, facts.PartInstance|facts.PartFiles|facts.PartSettings|facts.PartConfig)
}

// Holds judges the set in use.
func (g SetReads) Holds(f facts.Facts) Verdict {
	running, ok := f.Server(g.Server).Settings.Get()
	next := startsWith(f, g.Server)
	switch {
	case !ok:
		return notSeen(f.Server(g.Server).Settings, "the TLS settings of %s", g.Server)
	case running.Cert == g.Cert || next.Value == g.Cert:
		return g.set(f)
	case isOwn(f, g.Server, next):
		return startable(f, g.Server)
	}
	return yes()
}

// startsWith is the setting that gives the next start its certificate, without a value where there is none or it was not seen.
func startsWith(f facts.Facts, server topology.ServerName) facts.Setting {
	d, err := dialectOf(f, server)
	if err != nil {
		return facts.Setting{}
	}
	return d.Winners(f.Server(server).Config.Or(facts.Config{}).Settings)["ssl_cert"]
}

// isOwn says that a setting stands in our option file.
func isOwn(f facts.Facts, server topology.ServerName, s facts.Setting) bool {
	own := f.Server(server).Config.Or(facts.Config{}).OwnPath
	return own != "" && strings.HasPrefix(s.Place, own+":")
}

// startable judges files that the next start reads, and that are not in the TLS dir.
func startable(f facts.Facts, server topology.ServerName) Verdict {
	if faults := startFaults(f, server); len(faults) > 0 {
		return no("%s could not start with the files that it is given: %s", server, strings.Join(faults, "; ")).hinting(mendStart)
	}
	return yes()
}

const mendStart = "with its next start the server would fail: apply lays down a set that is good, in the TLS dir of the inventory"

func (g SetReads) set(f facts.Facts) Verdict {
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
	return fmt.Sprintf("%s could read the certificate files that it runs with, and starts with, again", g.Server)
}
