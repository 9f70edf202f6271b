package plan_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain keeps the properties quick; -rapid.checks=1000 looks closer.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; look at it with git diff after go test -update\ngot:\n%s", path, got)
	}
}

// site is a cluster in memory together with what its journal would hold, and how the plan is asked for.
type site struct {
	*world.World
	cluster topology.Cluster // as the inventory of now says; the world keeps that of its beginning
	ledger  *event.Ledger
	options plan.Options
}

func newSite(c topology.Cluster) *site {
	return &site{World: world.New(c), cluster: c, ledger: event.NewLedger(nil)}
}

// securedSite is a site after a whole run.
func securedSite(t fataler, c topology.Cluster) *site {
	s := newSite(c)
	s.mustApply(t)
	return s
}

type fataler interface {
	Fatalf(format string, args ...any)
}

func (s *site) facts() facts.Facts {
	f := s.Facts()
	f.Marks = s.ledger.Marks()
	return f
}

// quiet are the facts as a plan sees them: without a login of the account.
func (s *site) quiet() facts.Facts {
	f := s.Observe(context.Background(), world.Everything(s.cluster))
	f.Marks = s.ledger.Marks()
	return f
}

func (s *site) build() plan.Plan { return plan.Build(s.cluster, s.quiet(), s.options) }

func (s *site) report() plan.Report {
	f := s.facts()
	return plan.Judge(s.cluster, f, positionsOf(s.cluster, f), nil)
}

func positionsOf(c topology.Cluster, f facts.Facts) map[topology.ServerName]facts.Position {
	positions := map[topology.ServerName]facts.Position{}
	for _, source := range c.Sources() {
		if position, ok := f.Server(source.Name).Position.Get(); ok {
			positions[source.Name] = position
		}
	}
	return positions
}

// mustApply carries the whole plan out, one step after the other.
func (s *site) mustApply(t fataler) {
	p := s.build()
	if len(p.Blocked) > 0 {
		t.Fatalf("blocked: %v", p.Blocked)
	}
	c := newCrew(s, p, inOrder)
	c.work()
	if c.fault != "" {
		t.Fatalf("%s\n%s", c.fault, c.story())
	}
}

// do carries actions out by hand, as a person at the servers would.
func (s *site) do(t fataler, actions ...plan.Action) {
	for _, a := range actions {
		if err := s.Do(context.Background(), a, s.note); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
	}
}

func (s *site) note(e event.Event) error {
	s.ledger.Read(e)
	return nil
}

// interrupted is a journal in which a step found the threads and did not end.
func (s *site) interrupted(step string, id facts.ChannelID, threads facts.Threads) {
	s.ledger.Read(event.ThreadsFound{
		Step: step, Server: id.Server, Channel: id.Name, Receiver: threads.Receiver, Applier: threads.Applier,
	})
}

// edit changes what was seen of a server.
func edit(f facts.Facts, name topology.ServerName, change func(*facts.Server)) facts.Facts {
	f.Servers = maps.Clone(f.Servers)
	server := f.Servers[name]
	change(&server)
	f.Servers[name] = server
	return f
}

// editChannel changes what was seen of the default channel of a server.
func editChannel(f facts.Facts, name topology.ServerName, change func(*facts.Channel)) facts.Facts {
	return edit(f, name, func(s *facts.Server) {
		channels := slices.Clone(s.Channels.Or(nil))
		change(&channels[0])
		s.Channels = facts.Known(channels)
	})
}

func ids(p plan.Plan) []string {
	list := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		list[i] = s.ID
	}
	return list
}

func channelOf(name topology.ServerName) facts.ChannelID { return facts.ChannelID{Server: name} }

var (
	both     = facts.Threads{Receiver: true, Applier: true}
	receiver = facts.Threads{Receiver: true}
	applier  = facts.Threads{Applier: true}
)

// ancestors are the steps that are done before a step begins, in every schedule.
func ancestors(p plan.Plan, id string) map[string]bool {
	found := map[string]bool{}
	var walk func(string)
	walk = func(id string) {
		step, _ := p.Step(id)
		for _, need := range step.Needs {
			if !found[need] {
				found[need] = true
				walk(need)
			}
		}
	}
	walk(id)
	return found
}

func mustStep(t *testing.T, p plan.Plan, id string) plan.Step {
	t.Helper()
	step, ok := p.Step(id)
	if !ok {
		t.Fatalf("there is no step %s: %v %v", id, ids(p), p.Blocked)
	}
	return step
}

func sentences[T fmt.Stringer](list []T) []string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = x.String()
	}
	return texts
}

// raised and lifted are a row of which TLS is required, and no longer.
func raised(host string) []facts.RowChange {
	return []facts.RowChange{{Host: host, Former: facts.Requirement{Kind: facts.RequireNone}, Wanted: facts.Requirement{Kind: facts.RequireSSL}}}
}

func lifted(host string) []facts.RowChange { return []facts.RowChange{raised(host)[0].Back()} }
