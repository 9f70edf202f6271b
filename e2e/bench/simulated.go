package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
	"github.com/replssl/replssl/orchestrate/topology"
)

// simulation is a cluster in memory, before and after it was taken to TLS.
type simulation struct {
	cluster   topology.Cluster
	plaintext facts.Facts
	done      facts.Facts
	positions map[topology.ServerName]facts.Position
}

func simulate(ctx context.Context, replicas int) (simulation, error) {
	s := simulation{cluster: simulatedCluster(replicas)}
	world := orchestratetest.New(s.cluster)
	s.plaintext = world.Facts()
	if err := secure(ctx, world); err != nil {
		return s, err
	}
	s.done = world.Facts()
	s.positions = map[topology.ServerName]facts.Position{}
	for _, source := range s.cluster.Sources() {
		s.positions[source.Name], _ = s.done.Server(source.Name).Position.Get()
	}
	if report := s.judge(); !report.OK {
		return s, fmt.Errorf("%d simulated replicas: %+v", replicas, report.Problems)
	}
	return s, nil
}

func simulatedCluster(replicas int) topology.Cluster {
	var names []topology.ServerName
	for n := range replicas {
		names = append(names, topology.ServerName(fmt.Sprintf("db%03d", n+2)))
	}
	return orchestratetest.Cluster("db001", names...)
}

// secure carries the whole plan out in memory, by the engine that does it on real servers.
func secure(ctx context.Context, world *orchestratetest.World) error {
	p := plan.Build(world.Cluster(), world.Facts(), plan.Options{})
	engine := &run.Engine{
		Observer: world, Executor: world, Journal: &forgetful{}, Ledger: event.NewLedger(nil), Pace: run.DefaultPace(), Now: time.Now,
	}
	ended, err := engine.Run(ctx, p, event.RunBegan{Run: "bench", Cluster: p.Cluster, Steps: len(p.Steps)})
	if err == nil && ended.Outcome != event.Succeeded {
		err = errors.New("the run in memory ended " + string(ended.Outcome))
	}
	return err
}

func (s simulation) build() plan.Plan { return plan.Build(s.cluster, s.plaintext, plan.Options{}) }

func (s simulation) judge() plan.Report { return plan.Judge(s.cluster, s.done, s.positions, nil) }

// forgetful is a journal that keeps nothing.
type forgetful struct {
	mu   sync.Mutex
	last int
}

// Write takes an event and numbers it.
func (f *forgetful) Write(e event.Event) (event.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	return event.Record{Seq: f.last, Event: e}, nil
}

// Sync has nothing to wait for.
func (f *forgetful) Sync(int) error { return nil }

// mostGrowth is how much longer each server may take among the most servers than among the fewest, for a time that still counts as linear.
const mostGrowth = 1.5

// measureSimulated shows how the time of what is decided, without any server, grows with the number of servers.
func measureSimulated(ctx context.Context, _ *workshop, r request) error {
	t := newTable("Decisions over simulated servers", "servers", "plan", "of it for a server", "verify", "of it for a server", "whole run in memory", "of it for a server")
	var all []decided
	for _, replicas := range r.replicas {
		fmt.Fprintf(r.log, "simulated: 1+%d, load average %s\n", replicas, loadAverage())
		d, err := decide(ctx, replicas)
		if err != nil {
			return err
		}
		all = append(all, d)
		t.add(d.row()...)
	}
	t.print(r.out, growth(all[0], all[len(all)-1]))
	return nil
}

// decided are the figures of one number of servers.
type decided struct {
	servers           int
	plan, verify, run time.Duration
}

func decide(ctx context.Context, replicas int) (decided, error) {
	s, err := simulate(ctx, replicas)
	if err != nil {
		return decided{}, err
	}
	d := decided{
		servers: replicas + 1,
		plan:    timed(func() { s.build() }),
		verify:  timed(func() { s.judge() }),
		run:     timed(func() { err = errors.Join(err, secure(ctx, orchestratetest.New(s.cluster))) }),
	}
	return d, err
}

func (d decided) each(took time.Duration) time.Duration { return took / time.Duration(d.servers) }

func (d decided) row() []string {
	row := []string{fmt.Sprintf("1+%d", d.servers-1)}
	for _, took := range []time.Duration{d.plan, d.verify, d.run} {
		row = append(row, milliseconds(took), fmt.Sprintf("%d ns", d.each(took).Nanoseconds()))
	}
	return row
}

func growth(few, many decided) string {
	of := func(what string, one, other time.Duration) string {
		return what + " " + atMost(ratio(many.each(other), few.each(one)), mostGrowth, "")
	}
	return fmt.Sprintf("A server among %d takes so many times what it takes among %d: %s, %s, %s.", many.servers, few.servers,
		of("plan", few.plan, many.plan), of("verify", few.verify, many.verify), of("whole run", few.run, many.run))
}

// timed is how long one call takes, by the benchmarks of Go's own test kit.
func timed(work func()) time.Duration {
	return time.Duration(testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			work()
		}
	}).NsPerOp())
}
