package run

import (
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
)

// audience tells a watcher of events, from a goroutine of its own: an action never waits for a screen that stands still.
type audience struct {
	tell func(event.Record)
	mu   sync.Mutex
	news []event.Record
	come chan struct{} // holds one sign that there are news
	gone chan struct{} // closed when the last is told
}

func gather(tell func(event.Record)) *audience {
	a := &audience{tell: tell, come: make(chan struct{}, 1), gone: make(chan struct{})}
	go a.listen()
	return a
}

func (a *audience) hear(r event.Record) {
	a.mu.Lock()
	a.news = append(a.news, r)
	a.mu.Unlock()
	select {
	case a.come <- struct{}{}:
	default:
	}
}

func (a *audience) listen() {
	defer close(a.gone)
	for range a.come {
		for _, r := range a.take() {
			a.tell(r)
		}
	}
}

func (a *audience) take() []event.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	news := a.news
	a.news = nil
	return news
}

// leave lets everything be told, but waits no longer than the time for a watcher that does not listen. Nothing may be heard after it.
func (a *audience) leave(most time.Duration) {
	close(a.come)
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-a.gone:
	case <-timer.C:
	}
}
