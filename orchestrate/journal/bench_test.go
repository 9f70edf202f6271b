package journal_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
)

// aStep is what one step of a channel writes.
func aStep(id string) []event.Event {
	events := []event.Event{event.StepBegan{Step: id, Title: "change it", Target: "db2"}, event.ThreadsFound{Step: id, Server: "db2", Receiver: true, Applier: true}}
	for _, action := range []string{"stop the threads", "set all TLS options", "start the threads"} {
		events = append(events, event.ActionIntended{Step: id, Target: "db2", Action: action}, event.Statement{Server: "db2", SQL: "STOP SLAVE"},
			event.ActionDone{Step: id, Action: action})
	}
	return append(events, event.StepDone{Step: id, Took: time.Second})
}

func asARunDoes(j *journal.Journal, e event.Event) error {
	r, err := j.Write(e)
	if err != nil || !event.Waits(e) {
		return err
	}
	return j.Sync(r.Seq)
}

func BenchmarkSteps(b *testing.B) {
	for _, workers := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			j, err := journal.Begin(b.TempDir(), "ops", time.Now)
			if err != nil {
				b.Fatal(err)
			}
			events := 0
			steps := make(chan int)
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					for i := range steps {
						for _, e := range aStep(fmt.Sprint(i)) {
							if err := asARunDoes(j, e); err != nil {
								b.Error(err)
							}
						}
					}
				})
			}
			for b.Loop() {
				steps <- events
				events += 12
			}
			close(steps)
			group.Wait()
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
