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

func (b *book) write(e event.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	record, err := b.engine.Journal.Append(e)
	if err != nil {
		return err
	}
	b.engine.Ledger.Read(e)
	if b.audience != nil {
		b.audience.hear(record)
	}
	return nil
}

func (b *book) marks() facts.Marks {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.engine.Ledger.Marks()
}
