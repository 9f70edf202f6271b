package run_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
)

// unanswered carries out what a server is told to do with its certificate, and says that nobody has heard of it.
type unanswered struct {
	*world.World
	heard func(plan.Action) error // of one that was carried out

	mu    sync.Mutex
	count int
}

func (u *unanswered) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (int, error) {
	done, err := u.World.DoAll(ctx, batch, note)
	if err != nil {
		return done, err
	}
	if err := u.heard(batch[0]); err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.count++
		return 0, err
	}
	return done, nil
}

// late is the error of a restart that may still come, or of a reload that waits on the server.
type late struct {
	error

	pending bool
}

func (l late) Pending() bool { return l.pending }

// TestWhatMayStillComeIsNotTakenBack: a restart cuts everybody whenever it comes. Any other action that failed counts by what is seen after it.
func TestWhatMayStillComeIsNotTakenBack(t *testing.T) {
	for name, c := range map[string]struct {
		pending bool
		rescued event.Rescued
	}{
		"it may come": {true, event.NotTakenBack},
		"it is over":  {false, event.TakenBack},
	} {
		w, m := world.New(world.Cluster("db1", "db2")), &memory{}
		x := &unanswered{World: w, heard: func(a plan.Action) error {
			if _, ok := a.(plan.Restart); ok {
				return late{errors.New("no answer"), c.pending}
			}
			return nil
		}}
		e := engine(w, m)
		e.Executor = x
		if _, err := e.Run(t.Context(), build(w, m), event.RunBegan{}); err != nil {
			t.Fatal(err)
		}
		failed := m.failures()
		if len(failed) != 1 || failed[0].Step != "serve/db1" || failed[0].Rescued != c.rescued || !strings.Contains(failed[0].Error, "no answer") {
			t.Errorf("%s: %+v", name, failed)
		}
		if x.count != 2 {
			t.Errorf("%s: %d restarts, not one and that of the way back", name, x.count)
		}
	}
}

var _ run.Executor = (*unanswered)(nil)
