package live_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
	"github.com/replssl/replssl/orchestrate/topology"
)

// diary is a journal in memory.
type diary struct {
	now     func() time.Time // nil: a tenth of a second passes from one event to the next
	mu      sync.Mutex
	records []event.Record
}

func (d *diary) Write(e event.Event) (event.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := event.Record{Seq: len(d.records) + 1, At: started().Add(time.Duration(len(d.records)) * 100 * time.Millisecond), Event: e}
	if d.now != nil {
		r.At = d.now()
	}
	d.records = append(d.records, r)
	return r, nil
}

func (d *diary) Sync(int) error { return nil }

// accident is what goes wrong in a run.
type accident struct {
	fails      int // the action of that number
	interrupts int // the run, before the action of that number
}

// lived is a run of the engine in a world.
func lived(t interface{ Fatal(args ...any) }, c topology.Cluster, a accident) (plan.Plan, []event.Record) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	number := 0
	w := world.New(c).OnAction(func(plan.Action) error {
		mu.Lock()
		defer mu.Unlock()
		switch number++; number {
		case a.fails:
			return errors.New("error 1\x1b[31m: it\tdoes not\nwork \u4e16\u754c")
		case a.interrupts:
			cancel()
		}
		return nil
	})
	p := plan.Build(c, w.Facts(), plan.Options{})
	book := &diary{}
	engine := &run.Engine{
		Observer: w, Executor: w, Journal: book, Ledger: event.NewLedger(nil), Now: time.Now,
		Pace: run.Pace{
			Poll: time.Millisecond, Settle: 2 * time.Millisecond, Action: time.Second, Restart: time.Second, Reload: time.Second,
			Rescue: 50 * time.Millisecond,
		},
	}
	if _, err := engine.Run(ctx, p, event.RunBegan{Run: "r1", Steps: len(p.Steps)}); err != nil {
		t.Fatal(err)
	}
	return p, book.records
}
