package run_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
)

// refusing fails the batches that begin with a stop of a channel of the server, with that error and so many actions done.
type refusing struct {
	*world.World
	server string
	done   int

	mu   sync.Mutex
	err  error
	sent [][]plan.Action
}

func (r *refusing) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (int, error) {
	if err := r.fail(batch); err != nil {
		return r.done, err
	}
	return r.World.DoAll(ctx, batch, note)
}

// fail gives the error once.
func (r *refusing) fail(batch []plan.Action) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, batch)
	stop, ok := batch[0].(plan.StopThreads)
	if !ok || !stop.Threads.Applier || string(stop.Channel.Server) != r.server {
		return nil
	}
	err := r.err
	r.err = nil
	return err
}

type unsent struct{ error }

func (unsent) Unsent() bool { return true }

// TestWhatWasNotSentIsNotTakenBack: the threads of a replica that heard nothing are not touched to rescue it.
func TestWhatWasNotSentIsNotTakenBack(t *testing.T) {
	failure := errors.New("journal: no space left on device")
	for name, c := range map[string]struct {
		err     error
		rescued event.Rescued
	}{
		"not sent":  {unsent{failure}, event.NotNeeded},
		"who knows": {failure, event.TakenBack},
	} {
		w, m := world.New(world.Cluster("db1", "db2", "db3")), &memory{}
		x := &refusing{World: w, server: "db2", err: c.err}
		e := engine(w, m)
		e.Executor = x
		if _, err := e.Run(t.Context(), build(w, m), event.RunBegan{}); err != nil {
			t.Fatal(err)
		}
		failed := m.failures()
		if len(failed) != 1 || failed[0].Rescued != c.rescued || !strings.Contains(failed[0].Error, "no space left") {
			t.Errorf("%s: %+v", name, failed)
		}
		again := 0
		for _, batch := range x.sent {
			if _, ok := batch[0].(plan.StopThreads); ok && batch[0].Target() == "db2" && len(batch) == 3 {
				again++
			}
		}
		if want := map[event.Rescued]int{event.NotNeeded: 1, event.TakenBack: 2}[c.rescued]; again != want {
			t.Errorf("%s: the channel was changed %d times, not %d", name, again, want)
		}
	}
}

// TestARescueGoesTogetherToo: stop, change and start of a rescue are one packet; what is behind a refusal is sent by itself.
func TestARescueGoesTogetherToo(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2")), &memory{}
	x := &refusing{World: w, server: "db2", done: 1, err: errors.New("refused")}
	e := engine(w, m)
	e.Executor = x
	if _, err := e.Run(t.Context(), build(w, m), event.RunBegan{}); err != nil {
		t.Fatal(err)
	}
	sizes := []int{}
	for _, batch := range x.sent {
		if batch[0].Target() == "db2" {
			sizes = append(sizes, len(batch))
		}
	}
	// The set, a reconnect after the restart of the primary, the change that is refused, and its rescue.
	if !slices.Equal(sizes, []int{2, 2, 3, 3}) {
		t.Errorf("the batches for db2 have the sizes %v", sizes)
	}
}

var _ run.Executor = (*refusing)(nil)
