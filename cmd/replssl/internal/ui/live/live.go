// Package live shows a run on a terminal while it goes on: the cluster as a tree, and what each server is doing.
//
// What is shown is decided by a [Scene], which does no IO; a [View] draws it. A view never holds the run up and is never missed: where it
// fails, plain lines go on.
package live

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/event"
)

// Config is what a view takes from outside.
type Config struct {
	Terminal    Terminal
	Scene       *Scene
	Now         func() time.Time
	Interrupted bool // already: the next signal ends the process
}

// View draws the events of a run on a terminal until it is closed.
type View struct {
	config  Config
	screen  screen
	signals *signals
	closing chan struct{}
	gone    chan struct{} // closed when nothing is drawn any more
	close   sync.Once

	mu      sync.Mutex
	scene   *Scene
	records []event.Record
	news    bool
	failure error        // of the view itself
	plain   *ui.Progress // that goes on instead
}

const (
	beat     = 100 * time.Millisecond // there are no more pictures than this
	idleBeat = 10                     // beats after which the time that has passed is drawn anew
	patience = 5 * time.Second        // with a terminal that stands still when all is over
	farewell = 250 * time.Millisecond // the same, for one who wants to end at once
)

// Open begins to draw.
func Open(c Config) *View {
	v := &View{
		config: c, scene: c.Scene, screen: screen{terminal: c.Terminal}, signals: listen(c.Interrupted),
		closing: make(chan struct{}), gone: make(chan struct{}),
	}
	go v.run()
	go v.signals.guard(func() { v.end(farewell) })
	return v
}

// Show takes one more event in; it does not wait for the terminal.
func (v *View) Show(r event.Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.records = append(v.records, r)
	v.news = true
	switch {
	case v.plain != nil:
		v.plain.Show(r)
	case v.failure == nil:
		v.failure = survive(func() { v.scene.Read(r) })
	}
}

// Close leaves the terminal as it was, with the last picture and everything that failed among what was printed before.
func (v *View) Close() {
	v.end(patience)
	v.signals.stop()
}

// end waits no longer than the time for a terminal that stands still.
func (v *View) end(most time.Duration) {
	v.close.Do(func() { close(v.closing) })
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-v.gone:
	case <-timer.C:
	}
}

func (v *View) run() {
	defer close(v.gone)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for beats := 1; ; {
		select {
		case <-v.closing:
			v.finish()
			return
		case <-v.signals.resized:
			v.draw()
		case <-v.signals.suspended:
			_ = v.screen.leave()
			v.signals.suspend()
			v.draw()
		case <-ticker.C:
			if beats++; v.hasNews() || beats%idleBeat == 0 {
				v.draw()
			}
		}
	}
}

func (v *View) hasNews() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	news := v.news
	v.news = false
	return news
}

func (v *View) draw() {
	if !v.config.Terminal.Ours() {
		return
	}
	size := v.config.Terminal.Size()
	lines, ok := v.picture(func(now time.Time) []string { return v.scene.Lines(now, size) })
	if ok {
		_ = v.screen.draw(lines, size) // a terminal that went away is not drawn on; the run goes on
	}
}

// picture draws by the scene. If that fails, now or earlier, plain lines tell everything from the beginning.
func (v *View) picture(draw func(time.Time) []string) (lines []string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failure == nil {
		v.failure = survive(func() { lines = draw(v.config.Now()) })
	}
	if v.failure != nil && v.plain == nil {
		_ = v.screen.leave()
		fmt.Fprintf(v.config.Terminal, "the live view failed (%v); the run goes on, in plain lines\n", v.failure)
		v.plain = v.retell(v.config.Terminal, func(event.Event) bool { return true })
	}
	return lines, v.failure == nil
}

// finish prints what stays.
func (v *View) finish() {
	size := v.config.Terminal.Size()
	lines, ok := v.picture(func(now time.Time) []string { return v.scene.Final(now, size) })
	if !ok {
		return
	}
	_ = v.screen.leave()
	var text strings.Builder
	text.WriteString("\n" + strings.Join(lines, "\n") + "\n\n")
	v.mu.Lock()
	v.retell(&text, v.isLasting)
	v.mu.Unlock()
	text.WriteString("\n")
	_, _ = io.WriteString(v.config.Terminal, text.String())
}

// isLasting says that an event is told in full when the picture is gone: nobody may miss an error, or read it twice.
func (v *View) isLasting(e event.Event) bool {
	switch e := e.(type) {
	case event.StepFailed, event.RunEnded:
		return true
	case event.ActionFailed:
		return !slices.ContainsFunc(v.records, func(r event.Record) bool {
			failed, ok := r.Event.(event.StepFailed)
			return ok && failed.Step == e.Step && strings.Contains(failed.Error, e.Error)
		})
	}
	return false
}

// retell prints the events so far as plain lines, those that are wanted.
func (v *View) retell(w io.Writer, wanted func(event.Event) bool) *ui.Progress {
	gate := &valve{w: w}
	progress := ui.NewProgress(gate, len(v.scene.plan.Steps))
	for _, r := range v.records {
		gate.open = wanted(r.Event)
		progress.Show(r)
	}
	gate.open = true
	return progress
}

// valve lets through what is written while it is open.
type valve struct {
	w    io.Writer
	open bool
}

func (v *valve) Write(text []byte) (int, error) {
	if !v.open {
		return len(text), nil
	}
	return v.w.Write(text)
}

// survive turns a panic into an error: no fault of a picture may end a run while threads are stopped.
func survive(do func()) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	do()
	return nil
}
