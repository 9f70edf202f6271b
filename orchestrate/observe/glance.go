package observe

import (
	"context"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/plain"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// glance is one look at one server. What it fills beyond the parts that were asked for is what other parts are found by.
type glance struct {
	observer *Observer
	server   topology.Server
	parts    facts.Part
	keys     map[string]string // public halves of the local folder's keys, by the digest of the file

	seen    facts.Server
	dialect dialect.Dialect
	args    arguments // of the server's process, once it is known
	found   process.Process
	servers seen.Value[[]process.Server] // of the host, this one among them
	away    error                        // why the host is not reached; nobody tries a second time in one look
	meets   bool                         // the process is looked at, if only to see who reads the files
	reader  string                       // who was sent to read the files of the TLS dir
	keyType string                       // of the key in use, where SELinux enforces a policy
	fetched map[file.Pick]seen.Value[[]file.Found]
	guards  map[string]facts.Value[facts.Risk] // of include folders
}

// The parts that rest on others.
const (
	onProcess = facts.PartProcess | facts.PartConfig | facts.PartCheck | facts.PartService | facts.PartUsed
	onFiles   = facts.PartFiles // and on who the server runs as
	onTrial   = facts.PartTrial | facts.PartPlaintext | facts.PartPassword
	onHost    = onProcess | onFiles | onTrial
)

func (o *Observer) glanceAt(server topology.Server, parts facts.Part, keys map[string]string) *glance {
	return &glance{observer: o, server: server, parts: parts, keys: keys, fetched: map[file.Pick]seen.Value[[]file.Found]{}, guards: map[string]facts.Value[facts.Risk]{}}
}

// wants says that one of the parts is asked for.
func (g *glance) wants(parts facts.Part) bool { return g.parts&parts != 0 }

// lookOrShare looks by itself where logins follow, which need more than what was seen.
func (g *glance) lookOrShare(ctx context.Context) {
	if g.wants(onTrial) {
		g.look(ctx)
		return
	}
	seen, err := g.observer.shared.see(ctx, request{g.server.Name, g.parts}, func(ctx context.Context) facts.Server {
		ctx, cancel := lookTimeout(ctx)
		defer cancel()
		own := g.observer.glanceAt(g.server, g.parts, g.keys) // it may outlive this wait
		own.look(ctx)
		return own.seen
	})
	if err != nil {
		seen = g.blind(err)
	}
	g.seen = seen
}

// blind is a server of which nothing was seen.
func (g *glance) blind(err error) facts.Server {
	none := g.observer.glanceAt(g.server, g.parts, g.keys)
	none.seen.Instance = failed[facts.Instance](err)
	none.nothingBySQL()
	none.seen.Used = failed[map[string]facts.Named](err)
	none.seen.Process, none.seen.TLSDir = failed[facts.Process](err), failed[facts.TLSDir](err)
	none.seen.Clock = failed[time.Duration](err)
	none.seen.Config, none.seen.ConfigCheck, none.seen.Service = failed[facts.Config](err), failed[facts.Check](err), failed[facts.Service](err)
	return none.seen
}

// look asks the server and its host at the same time.
func (g *glance) look(ctx context.Context) {
	met := make(chan struct{}) // closed when the server has told what it is
	var all sync.WaitGroup
	all.Go(func() { g.lookBySQL(ctx, met) })
	if g.wants(onHost) {
		all.Go(func() { g.lookAtHost(ctx, met) })
	}
	all.Wait()
	if g.wants(facts.PartPassword) {
		g.seen.Password = g.lookForPassword(ctx)
		g.seen.Logins = g.lookForLogins(ctx)
	}
}

// asked is what was seen, without the parts that nobody asked for.
func (g *glance) asked() facts.Server {
	s := g.seen
	strip(g, facts.PartInstance, &s.Instance)
	strip(g, facts.PartProcess, &s.Process)
	strip(g, facts.PartProcess, &s.Clock)
	strip(g, facts.PartChannels, &s.Channels)
	strip(g, facts.PartService, &s.Service)
	strip(g, facts.PartFiles, &s.TLSDir)
	return s
}

func strip[T any](g *glance, part facts.Part, field *facts.Value[T]) {
	if !g.wants(part) {
		*field = facts.Value[T]{}
	}
}

// failed is an unknown value with what an error says.
func failed[T any](err error) facts.Value[T] {
	return facts.Unknown[T](plain.Cause(err)).WithHint(access.Hint(err))
}
