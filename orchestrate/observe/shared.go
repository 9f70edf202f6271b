package observe

import (
	"context"
	"fmt"
	"sync"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// shared lets looks at the same parts of a server, asked for by several at once, be one look. The proofs of many channels look at one
// source.
//
// A look that is under way serves nobody who comes later, since it may have seen what was true before they came. They wait for its end,
// and share the next one.
type shared struct {
	mu     sync.Mutex
	queues map[request]*queue
}

// request is what is looked at.
type request struct {
	server topology.ServerName
	parts  facts.Part
}

// queue is the look under way and, if somebody waits for it, the next.
type queue struct{ next *round }

// round is one look, and what it saw once done is closed.
type round struct {
	done chan struct{}
	seen facts.Server
}

func newShared() *shared { return &shared{queues: map[request]*queue{}} }

// see gives what a look that begins after the call sees. It is nobody's in particular, so that the context of the caller ends only the
// caller's wait.
func (s *shared) see(ctx context.Context, r request, look func(context.Context) facts.Server) (facts.Server, error) {
	mine := s.join(context.WithoutCancel(ctx), r, look)
	select {
	case <-mine.done:
		return mine.seen, nil
	case <-ctx.Done():
		return facts.Server{}, fmt.Errorf("%s: %w", r.server, context.Cause(ctx))
	}
}

// join finds the round that the caller waits for, and begins it when no other is under way.
func (s *shared) join(ctx context.Context, r request, look func(context.Context) facts.Server) *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, busy := s.queues[r]
	switch {
	case !busy:
		q = &queue{}
		s.queues[r] = q
		first := &round{done: make(chan struct{})}
		go s.work(ctx, r, q, first, look)
		return first
	case q.next == nil:
		q.next = &round{done: make(chan struct{})}
	}
	return q.next
}

// work makes rounds until nobody waits.
func (s *shared) work(ctx context.Context, r request, q *queue, current *round, look func(context.Context) facts.Server) {
	for current != nil {
		current.seen = look(ctx)
		close(current.done)
		current = s.after(r, q)
	}
}

func (s *shared) after(r request, q *queue) *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := q.next
	q.next = nil
	if next == nil {
		delete(s.queues, r)
	}
	return next
}
