package run

import (
	"sync"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
)

// book writes events: to the journal first, then into the ledger, then to whoever watches.
type book struct {
	mu       sync.Mutex
	engine   *Engine
	audience *audience // nil for none
}

// write returns an error where the events are not kept as they have to be: what must wait for the disk is then not to be acted on.
func (b *book) write(events ...event.Event) error {
	last := 0 // that waits
	for _, e := range events {
		record, err := b.enter(e)
		if err != nil {
			return err
		}
		if event.Waits(e) {
			last = record.Seq
		}
	}
	if last == 0 {
		return nil
	}
	return b.engine.Journal.Sync(last) // without the lock: one wait serves all that were entered before it
}

// enter keeps one order in the journal, in the ledger, and for whoever watches.
func (b *book) enter(e event.Event) (event.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	record, err := b.engine.Journal.Write(e)
	if err == nil {
		b.engine.Ledger.Read(e)
	} else {
		record = event.Record{At: b.engine.Now(), Event: e} // a rescue goes on without a journal, and is watched all the same
	}
	if b.audience != nil {
		b.audience.hear(record)
	}
	return record, err
}

func (b *book) marks() facts.Marks {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.engine.Ledger.Marks()
}
