package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// RunsAs holds when the running server is that service of its host, so that a restart of the service is one of the server.
type RunsAs struct {
	Server  topology.ServerName
	Service facts.Service
}

func (RunsAs) condition() {}

// Look needs the server's service.
func (g RunsAs) Look() facts.Look { return lookAt(g.Server, facts.PartService) }

// Holds judges the service.
func (g RunsAs) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Server).Service
	service, ok := seen.Get()
	switch {
	case !ok:
		return notSeen(seen, "the service of %s", g.Server)
	case service != g.Service:
		return no("%s runs as %s, and not as %s", g.Server, service.Name, g.Service.Name)
	}
	return yes()
}

func (g RunsAs) String() string { return fmt.Sprintf("%s runs as %s", g.Server, g.Service.Name) }
