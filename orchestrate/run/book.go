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

// write returns an error where the event is not kept as it has to be: one that must wait for the disk is then not to be acted on.
func (b *book) write(e event.Event) error {
	record, err := b.enter(e)
	if err != nil || !event.Waits(e) {
		return err
	}
	return b.engine.Journal.Sync(record.Seq) // without the lock: one wait serves all that were entered before it
}

// enter keeps one order in the journal, in the ledger, and for whoever watches.
func (b *book) enter(e event.Event) (event.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	record, err := b.engine.Journal.Write(e)
	if err != nil {
		return event.Record{}, err
	}
	b.engine.Ledger.Read(e)
	if b.audience != nil {
		b.audience.hear(record)
	}
	return record, nil
}

func (b *book) marks() facts.Marks {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.engine.Ledger.Marks()
}
