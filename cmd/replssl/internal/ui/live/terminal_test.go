package live_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

// replayed is what a terminal has to show of a run after so many of its events.
func replayed(count int, p plan.Plan, records []event.Record) (*live.Scene, event.Record) {
	scene := live.NewScene(orders(count), p, live.SignsFor(utf8))
	for _, r := range records {
		scene.Read(r)
	}
	return scene, records[len(records)-1]
}

// TestRealTerminal lets a run be seen in a real terminal that is resized in the middle, both ways.
func TestRealTerminal(t *testing.T) {
	for _, count := range []int{2, 50} {
		for _, size := range sizes() {
			t.Run(fmt.Sprintf("%d replicas at %d columns", count, size.Width), func(t *testing.T) {
				t.Parallel()
				playsIn(t, count, size)
			})
		}
	}
}

func playsIn(t *testing.T, count int, size live.Size) {
	p, records := lived(t, orders(count), accident{fails: 4 * count})
	pane := newPane(t, size)
	pane.keeps(records)
	pane.types("echo from before")
	pane.shows(fmt.Sprintf("LIVE_REPLICAS=%d", count))
	for _, share := range []int{3, 2} {
		some := records[:len(records)/share]
		scene, last := replayed(count, p, some)
		pane.cue(len(some))
		pane.seesPicture(scene.Lines(last.At, size))
		for _, other := range []live.Size{{Width: 60, Height: 15}, {Width: 220, Height: 60}, {Width: 33, Height: 9}, size} {
			pane.resize(other)
			pane.seesPicture(scene.Lines(last.At, other))
		}
		pane.types("somebody types")
		pane.seesPicture(scene.Lines(last.At, size))
	}
	pane.cue(len(records))
	_ = pane.cues.Close()
	pane.seesPrompt()
	pane.isAsBefore()
	staysBehind(t, pane.scroll(), count, p, records, size)
}

// staysBehind: what was there before, the last picture once, and no other.
func staysBehind(t *testing.T, scroll string, count int, p plan.Plan, records []event.Record, size live.Size) {
	t.Helper()
	scene, last := replayed(count, p, records)
	contains(t, scroll, "from before", trimmed(ansi.Strip(strings.Join(scene.Final(last.At, size), "\n"))))
	for _, once := range []string{"steps done", "run           "} {
		if found := strings.Count(scroll, once); found != 1 {
			t.Errorf("%q is there %d times:\n%s", once, found, scroll)
		}
	}
	if strings.Contains(scroll, "Ctrl-C") {
		t.Errorf("something is left over:\n%s", scroll)
	}
}

func TestInterruptedInATerminal(t *testing.T) {
	t.Parallel()
	pane := newPane(t, live.Size{Width: 80, Height: 24})
	pane.shows("LIVE_ENGINE=1 LIVE_REPLICAS=2")
	pane.seesAll("serve: restart db1", "Ctrl-C ends the run")
	pane.presses("C-c")
	pane.seesAll("serve: restart db1", "stopping after the steps under way; interrupt again to end at once", "not begun: the run stops")
	pane.cue("restarted")
	pane.seesAll("ended: interrupted", "run                    interrupted: 11 done", "not begun: the run was interrupted")
	pane.isAsBefore()
}

func TestEndedAtOnceInATerminal(t *testing.T) {
	t.Parallel()
	pane := newPane(t, live.Size{Width: 80, Height: 24})
	pane.types("echo from before")
	pane.shows("LIVE_ENGINE=1 LIVE_REPLICAS=2")
	pane.seesAll("serve: restart db1")
	pane.presses("C-c")
	pane.seesAll("interrupt again to end at once")
	pane.presses("C-c")
	pane.seesAll("from before", "serve: restart db1")
	pane.seesPrompt()
	pane.types("echo code $?")
	pane.seesAll("code 130")
	pane.isAsBefore()
}

// TestQuitInATerminal: Ctrl-\ ends the process with the state of its goroutines, which a person wants to read.
func TestQuitInATerminal(t *testing.T) {
	t.Parallel()
	pane := newPane(t, live.Size{Width: 80, Height: 24})
	pane.shows("LIVE_ENGINE=1 LIVE_REPLICAS=2")
	pane.seesAll("serve: restart db1")
	pane.presses("C-\\")
	pane.seesPrompt()
	contains(t, pane.scroll(), "serve: restart db1", "SIGQUIT: quit", "goroutine 1 ")
	pane.isAsBefore()
}

// TestStoppedAndContinuedInATerminal: Ctrl-Z gives the shell its screen, and fg brings the picture back.
func TestStoppedAndContinuedInATerminal(t *testing.T) {
	t.Parallel()
	size := live.Size{Width: 80, Height: 24}
	p, records := lived(t, orders(2), accident{})
	half := records[:len(records)/2]
	scene, last := replayed(2, p, half)
	pane := newPane(t, size)
	pane.keeps(records)
	pane.types("echo from before")
	pane.shows("LIVE_REPLICAS=2")
	pane.cue(len(half))
	pane.seesPicture(scene.Lines(last.At, size))
	pane.presses("C-z")
	pane.seesAll("Stopped", "from before")
	pane.seesPrompt()
	pane.isAsBefore()
	pane.types("fg")
	pane.seesPicture(scene.Lines(last.At, size))
	_ = pane.cues.Close()
	pane.seesPrompt()
	pane.isAsBefore()
}

// TestPlainLinesInATerminal where somebody asked for them.
func TestPlainLinesInATerminal(t *testing.T) {
	t.Parallel()
	_, records := lived(t, orders(2), accident{})
	for _, wish := range []string{"NO_COLOR=1", "TERM=dumb", "TERM="} {
		pane := newPane(t, live.Size{Width: 80, Height: 24})
		pane.keeps(records)
		pane.shows(wish + " LIVE_REPLICAS=2")
		pane.cue(len(records))
		_ = pane.cues.Close()
		pane.seesAll("rehearse/db3           [16/16] done", "run                    done: 16 done")
		pane.seesPrompt()
		if scroll := pane.scroll(); strings.Contains(scroll, "steps done") {
			t.Errorf("%s: a picture is there:\n%s", wish, scroll)
		}
		pane.isAsBefore()
	}
}
