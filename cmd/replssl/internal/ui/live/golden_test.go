package live_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what is drawn with a file, without colours, spaces at the ends of lines and the digest of the plan, which says nothing here.
func (p *play) golden(t *testing.T, name string, lines []string) {
	t.Helper()
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	p.compare(t, name, strings.Join(lines, "\n")+"\n")
}

func (p *play) compare(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, p.plan.Digest(), "0123456789ab")
	path := filepath.Join("testdata", name+".golden.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got:\n%s\nwant:\n%s", path, got, want)
	}
}

func sizes() []live.Size { return []live.Size{{Width: 80, Height: 24}, {Width: 200, Height: 50}} }

// prepared is a run in which everything is ready for the changes.
func prepared(t *testing.T, c topology.Cluster) *play {
	t.Helper()
	return begin(t, c).done("authority", "leaf/", "files/", "config/", "serve/", "wake/")
}

func orders(count int) topology.Cluster {
	c := world.Cluster("db1", replicas(count)...)
	c.Name = "orders"
	return c
}

// scenes are moments of runs.
func scenes(t *testing.T) map[string]*play {
	t.Helper()
	refused := event.StepFailed{
		Step: "change/db3", Target: "db3", Error: "what was done did not work: channel db3: error 2026: TLS/SSL error: certificate verify failed",
		Hint: "the certificate of db1 does not carry the name that channel db3 uses: look at SHOW SLAVE STATUS", Touched: true, Rescued: event.TakenBack,
	}
	lags := event.StepHeld{Step: "change/db4", Why: "db4 is 45s behind, more than 30s"}
	skipped := func(p *play) []event.Event {
		var events []event.Event
		for _, s := range p.matching("require/db1", "rehearse/") {
			events = append(events, event.StepSkipped{Step: s.ID, Why: "it needs change/db3, which failed"})
		}
		return events
	}
	chained := world.Chained(world.Chained(orders(5), "db4", "db3"), "db5", "db4")
	p := map[string]*play{
		"2-begins":   begin(t, orders(2)),
		"2-restarts": begin(t, orders(2)).done("authority", "leaf/", "files/", "config/").does(0, "serve/db1").after(72 * time.Second),
		"2-canary":   prepared(t, orders(2)).does(1, "change/db2").after(time.Second),
		"2-is-done":  prepared(t, orders(2)).done("change/", "require/", "rehearse/"),
		"2-stops":    prepared(t, orders(2)).does(1, "change/db2").happens(event.Stopping{Underway: []string{"change/db2"}}),

		"chain-is-held": prepared(t, chained).done("change/db2").does(2, "change/db3").begins("change/db4").happens(lags).after(20 * time.Second),

		"50-begins":  begin(t, orders(50)),
		"50-canary":  prepared(t, orders(50)).does(0, "change/db2"),
		"50-fails":   prepared(t, orders(50)).done("change/db2").does(1, "change/db3", "change/db4", "change/db5").happens(lags, refused),
		"50-is-done": prepared(t, orders(50)).done("change/", "require/", "rehearse/"),
	}
	p["2-is-done"].happens(event.RunEnded{Outcome: event.Succeeded, Done: 16})
	p["50-is-done"].happens(event.RunEnded{Outcome: event.Succeeded, Done: 256})
	p["2-interrupted"] = prepared(t, orders(2)).done("change/db2").begins("change/db3").happens(
		event.Stopping{Underway: []string{"change/db3"}}, event.RunEnded{Outcome: event.Interrupted, Done: 12})
	p["50-partly"] = prepared(t, orders(50)).done("change/db2").does(1, "change/db3").happens(refused)
	for _, s := range p["50-partly"].matching("change/") {
		if s.Target != "db2" && s.Target != "db3" {
			p["50-partly"].done(s.ID)
		}
	}
	p["50-partly"].happens(skipped(p["50-partly"])...).happens(event.RunEnded{Outcome: event.Partly, Done: 204, Failed: 1, Skipped: 51})
	return p
}

func TestPictures(t *testing.T) {
	for name, p := range scenes(t) {
		for _, size := range sizes() {
			p.golden(t, fmt.Sprintf("%s.%dx%d", name, size.Width, size.Height), p.scene.Lines(p.now, size))
		}
	}
}

func TestWhatStays(t *testing.T) {
	for name, p := range scenes(t) {
		if !strings.HasPrefix(name, "2-is-done") && !strings.HasPrefix(name, "50-partly") {
			continue
		}
		for _, size := range sizes() {
			p.golden(t, fmt.Sprintf("%s.final.%dx%d", name, size.Width, size.Height), p.scene.Final(p.now, size))
		}
	}
}

// TestColours shows one picture with its colours, in which each escape stands as <31m>.
func TestColours(t *testing.T) {
	p := scenes(t)["50-fails"]
	text := strings.Join(p.scene.Lines(p.now, live.Size{Width: 80, Height: 24}), "\n") + "\n"
	p.compare(t, "50-fails.colours", strings.NewReplacer("\x1b[m", "<>", "\x1b[", "<").Replace(text))
}

// TestTypedSigns: a terminal that may not know the signs gets such as every terminal has.
func TestTypedSigns(t *testing.T) {
	c := world.Chained(orders(3), "db4", "db3")
	p := begin(t, c)
	p.scene = live.NewScene(c, p.plan, live.SignsFor(func(name string) string { return map[string]string{"LANG": "C.UTF-8", "LC_ALL": "C"}[name] }))
	p.done("authority", "leaf/", "files/", "config/", "serve/", "wake/").does(1, "change/db2")
	p.happens(event.StepFailed{Step: "change/db2", Error: "no", Rescued: event.NotTakenBack}, event.StepSkipped{Step: "change/db3", Why: "it needs change/db2, which failed"})
	lines := p.scene.Lines(p.now, live.Size{Width: 80, Height: 24})
	p.golden(t, "typed.80x24", lines)
	for _, line := range lines {
		for _, r := range line {
			if r > 0x7e {
				t.Errorf("%q has %q", line, r)
			}
		}
	}
}
