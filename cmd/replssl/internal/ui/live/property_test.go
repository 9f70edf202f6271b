package live_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func drawnCluster(t *rapid.T) topology.Cluster {
	names := replicas(rapid.IntRange(1, 25).Draw(t, "replicas"))
	c := orders(len(names))
	for i := 1; i < len(names); i++ {
		if rapid.IntRange(0, 3).Draw(t, "chained") == 0 {
			c = world.Chained(c, names[i], names[rapid.IntRange(0, i-1).Draw(t, "source")])
		}
	}
	c.Policy.Canary = rapid.IntRange(0, 3).Draw(t, "canaries")
	if rapid.Bool().Draw(t, "first") {
		c.Policy.Enforce = topology.EnforceFirst
	}
	return c
}

func drawnSize(t *rapid.T) live.Size {
	return live.Size{Width: rapid.IntRange(1, 220).Draw(t, "width"), Height: rapid.IntRange(1, 60).Draw(t, "height")}
}

// TestEveryPictureFits: at no moment of any run is a picture larger than the terminal.
func TestEveryPictureFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnCluster(t)
		most := 9 * len(c.Servers)
		p, records := lived(t, c, accident{fails: rapid.IntRange(0, most).Draw(t, "fails"), interrupts: rapid.IntRange(0, most).Draw(t, "interrupts")})
		signs := live.SignsFor(func(string) string { return rapid.SampledFrom([]string{"C", "C.UTF-8"}).Draw(t, "locale") })
		scene := live.NewScene(c, p, signs)
		for _, r := range records[:rapid.IntRange(0, len(records)).Draw(t, "events")] {
			scene.Read(r)
		}
		size := drawnSize(t)
		now := started().Add(time.Duration(rapid.IntRange(-10, 100000).Draw(t, "now")) * time.Second)
		fits(t, scene.Lines(now, size), size)
		fits(t, scene.Final(now, size), size)
		if size.Height >= 24 && size.Width >= 40 {
			countsAll(t, scene.Lines(now, size), c)
		}
	})
}

func fits(t *rapid.T, lines []string, size live.Size) {
	if len(lines) > size.Height {
		t.Fatalf("%d lines in a height of %d:\n%s", len(lines), size.Height, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if width := ansi.StringWidth(line); width > size.Width {
			t.Fatalf("%d cells in a width of %d: %q", width, size.Width, line)
		}
		if strings.ContainsAny(ansi.Strip(line), "\n\r\t\x1b") {
			t.Fatalf("it steers the terminal: %q", line)
		}
	}
}

var (
	oneRow = regexp.MustCompile(`^[│├└─| \x60-]*(db\d+)( |$)`)
	folded = regexp.MustCompile(`^(?:├─|└─|\|-|\x60-) (?:…|\.\.\.) (\d+) `)
)

// countsAll: each server has a row, or is counted in a line that it shares.
func countsAll(t *rapid.T, lines []string, c topology.Cluster) {
	rows, counted := map[string]bool{}, 0
	for _, line := range lines[2:] {
		text := ansi.Strip(line)
		if m := oneRow.FindStringSubmatch(text); m != nil {
			rows[m[1]] = true
		}
		if m := folded.FindStringSubmatch(text); m != nil {
			count, _ := strconv.Atoi(m[1])
			counted += count
		}
	}
	if len(rows)+counted != len(c.Servers) {
		t.Fatalf("%d rows and %d counted of %d servers:\n%s", len(rows), counted, len(c.Servers), ansi.Strip(strings.Join(lines, "\n")))
	}
}

// TestAnyEventsAndTextsFit: a server may send any text, and the events of another plan do no harm.
func TestAnyEventsAndTextsFit(t *testing.T) {
	c := orders(4)
	p := plan.Build(c, world.New(c).Facts(), plan.Options{})
	ids := []string{"no/such-step", ""}
	for _, s := range p.Steps {
		ids = append(ids, s.ID)
	}
	rapid.Check(t, func(t *rapid.T) {
		c.Name = rapid.String().Draw(t, "name")
		scene := live.NewScene(c, p, live.SignsFor(utf8))
		for i := range rapid.IntRange(0, 30).Draw(t, "events") {
			id, text := rapid.SampledFrom(ids).Draw(t, "step"), rapid.String().Draw(t, "text")
			e := rapid.SampledFrom([]event.Event{
				event.RunBegan{},
				event.StepBegan{Step: id},
				event.StepHeld{Step: id, Why: text},
				event.ActionIntended{Step: id, Action: text},
				event.ActionDone{Step: id},
				event.ActionFailed{Step: id, Error: text, Rescue: true},
				event.StepDone{Step: id},
				event.StepFailed{Step: id, Error: text, Hint: text},
				event.StepSkipped{Step: id, Why: text},
				event.Stopping{},
				event.Statement{SQL: text},
				event.RunEnded{Outcome: event.Partly},
			}).Draw(t, "event")
			scene.Read(event.Record{At: started().Add(time.Duration(i) * time.Second), Event: e})
		}
		size := drawnSize(t)
		fits(t, scene.Lines(started(), size), size)
		fits(t, scene.Final(started(), size), size)
	})
}

// TestFailuresAreSeenFirst: whatever else goes on in fifty replicas, who failed is named.
func TestFailuresAreSeenFirst(t *testing.T) {
	p := prepared(t, orders(50)).done("change/db2")
	for i := 3; i < 13; i++ {
		p.does(0, fmt.Sprintf("change/db%d", i))
	}
	for _, id := range []string{"change/db9", "change/db12"} {
		p.happens(event.StepFailed{Step: id, Error: "no", Rescued: event.NotTakenBack})
	}
	for height := lowest; height < 60; height++ {
		told := ""
		for _, line := range p.scene.Lines(p.now, live.Size{Width: 80, Height: height}) {
			if text := ansi.Strip(line); strings.Contains(text, "FAILED") {
				told += text + "\n"
			}
		}
		if !strings.Contains(told, "db9") || !strings.Contains(told, "db12") {
			t.Errorf("height %d: who failed is not named: %s", height, told)
		}
	}
}

// lowest is a height in which the primary, its gates and one line of replicas have room.
const lowest = 10
