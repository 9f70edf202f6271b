package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// HeededAlone holds when no other running server of the host reads our option file, and the group in it.
type HeededAlone struct {
	Server topology.ServerName
	Path   string
}

func (HeededAlone) condition() {}

// Look needs the option files, which tell of the other servers too.
func (g HeededAlone) Look() facts.Look { return lookAt(g.Server, facts.PartConfig) }

// Holds counts the other readers.
func (g HeededAlone) Holds(f facts.Facts) Verdict {
	config, ok := f.Server(g.Server).Config.Get()
	if !ok {
		return notSeen(f.Server(g.Server).Config, "the option files of %s", g.Server)
	}
	others, ok := config.Others.Get()
	switch {
	case !ok:
		return notSeen(config.Others, "whether another server of the host reads %s too", g.Path)
	case len(others) > 0:
		return no("what is written to %s would reach other servers of the host: %s", g.Path, strings.Join(others, ", ")).hinting(ownGroup)
	}
	return yes()
}

func (g HeededAlone) String() string {
	return fmt.Sprintf("no other server of the host of %s reads %s", g.Server, g.Path)
}

const ownGroup = "start each of them with a --defaults-group-suffix of its own, or with a --defaults-file that has an include folder of its own"
