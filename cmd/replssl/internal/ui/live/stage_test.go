package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
)

// TestMain is also the program that the tests start in a terminal: it shows a run as `replssl apply` does, and takes its cues from a pipe.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LIVE_STAGE"); dir != "" {
		if err := perform(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func perform(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // as in main
	cues, err := os.Open(filepath.Join(dir, "cues"))
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(os.Getenv("LIVE_REPLICAS"))
	if err != nil {
		return err
	}
	if os.Getenv("LIVE_ENGINE") != "" {
		return carryOut(ctx, count, bufio.NewScanner(cues))
	}
	return replay(count, filepath.Join(dir, "records"), bufio.NewScanner(cues))
}

// watch is what apply does with the events.
func watch(count int, p plan.Plan, now func() time.Time) (show func(event.Record), leave func()) {
	terminal, ok := live.TerminalOf(os.Stderr, os.Getenv)
	if !ok {
		return ui.NewProgress(os.Stderr, len(p.Steps)).Show, func() {}
	}
	view := live.Open(live.Config{Terminal: terminal, Scene: live.NewScene(orders(count), p, live.SignsFor(os.Getenv)), Now: now})
	return view.Show, view.Close
}

// replay shows the recorded events up to the number of each cue. Its time is that of the last one.
func replay(count int, path string, cues *bufio.Scanner) error {
	records, err := readRecords(path)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	now := started()
	show, leave := watch(count, plan.Build(orders(count), world.New(orders(count)).Facts(), plan.Options{}), func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	})
	shown := 0
	for cues.Scan() {
		last, err := strconv.Atoi(cues.Text())
		if err != nil {
			return err
		}
		for ; shown < last; shown++ {
			mu.Lock()
			now = records[shown].At
			mu.Unlock()
			show(records[shown])
		}
	}
	leave()
	return cues.Err()
}

func readRecords(path string) ([]event.Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var records []event.Record
	for decoder := json.NewDecoder(file); decoder.More(); {
		var r event.Record
		if err := decoder.Decode(&r); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// carryOut carries a plan out in a world; the restart takes until the next cue.
func carryOut(ctx context.Context, count int, cues *bufio.Scanner) error {
	w := world.New(orders(count)).OnAction(func(a plan.Action) error {
		if _, ok := a.(plan.Restart); ok {
			cues.Scan()
		}
		return nil
	})
	p := plan.Build(orders(count), w.Facts(), plan.Options{})
	show, leave := watch(count, p, time.Now)
	engine := &run.Engine{
		Observer: w, Executor: w, Journal: &diary{now: time.Now}, Ledger: event.NewLedger(nil), Now: time.Now, Watch: show, Pace: run.DefaultPace(),
	}
	ended, err := engine.Run(ctx, p, event.RunBegan{Run: "r1", Steps: len(p.Steps)})
	leave()
	fmt.Println("ended:", ended.Outcome)
	return err
}
