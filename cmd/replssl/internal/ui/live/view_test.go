package live_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

const (
	enter = "\x1b[?1049h"
	leave = "\x1b[?1049l"
)

// paper is a terminal that keeps all that is written to it.
type paper struct {
	mu         sync.Mutex
	once       sync.Once
	text       strings.Builder
	broken     error
	background bool
	begun      chan struct{} // closed by the first write
	jam        chan struct{} // a write waits until it is closed
}

func (p *paper) Write(text []byte) (int, error) {
	if p.jam != nil {
		p.once.Do(func() { close(p.begun) })
		<-p.jam
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, p.broken
	}
	return p.text.Write(text)
}

func (*paper) Size() live.Size { return live.Size{Width: 80, Height: 24} }

func (p *paper) Ours() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.background
}

func (p *paper) written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// until waits for a condition, which a picture or two bring about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("it did not come about: %s", what)
		}
	}
}

// failing is a run in which the change of a replica fails, and one of its rescue's actions too.
func failing(t *testing.T) (plan.Plan, []event.Record) {
	t.Helper()
	var list []event.Record
	p := prepared(t, orders(2))
	for _, e := range []event.Event{
		event.StepBegan{Step: "change/db2"},
		event.ActionIntended{Step: "change/db2", Action: "set its options"},
		event.ActionFailed{Step: "change/db2", Action: "set its options", Error: "error 1198: " + strings.Repeat("a long text ", 40)},
		event.ActionFailed{Step: "change/db2", Action: "start it", Error: "the way back was lost", Rescue: true},
		event.StepFailed{Step: "change/db2", Error: "set its options: error 1198: " + strings.Repeat("a long text ", 40), Hint: "look\nthere", Rescued: event.TakenBack},
		event.StepSkipped{Step: "change/db3", Why: "it needs change/db2, which failed"},
		event.RunEnded{Outcome: event.Partly, Done: 11, Failed: 1, Skipped: 4},
	} {
		list = append(list, event.Record{At: p.now, Event: e})
	}
	return p.plan, list
}

func open(t *testing.T, p *paper, now func() time.Time) (*live.View, []event.Record) {
	t.Helper()
	steps, records := failing(t)
	return live.Open(live.Config{Terminal: p, Scene: live.NewScene(orders(2), steps, live.SignsFor(utf8)), Now: now}), records
}

func TestNothingOfAFailureIsLost(t *testing.T) {
	p := &paper{}
	view, records := open(t, p, started)
	for _, r := range records {
		view.Show(r)
	}
	until(t, "a picture", func() bool { return strings.Contains(p.written(), "FAILED, taken back") })
	view.Close()
	picture, stays, left := strings.Cut(p.written(), leave)
	if !left || strings.Count(picture, enter) != 1 {
		t.Fatalf("the terminal is not given back: %q", p.written())
	}
	for _, r := range records {
		switch e := r.Event.(type) {
		case event.ActionFailed:
			contains(t, stays, e.Error)
		case event.StepFailed:
			contains(t, stays, e.Error, "hint: "+e.Hint)
		}
	}
	contains(t, stays, "partly: 11 done, 1 failed, 4 not begun")
	if count := strings.Count(stays, "error 1198"); count != 1 {
		t.Errorf("the error is told %d times", count)
	}
	if strings.Contains(stays, "Ctrl-C") || strings.Contains(stays, "\x1b[?") {
		t.Errorf("something of the picture stays: %q", stays)
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in %q", part, text)
		}
	}
}

// TestAStandingTerminalHoldsNobodyUp: somebody pressed Ctrl-S.
func TestAStandingTerminalHoldsNobodyUp(t *testing.T) {
	p := &paper{jam: make(chan struct{}), begun: make(chan struct{})}
	view, records := open(t, p, started)
	view.Show(records[0])
	<-p.begun
	for _, r := range records[1:] {
		view.Show(r) // this would never return if an event waited for the terminal
	}
	close(p.jam)
	view.Close()
	contains(t, p.written(), leave)
}

// TestATerminalThatGoesAwayIsLeftAlone: its window was closed.
func TestATerminalThatGoesAwayIsLeftAlone(t *testing.T) {
	p := &paper{broken: errors.New("input/output error")}
	view, records := open(t, p, started)
	for _, r := range records {
		view.Show(r)
	}
	view.Close()
	if p.written() != "" {
		t.Errorf("got %q", p.written())
	}
}

// TestPlainLinesGoOnWhereTheViewFails: and nothing of what happened before is missing in them.
func TestPlainLinesGoOnWhereTheViewFails(t *testing.T) {
	p := &paper{}
	pictures := 0
	view, records := open(t, p, func() time.Time {
		if pictures++; pictures > 2 {
			panic("no picture")
		}
		return started()
	})
	for _, r := range records[:3] {
		view.Show(r)
	}
	until(t, "plain lines", func() bool { return strings.Contains(p.written(), "change/db2             set its options") })
	for _, r := range records[3:] {
		view.Show(r)
	}
	view.Close()
	_, lines, _ := strings.Cut(p.written(), leave)
	contains(t, lines, "the live view failed (no picture)", "failed: error 1198", "hint: look\nthere", "run                    partly: 11 done")
	if strings.Contains(lines, "\x1b") {
		t.Errorf("these are not plain lines: %q", lines)
	}
}

// TestAJobInTheBackgroundDrawsNothing: somebody else's work is on that terminal.
func TestAJobInTheBackgroundDrawsNothing(t *testing.T) {
	p := &paper{background: true}
	view, records := open(t, p, started)
	for _, r := range records {
		view.Show(r)
	}
	view.Close()
	contains(t, p.written(), "partly: 11 done")
	if strings.Contains(p.written(), enter) || strings.Contains(p.written(), leave) {
		t.Errorf("it took the terminal: %q", p.written())
	}
}

func TestOnlyATerminalIsDrawnOn(t *testing.T) {
	if _, ok := live.TerminalOf(&strings.Builder{}, func(string) string { return "xterm" }); ok {
		t.Error("this is no terminal")
	}
}
