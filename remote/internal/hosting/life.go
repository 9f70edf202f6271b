package hosting

import (
	"context"
	"sync"
)

// Life is how long a host can be used. It is no context, since nothing is asked for within it: calls come with contexts of their
// own. It ends once, and keeps the first reason.
type Life struct {
	once sync.Once
	over chan struct{}
	why  error // to be read when over is closed
}

// NewLife begins a life.
func NewLife() *Life { return &Life{over: make(chan struct{})} }

// End ends the life for this reason, unless it has ended before.
func (l *Life) End(why error) {
	l.once.Do(func() {
		l.why = why
		close(l.over)
	})
}

// Done is closed when the life has ended.
func (l *Life) Done() <-chan struct{} { return l.over }

// Err is the reason of the end, and nil before it.
func (l *Life) Err() error {
	select {
	case <-l.over:
		return l.why
	default:
		return nil
	}
}

// Bound is a context that ends with the life too. The caller cancels it.
func (l *Life) Bound(ctx context.Context) (context.Context, context.CancelFunc) {
	bound, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-l.over:
			cancel()
		case <-bound.Done():
		}
	}()
	return bound, cancel
}
