package observe

import (
	"context"
	"fmt"
	"sync"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// glance is one look at one server. What it fills beyond the parts that were asked for is what other parts are found by.
type glance struct {
	observer *Observer
	server   topology.Server
	parts    facts.Part

	seen    facts.Server
	dialect dialect.Dialect
	args    arguments // of the server's process, once it is known
}

// The parts that rest on others.
const (
	onProcess = facts.PartProcess | facts.PartFiles | facts.PartConfig | facts.PartCheck | onFiles
	onFiles   = facts.PartTrial
	onTrial   = facts.PartTrial | facts.PartPlaintext | facts.PartPassword
)

// wants says that one of the parts is asked for.
func (g *glance) wants(parts facts.Part) bool { return g.parts&parts != 0 }

func (g *glance) look(ctx context.Context) {
	g.lookAtInstance(ctx)
	if g.wants(onProcess) {
		g.lookAtProcess(ctx)
	}
	var all sync.WaitGroup
	for _, portion := range []struct {
		wanted facts.Part
		look   func(context.Context)
	}{
		{^facts.Part(0), g.lookBySQL},
		{facts.PartFiles | onFiles, g.lookAtFiles},
		{facts.PartConfig, g.lookAtConfig},
		{facts.PartCheck, g.lookAtCheck},
	} {
		if g.wants(portion.wanted) {
			all.Go(func() { portion.look(ctx) })
		}
	}
	all.Wait()
	if g.wants(facts.PartPassword) {
		g.seen.Password = g.lookForPassword(ctx)
	}
}

// asked is what was seen, without the parts that nobody asked for.
func (g *glance) asked() facts.Server {
	s := g.seen
	strip(g, facts.PartInstance, &s.Instance)
	strip(g, facts.PartProcess, &s.Process)
	strip(g, facts.PartChannels, &s.Channels)
	strip(g, facts.PartFiles, &s.TLSDir)
	return s
}

func strip[T any](g *glance, part facts.Part, field *facts.Value[T]) {
	if !g.wants(part) {
		*field = facts.Value[T]{}
	}
}

// run runs a command that changes nothing on the host, over a new connection if the old one is lost.
func (g *glance) run(ctx context.Context, line shell.Line) ([]byte, error) {
	out, err := g.runOnce(ctx, line)
	if access.IsLost(err) {
		return g.runOnce(ctx, line)
	}
	return out, err
}

func (g *glance) runOnce(ctx context.Context, line shell.Line) ([]byte, error) {
	host, err := g.observer.servers.Host(ctx, g.server.Name)
	if err != nil {
		return nil, err
	}
	out, err := host.Run(ctx, remote.Command{Line: line, Confidential: true}) // the answer may be a key
	return out.Stdout, err
}

// lookBy runs a command on the host and reads its answer.
func lookBy[T any](ctx context.Context, g *glance, doing string, line shell.Line, parse func([]byte) (seen.Value[T], error)) seen.Value[T] {
	out, err := g.run(ctx, line)
	if err != nil {
		return seen.Unknown[T](err.Error())
	}
	value, err := parse(out)
	if err != nil {
		return seen.Unknown[T](fmt.Sprintf("%s: %s: %v", g.server.Name, doing, err))
	}
	return value
}

// failed is an unknown value with what an error says.
func failed[T any](err error) facts.Value[T] {
	return facts.Unknown[T](err.Error()).WithHint(access.Hint(err))
}
