// Package observe collects the facts of a cluster: through each host's connection, through SQL, and from the local folder of
// certificates.
//
// It changes nothing anywhere. There are no errors: what could not be looked at is unknown, with the reason.
package observe

import (
	"context"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

const (
	// maxServers is how many servers are looked at a time.
	maxServers = 32

	// lookWithin bounds the look at one server, and then the logins from it, where the caller does not: a server may be locked up, and
	// answer nobody.
	lookWithin = time.Minute
)

// Observer looks at the servers of a cluster. Its methods may be called from several goroutines at once.
type Observer struct {
	cluster topology.Cluster
	servers *access.Servers
	store   pkistore.Store
	own     pkistore.OwnReader
	now     func() time.Time
	memory  *memory
	shared  *shared
}

// New makes an observer; it looks at nothing yet.
func New(cluster topology.Cluster, servers *access.Servers, store pkistore.Store, now func() time.Time) *Observer {
	return &Observer{
		cluster: cluster, servers: servers, store: store, own: pkistore.NewOwnReader(), now: now, memory: newMemory(), shared: newShared(),
	}
}

// Observe looks at exactly the parts that are asked for. Logins come after everything else, so
// that no list of sessions shows them. The marks are left empty.
func (o *Observer) Observe(ctx context.Context, look facts.Look) facts.Facts {
	f := facts.Facts{At: o.now(), Servers: map[topology.ServerName]facts.Server{}}
	if look.Store() {
		f.Store = o.here()
	}
	var glances []*glance
	for _, name := range look.Names() {
		if server, ok := o.cluster.Server(name); ok {
			glances = append(glances, o.glanceAt(server, look[name], keysHere(f.Store, name)))
		}
	}
	atOnce(ctx, glances, (*glance).lookOrShare)
	atOnce(ctx, glances, (*glance).tryLogins)
	for _, g := range glances {
		f.Servers[g.server.Name] = g.asked()
	}
	return f
}

// Version is that of a server as of the last look at it; false when there was none that told it.
func (o *Observer) Version(name topology.ServerName) (facts.Version, bool) {
	last := o.memory.of(name)
	return last.version, last.met
}

func atOnce(ctx context.Context, glances []*glance, work func(*glance, context.Context)) {
	slots := make(chan struct{}, maxServers)
	var all sync.WaitGroup
	for _, g := range glances {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			within, cancel := lookTimeout(ctx)
			defer cancel()
			work(g, within)
		})
	}
	all.Wait()
}

func lookTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, lookWithin, &plain.Late{Within: lookWithin})
}
