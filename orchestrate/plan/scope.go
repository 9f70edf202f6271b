package plan

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Scope bounds which replicas a plan touches. The zero value bounds nothing. The servers that others replicate from are prepared whatever it says;
// TLS is required only when no replica is left.
type Scope struct {
	Only  []topology.ServerName // these; empty: any
	Limit int                   // so many that have something to be done, in the inventory's order; 0: all
}

func (s Scope) isZero() bool { return len(s.Only) == 0 && s.Limit == 0 }

// leftOut are the replicas that are not meant, and that the whole plan would touch.
func leftOut(c topology.Cluster, f facts.Facts, o Options) []topology.ServerName {
	scope := o.Scope
	if scope.isZero() {
		return nil
	}
	o.Scope = Scope{}
	whole, taken := Build(c, f, o), 0
	var left []topology.ServerName
	for _, s := range c.Replicas() {
		switch {
		case !whole.touches(s.Name):
		case len(scope.Only) > 0 && !slices.Contains(scope.Only, s.Name), scope.Limit > 0 && taken == scope.Limit:
			left = append(left, s.Name)
		default:
			taken++
		}
	}
	return left
}

// touches says that there is a step about a server, other than one that puts it back.
func (p Plan) touches(server topology.ServerName) bool {
	return slices.ContainsFunc(p.Steps, func(step Step) bool { return !step.Urgent && serverOfStep(step.ID) == server })
}

// serverOfStep is the server that a step is about, also where it is done here.
func serverOfStep(id string) topology.ServerName {
	_, rest, _ := strings.Cut(id, "/")
	server, _, _ := strings.Cut(rest, "/")
	return topology.ServerName(server)
}

// isLeft says that a replica is not meant. One that others replicate from is prepared all the same, and its own channel is left.
func (b *builder) isLeft(l Link) bool { return slices.Contains(b.plan.Left, l.Channel.Server) }

// isLeftAlone says that nothing of a server is touched.
func (b *builder) isLeftAlone(s topology.Server) bool {
	return slices.Contains(b.plan.Left, s.Name) && !b.cluster.IsSource(s.Name)
}
