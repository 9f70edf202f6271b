package apply_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/reach"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/apply"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// must turns an error into the end of the test: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// known is the value of what must have been seen.
func known[T any](t testing.TB, what string, v facts.Value[T]) T {
	t.Helper()
	got, ok := v.Get()
	if !ok {
		t.Fatalf("%s: %v", what, v)
	}
	return got
}

// bench is a lab with an executor and an observer of it.
type bench struct {
	*lab.Lab
	cluster  topology.Cluster
	store    pkistore.Store
	observer *observe.Observer
	executor *apply.Executor

	mu    sync.Mutex
	notes []event.Event
}

func newBench(t testing.TB, l *lab.Lab) *bench {
	t.Helper()
	c := reach.Cluster(t, l)
	servers := access.New(c, reach.Dial)
	t.Cleanup(func() { _ = servers.Close() })
	b := &bench{Lab: l, cluster: c, store: pkistore.Open(l.Dir + "/pki")}
	b.observer = observe.New(c, servers, b.store, time.Now)
	b.executor = apply.New(c, servers, b.store, b.observer, time.Now)
	return b
}

func (b *bench) note(e event.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, e)
	return nil
}

// try carries an action out within a time.
func (b *bench) try(t testing.TB, action plan.Action) error {
	t.Helper()
	b.notes = nil
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return b.executor.Do(ctx, action, b.note)
}

func (b *bench) do(t testing.TB, actions ...plan.Action) {
	t.Helper()
	for _, action := range actions {
		if err := b.try(t, action); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
	}
}

func (b *bench) look(t testing.TB, name topology.ServerName, parts facts.Part) facts.Server {
	t.Helper()
	return b.observer.Observe(t.Context(), facts.Look{name: parts}).Server(name)
}

func (b *bench) channel(t testing.TB) facts.Channel {
	t.Helper()
	channels := known(t, "channels", b.look(t, "replica1", facts.PartChannels).Channels)
	if len(channels) != 1 {
		t.Fatalf("%d channels", len(channels))
	}
	return channels[0]
}

// noted are the notes in short.
func (b *bench) noted() string {
	var all []string
	for _, e := range b.notes {
		if s, ok := e.(event.Statement); ok {
			all = append(all, s.SQL)
			continue
		}
		all = append(all, event.Kind(e))
	}
	return strings.Join(all, "; ")
}

// await asks until the answer is yes.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("%s did not come", what)
		}
	}
}
