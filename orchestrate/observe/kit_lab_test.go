package observe_test

import (
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/reach"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/pkistore"
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

// bench is a lab with an observer of it.
type bench struct {
	*lab.Lab
	cluster  topology.Cluster
	store    pkistore.Store
	servers  *access.Servers
	observer *observe.Observer
}

func newBench(t testing.TB, l *lab.Lab, changes ...func(*topology.Cluster)) *bench {
	t.Helper()
	c := reach.Cluster(t, l)
	for _, change := range changes {
		change(&c)
	}
	b := &bench{Lab: l, cluster: c, store: pkistore.Open(l.Dir + "/pki"), servers: access.New(c, reach.Dial)}
	b.observer = observe.New(c, b.servers, b.store, time.Now)
	t.Cleanup(func() { _ = b.servers.Close() })
	return b
}

// look is a look at one server.
func (b *bench) look(t testing.TB, name topology.ServerName, parts facts.Part) facts.Server {
	t.Helper()
	return b.observer.Observe(t.Context(), facts.Look{name: parts}).Server(name)
}

func (b *bench) value(t testing.TB, server, query string) string {
	t.Helper()
	return must(b.Value(t.Context(), server, query))(t)
}

// everyServer changes all servers of a cluster.
func everyServer(change func(*topology.Server)) func(*topology.Cluster) {
	return func(c *topology.Cluster) {
		for i := range c.Servers {
			change(&c.Servers[i])
		}
	}
}

func newObserver(b *bench, now func() time.Time) *observe.Observer {
	return observe.New(b.cluster, b.servers, b.store, now)
}

// await asks until the answer is yes.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("%s did not come", what)
		}
	}
}
