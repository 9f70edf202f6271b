package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/ssh"
)

// fewestRoundTrips is what docs/benchmarks.md works out for an apply on a fresh cluster: it takes so many round trips, one after the
// other, whoever speaks SSH and SQL. Zero is not worked out yet.
const fewestRoundTrips = 58

// farAway are the figures of clusters of one size, near and far.
type farAway struct {
	replicas  int
	near, far series[time.Duration]
	logins    series[time.Duration] // over SSH, far away
}

// measureLatency runs replssl on fresh clusters whose hosts are near, and seem to be far away, in turn.
func measureLatency(ctx context.Context, w *workshop, r request) error {
	var all []*farAway
	for _, replicas := range r.replicas {
		f := &farAway{replicas: replicas}
		for range r.roundsOf("latency", replicas) {
			if err := f.round(ctx, w, r.latency); err != nil {
				return err
			}
		}
		all = append(all, f)
	}
	printLatency(r, all)
	return nil
}

func (f *farAway) round(ctx context.Context, w *workshop, roundTrip time.Duration) error {
	if err := f.run(ctx, w, 0, &f.near); err != nil {
		return err
	}
	if err := f.run(ctx, w, roundTrip, &f.far); err != nil {
		return err
	}
	return w.onSlowLab(ctx, f.replicas, roundTrip, func(l *slowLab) error {
		took, err := longestLogin(ctx, l)
		f.logins = append(f.logins, took)
		return err
	})
}

func (f *farAway) run(ctx context.Context, w *workshop, roundTrip time.Duration, into *series[time.Duration]) error {
	return w.onSlowLab(ctx, f.replicas, roundTrip, func(l *slowLab) error {
		u, err := w.apply(ctx, l.inventory())
		if err != nil {
			return err
		}
		*into = append(*into, u.wall)
		return mustBeDone(ctx, l.Lab)
	})
}

// longestLogin connects to all hosts at once, as replssl begins, and does nothing there.
func longestLogin(ctx context.Context, l *slowLab) (time.Duration, error) {
	cluster, err := readInventory(l.inventory())
	if err != nil {
		return 0, err
	}
	took, errs := make(series[time.Duration], len(cluster.Servers)), make([]error, len(cluster.Servers))
	var all sync.WaitGroup
	for i, server := range cluster.Servers {
		all.Go(func() { took[i], errs[i] = login(ctx, server) })
	}
	all.Wait()
	return took.max(), errors.Join(errs...)
}

func login(ctx context.Context, server topology.Server) (time.Duration, error) {
	began := time.Now()
	host, err := access.Over(&ssh.Dialer{})(ctx, server)
	if err != nil {
		return 0, err
	}
	return time.Since(began), host.Close()
}

func printLatency(r request, all []*farAway) {
	t := newTable(fmt.Sprintf("Apply with %s in each round trip over SSH", r.latency),
		"cluster", "without", "with", "min", "max", "with, in round trips", "the difference, in round trips", "SSH login", "to the fewest")
	trips := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(r.latency)) }
	for _, f := range all {
		far, near := f.far.median(), f.near.median()
		t.add(fmt.Sprintf("1+%d", f.replicas), seconds(near), seconds(far), seconds(f.far.min()), seconds(f.far.max()), trips(far), trips(far-near),
			trips(f.logins.median()), toTheFewest(far, r.latency))
	}
	t.print(r.out, r.roundsNote()+" Half of the time is put into each direction by a proxy before each sshd. Opening its TCP connection takes none, "+
		"so that a real one takes a round trip more; replication itself is not slowed. An SSH login is the longest of those of all hosts at once.")
}

// toTheFewest holds the whole wall time against the fewest round trips: waits for servers and the work of this machine are not taken off.
func toTheFewest(took, roundTrip time.Duration) string {
	return atMost(float64(took)/float64(roundTrip)/fewestRoundTrips, 1.3, "")
}
