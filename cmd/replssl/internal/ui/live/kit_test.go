package live_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate/event"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// started is when every run of these tests begins.
func started() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

// utf8 is the environment of a terminal that can show all signs.
func utf8(string) string { return "C.UTF-8" }

// replicas are names of servers: db2, db3, ...
func replicas(count int) []topology.ServerName {
	names := make([]topology.ServerName, count)
	for i := range names {
		names[i] = topology.ServerName(fmt.Sprintf("db%d", i+2))
	}
	return names
}

// play is a run of which the test says what happens; a tenth of a second passes with each event.
type play struct {
	plan  plan.Plan
	scene *live.Scene
	now   time.Time
}

func begin(t *testing.T, c topology.Cluster) *play {
	t.Helper()
	w := world.New(c)
	p := &play{plan: plan.Build(c, w.Facts(), plan.Options{}), now: started()}
	if len(p.plan.Blocked) > 0 {
		t.Fatalf("blocked: %v", p.plan.Blocked)
	}
	p.scene = live.NewScene(c, p.plan, live.SignsFor(utf8))
	p.happens(event.RunBegan{Run: "r1", Steps: len(p.plan.Steps)})
	return p
}

func (p *play) happens(events ...event.Event) *play {
	for _, e := range events {
		p.scene.Read(event.Record{At: p.now, Event: e})
		p.now = p.now.Add(100 * time.Millisecond)
	}
	return p
}

// matching are the steps of ids that begin with one of the words.
func (p *play) matching(words ...string) []plan.Step {
	var steps []plan.Step
	for _, s := range p.plan.Steps {
		for _, word := range words {
			if s.ID == word || strings.HasSuffix(word, "/") && strings.HasPrefix(s.ID, word) {
				steps = append(steps, s)
				break
			}
		}
	}
	return steps
}

// done lets steps come to a good end; those of "kind/" are all of that kind.
func (p *play) done(words ...string) *play {
	for _, s := range p.matching(words...) {
		p.begins(s.ID).happens(event.StepDone{Step: s.ID, Took: 300 * time.Millisecond})
	}
	return p
}

func (p *play) begins(ids ...string) *play {
	for _, s := range p.matching(ids...) {
		p.happens(event.StepBegan{Step: s.ID, Title: s.Title, Target: s.Target})
	}
	return p
}

// does lets a step begin its action of that number.
func (p *play) does(number int, ids ...string) *play {
	for _, s := range p.matching(ids...) {
		p.begins(s.ID).happens(event.ActionIntended{Step: s.ID, Target: s.Target, Action: s.Actions[number].String()})
	}
	return p
}

func (p *play) after(d time.Duration) *play {
	p.now = p.now.Add(d)
	return p
}
