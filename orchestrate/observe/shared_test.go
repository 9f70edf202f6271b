package observe

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
)

// gated looks only when it is let, and counts.
type gated struct {
	began chan struct{}
	let   chan struct{}
	looks atomic.Int32
}

func newGated() *gated { return &gated{began: make(chan struct{}, 100), let: make(chan struct{})} }

func (g *gated) look(context.Context) facts.Server {
	n := g.looks.Add(1)
	g.began <- struct{}{}
	<-g.let
	return facts.Server{Position: facts.Known(facts.Position{Pos: uint64(n)})}
}

func TestLooksAreSharedByThoseWhoWait(t *testing.T) {
	s, g, r := newShared(), newGated(), request{"db1", facts.PartInstance}
	s.moment = func(context.Context) {}
	var all sync.WaitGroup
	numbers := make(chan uint64, 20)
	ask := func() {
		seen, err := s.see(t.Context(), r, g.look)
		if err != nil {
			t.Error(err)
		}
		numbers <- seen.Position.Or(facts.Position{}).Pos
	}
	all.Go(ask)
	<-g.began
	for range 10 { // they come while the first look is under way
		next := s.join(t.Context(), r, g.look)
		all.Go(func() {
			<-next.done
			numbers <- next.seen.Position.Or(facts.Position{}).Pos
		})
	}
	close(g.let)
	all.Wait()
	close(numbers)
	count := map[uint64]int{}
	for n := range numbers {
		count[n]++
	}
	if count[1] != 1 || count[2] != 10 || g.looks.Load() != 2 {
		t.Errorf("looks: %v", count)
	}
	if _, err := s.see(t.Context(), r, g.look); err != nil || g.looks.Load() != 3 {
		t.Errorf("a later look is not a new one: %v", err)
	}
}

func TestLooksThatAreAskedForAtOnceAreOne(t *testing.T) {
	s, g, r := newShared(), newGated(), request{"db1", facts.PartInstance}
	come := make(chan struct{})
	s.moment = func(context.Context) { <-come }
	close(g.let)
	rounds := map[*round]bool{}
	for range 10 {
		rounds[s.join(t.Context(), r, g.look)] = true
	}
	if len(rounds) != 1 {
		t.Errorf("%d rounds", len(rounds))
	}
	close(come)
	for one := range rounds {
		<-one.done
	}
	if g.looks.Load() != 1 {
		t.Errorf("%d looks", g.looks.Load())
	}
}

// TestTheLastToComeLooks: whoever comes last knows most, such as a key that was just issued.
func TestTheLastToComeLooks(t *testing.T) {
	s, r := newShared(), request{"db1", facts.PartInstance}
	come := make(chan struct{})
	s.moment = func(context.Context) { <-come }
	by := func(pos uint64) func(context.Context) facts.Server {
		return func(context.Context) facts.Server {
			return facts.Server{Position: facts.Known(facts.Position{Pos: pos})}
		}
	}
	s.join(t.Context(), r, by(1))
	last := s.join(t.Context(), r, by(2))
	close(come)
	<-last.done
	if pos := last.seen.Position.Or(facts.Position{}).Pos; pos != 2 {
		t.Errorf("the look is that of caller %d", pos)
	}
}

func TestAWaitForASharedLookEndsWithItsContext(t *testing.T) {
	s, g, r := newShared(), newGated(), request{"db1", facts.PartInstance}
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	go func() {
		<-g.began
		cancel(reason)
	}()
	if _, err := s.see(ctx, r, g.look); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
	next := s.join(t.Context(), r, g.look)
	close(g.let)
	<-next.done
	if pos := next.seen.Position.Or(facts.Position{}).Pos; pos != 2 {
		t.Errorf("the look of somebody who left was given on: %d", pos)
	}
}
