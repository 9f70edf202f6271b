package observe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// shared lets looks at the same parts of a server, asked for by several at once, be one look. The proofs of many channels look at one
// source.
//
// A look that is under way serves nobody who comes later, since it may have seen what was true before they came. They wait for its end,
// and share the next one. Each look waits a moment before it begins: what several steps ask for at the same time is one look.
type shared struct {
	mu     sync.Mutex
	queues map[request]*queue
	moment func(context.Context) // waits for others to come
}

// moment is far below what a look takes over any network, and above what it takes to begin all steps that may begin.
const moment = time.Millisecond

// request is what is looked at.
type request struct {
	server topology.ServerName
	parts  facts.Part
}

// queue is the next look, if somebody waits for it. The queue is there as long as one is under way.
type queue struct{ next *round }

// round is one look, and what it saw once done is closed.
type round struct {
	look func(context.Context) facts.Server // of whoever came last, who knows most
	done chan struct{}
	seen facts.Server
}

func newShared() *shared {
	return &shared{queues: map[request]*queue{}, moment: func(ctx context.Context) {
		timer := time.NewTimer(moment)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}}
}

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

// join finds the round that the caller waits for, and lets it be made when no other is under way.
func (s *shared) join(ctx context.Context, r request, look func(context.Context) facts.Server) *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, busy := s.queues[r]
	if !busy {
		q = &queue{}
		s.queues[r] = q
	}
	if q.next == nil {
		q.next = &round{done: make(chan struct{})}
	}
	q.next.look = look
	if !busy {
		go s.work(ctx, r, q)
	}
	return q.next
}

// work makes rounds until nobody waits.
func (s *shared) work(ctx context.Context, r request, q *queue) {
	for {
		s.moment(ctx)
		current := s.begin(r, q)
		if current == nil {
			return
		}
		current.seen = current.look(ctx)
		close(current.done)
	}
}

// begin takes the round that is next: from now on nobody joins it.
func (s *shared) begin(r request, q *queue) *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := q.next
	q.next = nil
	if next == nil {
		delete(s.queues, r)
	}
	return next
}
