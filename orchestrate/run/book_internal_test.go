package run

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
)

// slow is a journal whose disk takes its time.
type slow struct {
	mu      sync.Mutex
	written []event.Event
	sync    func(seq int) error
}

func (s *slow) Write(e event.Event) (event.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, e)
	return event.Record{Seq: len(s.written), Event: e}, nil
}

func (s *slow) Sync(seq int) error { return s.sync(seq) }

func bookOf(j Journal, watch func(event.Record)) *book {
	b := &book{engine: &Engine{Journal: j, Ledger: event.NewLedger(nil)}}
	if watch != nil {
		b.audience = gather(watch)
	}
	return b
}

// TestWorkersWaitForTheDiskTogether: none of them would ever go on if one waited before the other.
func TestWorkersWaitForTheDiskTogether(t *testing.T) {
	const workers = 5
	var all sync.WaitGroup
	all.Add(workers)
	b := bookOf(&slow{sync: func(int) error { all.Done(); all.Wait(); return nil }}, nil)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			if err := b.write(event.ActionIntended{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestAReportDoesNotWaitForTheDisk(t *testing.T) {
	b := bookOf(&slow{sync: func(int) error { t.Error("it waits"); return nil }}, nil)
	for _, e := range []event.Event{event.StepBegan{}, event.ActionDone{}, event.StepDone{}} {
		if err := b.write(e); err != nil {
			t.Error(err)
		}
	}
}

// TestWhatIsWrittenTogetherWaitsOnce: for the last that has to wait, which brings along those before it.
func TestWhatIsWrittenTogetherWaitsOnce(t *testing.T) {
	var waits []int
	b := bookOf(&slow{sync: func(seq int) error { waits = append(waits, seq); return nil }}, nil)
	if err := b.write(event.StepBegan{}, event.ActionIntended{}, event.ActionIntended{}, event.StepHeld{}); err != nil {
		t.Error(err)
	}
	if !slices.Equal(waits, []int{3}) {
		t.Errorf("it waits for %v", waits)
	}
}

func TestAnEventThatDoesNotGetToTheDiskIsAnError(t *testing.T) {
	full := errors.New("no space left on device")
	b := bookOf(&slow{sync: func(int) error { return full }}, nil)
	if err := b.write(event.ActionIntended{}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// TestOneOrderForAll: the journal, the ledger and whoever watches have every event in the same place, however many write at once.
func TestOneOrderForAll(t *testing.T) {
	var told []event.Record
	j := &slow{sync: func(int) error { return nil }}
	b := bookOf(j, func(r event.Record) { told = append(told, r) })
	const workers, each = 6, 50
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			step := fmt.Sprint(w)
			for i := range each {
				_ = b.write(event.ThreadsFound{Step: step, Server: "db2", Receiver: i%2 == 0, Applier: w%2 == 0})
				_ = b.write(event.StepDone{Step: step})
			}
			_ = b.write(event.ThreadsFound{Step: step, Server: "db2", Receiver: w > 2})
		})
	}
	group.Wait()
	b.audience.leave(time.Minute)
	if len(told) != workers*(2*each+1) {
		t.Fatalf("%d events were told", len(told))
	}
	for i, r := range told {
		if r.Seq != i+1 || r.Event != j.written[i] {
			t.Fatalf("event %d was told as %+v", i+1, r)
		}
	}
	channel := facts.ChannelID{Server: "db2"}
	if again := event.NewLedger(told).Marks().Threads[channel]; b.marks().Threads[channel] != again {
		t.Errorf("the ledger has %+v, the journal %+v", b.marks().Threads[channel], again)
	}
}
