package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/reach"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/apply"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestWorldIsAsTheRealServers carries every action of the main job, and then every action that takes it back, out on the world in memory
// and on a real cluster, and compares what can be seen after each: what is tried on the world is worth as much as this test.
func TestWorldIsAsTheRealServers(t *testing.T) {
	t.Parallel()
	for _, account := range []lab.AccountMode{lab.AccountPrimaryOnly, lab.AccountEverywhere} {
		c := start(t, lab.Options{Account: account})
		both := newTwins(t, c, account)
		f := both.real.observer.Observe(t.Context(), orchestratetest.Everything(both.cluster))
		p := plan.Build(both.cluster, f, plan.Options{})
		if len(p.Blocked) > 0 {
			t.Fatalf("%+v", p.Blocked)
		}
		both.compare("the beginning")
		actions := 0
		for _, step := range p.Steps {
			actions += both.do(step.Actions)
		}
		for i := len(p.Steps) - 1; i >= 0; i-- {
			actions += both.do(p.Steps[i].Undo.Actions)
		}
		t.Logf("account on %s: %d actions had the same effect on both", account, actions)
	}
}

// twins are a real cluster and its likeness.
type twins struct {
	t       *testing.T
	cluster topology.Cluster
	world   *orchestratetest.World
	real    realCluster
}

type realCluster struct {
	observer *observe.Observer
	executor *apply.Executor
}

func newTwins(t *testing.T, c *cluster, account lab.AccountMode) *twins {
	t.Helper()
	desired := reach.Cluster(t, c.Lab)
	world := orchestratetest.New(desired)
	if account == lab.AccountEverywhere {
		for _, s := range desired.Replicas() {
			world.With(s.Name, func(s *orchestratetest.Settings) { s.Account("%", facts.RequireNone) })
		}
	}
	return &twins{t: t, cluster: desired, world: world, real: connect(t, desired, filepath.Join(c.Dir, "pki"))}
}

func connect(t *testing.T, desired topology.Cluster, folder string) realCluster {
	t.Helper()
	servers := access.New(desired, reach.Dial)
	t.Cleanup(func() { _ = servers.Close() })
	store := pkistore.Open(folder)
	observer := observe.New(desired, servers, store, time.Now)
	return realCluster{observer, apply.New(desired, servers, store, observer, time.Now)}
}

func (w *twins) do(actions []plan.Action) int {
	w.t.Helper()
	for _, action := range actions {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		onWorld := w.world.Do(ctx, action, ignore)
		onReal := w.real.executor.Do(ctx, action, ignore)
		cancel()
		if (onWorld == nil) != (onReal == nil) {
			w.t.Fatalf("%s: the world says %v, the servers say %v", action, onWorld, onReal)
		}
		w.compare(action.String())
	}
	return len(actions)
}

func ignore(event.Event) error { return nil }

// compare waits until both show the same: a real receiver takes its time.
func (w *twins) compare(after string) {
	w.t.Helper()
	look := orchestratetest.Everything(w.cluster)
	want := w.describe(w.world.Observe(w.t.Context(), look))
	deadline := time.Now().Add(15 * time.Second)
	for {
		got := w.describe(w.real.observer.Observe(w.t.Context(), look))
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("after %q they differ:\nthe world:\n%s\nthe servers:\n%s", after, want, got)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// describe is what both must agree on. Names of files and programs, ids, times and keys are each one's own.
func (w *twins) describe(f facts.Facts) string {
	var text strings.Builder
	for _, s := range w.cluster.Servers {
		seen := f.Server(s.Name)
		dir, _ := seen.TLSDir.Get()
		config, _ := seen.Config.Get()
		own, written := config.Own.Get()
		settings, _ := seen.Settings.Get()
		fmt.Fprintf(&text, "%s: kind %s, current %d, sets %d, config %v %q, running %+v, serves its set %v, requires %s\n", s.Name,
			dir.Kind, dir.Current, len(dir.Sets), written, own, settings, serves(seen), requirements(seen))
		for _, c := range seen.Channels.Or(nil) {
			fmt.Fprintf(&text, "  channel %q: receiver %s (%d), applier %s (%d), %+v\n", c.Name, c.Receiver, c.ReceiverError.Number,
				c.Applier, c.ApplierError.Number, c.TLS)
		}
	}
	store, _ := f.Store.Get()
	fmt.Fprintf(&text, "here: authority %v, leaves %d\n", store.CA.IsKnown(), len(store.Leaves))
	return text.String()
}

func serves(seen facts.Server) string {
	served, ok := seen.ServedTLS.Get()
	if !ok {
		return "nothing"
	}
	dir, _ := seen.TLSDir.Get()
	chain, _, err := pki.ParseLeaf([]byte(served.Chain))
	if err != nil {
		return err.Error()
	}
	for _, set := range dir.Sets {
		if leaf, _, err := pki.ParseLeaf([]byte(set.Cert)); err == nil && leaf.Equal(chain) {
			return "yes"
		}
	}
	return "no"
}

func requirements(seen facts.Server) string {
	var rows []string
	for _, row := range seen.Accounts.Or(nil) {
		rows = append(rows, fmt.Sprintf("%s %s", row, row.Require.Kind))
	}
	return strings.Join(rows, ", ")
}
