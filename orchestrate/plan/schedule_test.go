package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestAnyScheduleSecuresTheCluster: from any state that a cluster may be in, in any order that the plan allows, also after a death in
// the middle of it, every goal is reached, no rule of order is broken on the way, and nothing is left to do.
func TestAnyScheduleSecuresTheCluster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		w := watch(s)
		if rapid.Bool().Draw(t, "a run dies") {
			runUntilDeath(t, s, w)
		}
		var p plan.Plan
		for range 2 {
			p = unblocked(t, s)
			w.follow(p)
			c := newCrew(s, p, anyOrder(t))
			c.work()
			if c.fault != "" {
				t.Fatalf("%s\nplan %v\n%s", c.fault, ids(p), c.story())
			}
			w.check(t, c)
			if again := unblocked(t, s); len(again.Steps) > 0 {
				t.Fatalf("a second plan has steps: %v\n%s", ids(again), reasons(again))
			}
			if open := s.Plaintext(); len(open) > 0 {
				t.Fatalf("in plaintext: %v", open)
			}
			if report := s.report(); !report.OK {
				t.Fatalf("not secured: %v", report.Problems)
			}
		}
	})
}

// TestUndoRestoresWhatTheStepsFound: the undo of every step, the last one first, brings options, threads, account rows, certificate
// sets and settings back, as far as no step says that nothing can.
func TestUndoRestoresWhatTheStepsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		w := watch(s)
		before := s.facts()
		p := unblocked(t, s)
		w.follow(p)
		c := newCrew(s, p, anyOrder(t))
		c.work()
		if c.fault != "" {
			t.Fatalf("%s\nplan %v\n%s", c.fault, ids(p), c.story())
		}
		if err := c.undo(); err != nil {
			t.Fatalf("%v\n%s", err, c.story())
		}
		w.check(t, c)
		restored(t, s, before, c.story())
	})
}

func reasons(p plan.Plan) string {
	var lines []string
	for _, step := range p.Steps {
		lines = append(lines, step.ID+": "+step.Reason)
	}
	return strings.Join(lines, "\n")
}

func anyOrder(t *rapid.T) func(int) int {
	return func(n int) int {
		if n == 1 {
			return 0
		}
		return rapid.IntRange(0, n-1).Draw(t, "next")
	}
}

func unblocked(t *rapid.T, s *site) plan.Plan {
	p := s.build()
	if len(p.Blocked) > 0 {
		t.Fatalf("blocked: %v", p.Blocked)
	}
	return p
}

func runUntilDeath(t *rapid.T, s *site, w *watcher) {
	p := unblocked(t, s)
	w.follow(p)
	c := newCrew(s, p, anyOrder(t))
	c.left = rapid.IntRange(1, 1+actionsOf(p)).Draw(t, "actions before death")
	c.work()
	if c.fault != "" {
		t.Fatalf("%s\nplan %v\n%s", c.fault, ids(p), c.story())
	}
}

func actionsOf(p plan.Plan) int {
	n := 0
	for _, step := range p.Steps {
		n += len(step.Actions)
	}
	return n
}

// drawSite makes a cluster of any shape, fresh or secured once and then damaged.
func drawSite(t *rapid.T) *site {
	c := drawCluster(t)
	s := newSite(c)
	if rapid.IntRange(0, 3).Draw(t, "persists") == 0 {
		for _, server := range c.Servers {
			s.With(server.Name, func(s *world.Settings) { s.Persists() })
		}
	}
	performance := c.TLS.Verify == topology.VerifyChain && c.Policy.Enforce == topology.EnforceLast
	for _, server := range c.Servers {
		if performance || rapid.IntRange(0, 3).Draw(t, "performance_schema") == 0 {
			s.With(server.Name, func(s *world.Settings) { s.Instance(func(i *facts.Instance) { i.PerfSchema = true }) })
		}
	}
	drawAccounts(t, s)
	if rapid.IntRange(0, 2).Draw(t, "TLS before") == 0 {
		drawForeign(t, s)
	}
	if rapid.Bool().Draw(t, "secured before") {
		s.mustApply(t)
		damage(t, s)
		drawLevel(t, s)
	}
	drawThreads(t, s)
	return s
}

// drawLevel raises what the account shall require; an issuer or a subject can be named when there is an authority, and one subject by a row.
func drawLevel(t *rapid.T, s *site) {
	levels := []topology.Require{s.cluster.Account.Require, topology.RequireX509, topology.RequireIssuer}
	if len(s.cluster.Replicas()) == 1 {
		levels = append(levels, topology.RequireSubject)
	}
	s.cluster.Account.Require = rapid.SampledFrom(levels).Draw(t, "raised to")
}

// drawForeign lets servers serve certificates of another authority, which may have expired, and channels of theirs use or check them.
func drawForeign(t *rapid.T, s *site) {
	for _, server := range s.cluster.Servers {
		if !rapid.Bool().Draw(t, "another certificate on "+string(server.Name)) {
			continue
		}
		valid := rapid.SampledFrom([]time.Duration{year, -24 * time.Hour}).Draw(t, "valid")
		s.With(server.Name, func(s *world.Settings) { s.ServesForeign(valid) })
		for _, replica := range s.cluster.ReplicasOf(server.Name) {
			switch rapid.SampledFrom([]string{"plaintext", "unchecked", "chain", "identity"}).Draw(t, "channel of "+string(replica.Name)) {
			case "unchecked":
				s.do(t, plan.StopThreads{Channel: channelOf(replica.Name), Threads: both},
					plan.ChangeTLS{Channel: channelOf(replica.Name), Options: facts.TLSOptions{Enabled: true}},
					plan.StartThreads{Channel: channelOf(replica.Name), Threads: both})
			case "chain":
				s.With(replica.Name, func(s *world.Settings) { s.ChecksForeign(false) })
			case "identity":
				s.With(replica.Name, func(s *world.Settings) { s.ChecksForeign(true) })
			}
		}
	}
}

func drawCluster(t *rapid.T) topology.Cluster {
	names := []topology.ServerName{"db2", "db3", "db4", "db5"}[:rapid.IntRange(1, 4).Draw(t, "replicas")]
	c := world.Cluster("db1", names...)
	for i, name := range names[1:] {
		if rapid.IntRange(0, 2).Draw(t, "chained") == 0 {
			c = world.Chained(c, name, names[rapid.IntRange(0, i).Draw(t, "source")])
		}
	}
	c.Policy.Canary = rapid.IntRange(0, 2).Draw(t, "canary")
	c.Policy.Parallel = rapid.IntRange(1, 4).Draw(t, "parallel")
	if rapid.Bool().Draw(t, "enforce first") {
		c.Policy.Enforce = topology.EnforceFirst
	}
	if rapid.IntRange(0, 3).Draw(t, "verify chain") == 0 {
		c.TLS.Verify = topology.VerifyChain
	}
	if rapid.IntRange(0, 2).Draw(t, "certificates required") == 0 {
		c.Account.Require = topology.RequireX509
	}
	if rapid.IntRange(0, 2).Draw(t, "all serve TLS") == 0 {
		c.TLS.Servers = topology.ServersAll
	}
	if rapid.IntRange(0, 3).Draw(t, "own files") == 0 {
		ownFiles(&c)
	}
	return c
}

// drawAccounts puts rows on the replicas. The row that they log in as stays open on each source: with a closed one a plaintext receiver could not
// come back from any restart, whatever a plan says.
func drawAccounts(t *rapid.T, s *site) {
	everywhere := rapid.Bool().Draw(t, "account everywhere")
	for _, server := range s.cluster.Replicas() {
		has := len(s.cluster.ReplicasOf(server.Name)) > 0
		if !has && (everywhere || rapid.Bool().Draw(t, "account")) {
			s.With(server.Name, func(s *world.Settings) { s.Account("%", facts.RequireNone) })
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "second row") == 0 {
		kind := rapid.SampledFrom([]facts.RequirementKind{facts.RequireNone, facts.RequireSSL, facts.RequireX509}).Draw(t, "kind")
		s.With("db1", func(s *world.Settings) { s.Account("10.1.%", kind) })
	}
	for _, server := range s.cluster.Replicas() {
		if rapid.IntRange(0, 7).Draw(t, "filtered") == 0 {
			s.With(server.Name, func(s *world.Settings) { s.Channel(func(c *facts.Channel) { c.Filtered = true }) })
		}
	}
}

// drawThreads stops threads as an interrupted run does, with its journal at hand.
func drawThreads(t *rapid.T, s *site) {
	for _, server := range s.cluster.Replicas() {
		if rapid.IntRange(0, 4).Draw(t, "stopped") > 0 {
			continue
		}
		threads := rapid.SampledFrom([]facts.Threads{receiver, applier, both}).Draw(t, "threads")
		s.interrupted("change/"+string(server.Name), channelOf(server.Name), both)
		s.With(server.Name, func(s *world.Settings) { s.Stop(threads) })
	}
}

// damage is what may happen to a secured cluster.
func damage(t *rapid.T, s *site) {
	for _, server := range s.cluster.Servers {
		name := server.Name
		source := len(s.cluster.ReplicasOf(name)) > 0
		harm := rapid.SampledFrom([]string{"", "", "renamed", "opened", "settings", "restart", "lost", "plaintext", "unswitched", "renewed"}).Draw(t, "harm of "+string(name))
		switch {
		case harm == "renewed":
			s.NewOwn(name)
		case harm == "renamed" && s.cluster.TLS.Source == topology.SourceBuiltin:
			s.cluster = renamed(s.cluster, name, string(name)+".example.org")
		case harm == "opened":
			s.do(t, s.openRows(name))
		case harm == "settings" && source:
			s.do(t, plan.RemoveConfig{Server: name})
		case harm == "restart" && source:
			s.do(t, plan.Restart{Server: name})
		case harm == "lost" && source:
			s.do(t, plan.RemoveConfig{Server: name}, plan.Restart{Server: name})
		case harm == "plaintext" && server.Source != "":
			s.do(t, s.openRows(server.Source),
				plan.StopThreads{Channel: channelOf(name), Threads: both}, plan.ChangeTLS{Channel: channelOf(name)},
				plan.StartThreads{Channel: channelOf(name), Threads: both})
		case harm == "unswitched" && !source:
			s.do(t, plan.UnswitchSet{Server: name})
		}
	}
}

// openRows lets every row of the account on a server log in without TLS.
func (s *site) openRows(name topology.ServerName) plan.Action {
	var rows []facts.RowChange
	for _, row := range s.facts().Server(name).Accounts.Or(nil) {
		rows = append(rows, facts.RowChange{Host: row.Host, Former: facts.Requirement{Kind: facts.RequireSSL}, Wanted: facts.Requirement{Kind: facts.RequireNone}})
	}
	return plan.Require{Server: name, User: s.cluster.Account.User, Rows: rows}
}

// watcher looks at every action before it is done, and remembers what breaks a rule of order.
type watcher struct {
	site     *site
	plan     plan.Plan
	faults   []string
	required bool
	changed  map[topology.ServerName]bool
}

func watch(s *site) *watcher {
	w := &watcher{site: s}
	s.OnAction(func(a plan.Action) error {
		w.see(a)
		return nil
	})
	return w
}

func (w *watcher) follow(p plan.Plan) {
	w.plan, w.required, w.changed = p, false, map[topology.ServerName]bool{}
}

func (w *watcher) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *watcher) see(action plan.Action) {
	switch a := action.(type) {
	case plan.SwitchSet:
		w.seeSwitch(a, a.Server, a.Dir)
	case plan.UnswitchSet:
		w.seeSwitch(a, a.Server, a.Dir)
	case plan.Require:
		w.required = w.required || a.Raises()
	case plan.ChangeTLS:
		if channelIn(w.site.Facts(), a.Channel).TLS.Enabled { // it may move with the certificate of its source
			w.changed[a.Channel.Server] = true
			return
		}
		w.seeChange(a)
	}
}

// seeSwitch: no receiver opens the files while they are switched.
func (w *watcher) seeSwitch(action plan.Action, server topology.ServerName, dir string) {
	for _, c := range w.site.Facts().Server(server).Channels.Or(nil) {
		if c.TLS.Enabled && c.TLS.Cert == dir+"/current/cert.pem" && c.Receiver.Runs() {
			w.fault("%s while its receiver runs", action)
		}
	}
}

// seeChange: where the policy says so TLS is required before, and the canaries go first.
func (w *watcher) seeChange(a plan.ChangeTLS) {
	_, planned := w.plan.Step("require/db1")
	if w.site.cluster.Policy.Enforce == topology.EnforceFirst && planned && a.Options.Enabled && !w.required {
		w.fault("%s before TLS is required", a)
	}
	if !a.Options.Enabled {
		return
	}
	var order []topology.ServerName
	for _, step := range w.plan.Steps {
		if strings.HasPrefix(step.ID, "change/") {
			order = append(order, step.Target)
		}
	}
	at := slices.Index(order, a.Channel.Server)
	for _, canary := range order[:min(at, w.site.cluster.Policy.Canary)] {
		step, _ := w.plan.Step("change/" + string(canary))
		if acts(step) && !w.changed[canary] {
			w.fault("%s before its canary %s", a, canary)
		}
	}
	w.changed[a.Channel.Server] = true
}

func acts(step plan.Step) bool {
	return slices.ContainsFunc(step.Actions, func(a plan.Action) bool { _, ok := a.(plan.ChangeTLS); return ok })
}

func (w *watcher) check(t *rapid.T, c *crew) {
	w.faults = append(w.faults, w.site.Violations()...)
	if len(w.faults) > 0 {
		t.Fatalf("%s\nplan %v\n%s", strings.Join(w.faults, "\n"), ids(w.plan), c.story())
	}
}

// restored compares what is seen with what was seen before.
func restored(t *rapid.T, s *site, before facts.Facts, story string) {
	after := s.facts()
	for _, server := range s.cluster.Servers {
		was, is := before.Server(server.Name), after.Server(server.Name)
		same(t, server.Name, "account rows", is.Accounts.Or(nil), was.Accounts.Or(nil), story)
		same(t, server.Name, "settings", is.Config, was.Config, story)
		same(t, server.Name, "set in use", is.TLSDir.Or(facts.TLSDir{}).Current, was.TLSDir.Or(facts.TLSDir{}).Current, story)
		same(t, server.Name, "served certificate", is.ServedTLS, was.ServedTLS, story)
	}
	for _, server := range s.cluster.Replicas() {
		id := channelOf(server.Name)
		was, is := channelIn(before, id), channelIn(after, id)
		same(t, server.Name, "TLS options", is.TLS, was.TLS, story)
		threads := was.Threads()
		if marked, ok := before.Marks.Threads[id]; ok {
			threads = marked
		}
		same(t, server.Name, "threads", is.Threads(), threads, story)
		readable := !was.TLS.Enabled || before.Server(server.Name).TLSDir.Or(facts.TLSDir{}).Current > 0
		if is.Receiver != facts.Yes && was.Receiver == facts.Yes && readable {
			t.Fatalf("the receiver of %s does not come back: %+v\n%s", server.Name, is.ReceiverError, story)
		}
	}
}

func same(t *rapid.T, server topology.ServerName, what string, is, was any, story string) {
	if !reflect.DeepEqual(is, was) {
		t.Fatalf("%s of %s are not restored:\n is %v\nwas %v\n%s", what, server, is, was, story)
	}
}

// TestAnyPlanHasASafeShape looks at plans as they are made, whatever schedule is followed later.
func TestAnyPlanHasASafeShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		p := unblocked(t, s)
		touchThreadsAlone(t, s, p)
		startWhatTheyStop(t, p)
		wakeAfterRestarts(t, s, p)
		requireAfterProofs(t, s, p)
		if again := s.build(); again.Digest() != p.Digest() || !bytes.Equal(encoded(t, again), encoded(t, p)) {
			t.Fatalf("the same facts give two plans")
		}
	})
}

func encoded(t fataler, p plan.Plan) []byte {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatalf("%v", err)
	}
	return append(text, '\n')
}

// requireAfterProofs: under enforce last the requirement waits for every change, and its guards ask for the proof of every channel.
func requireAfterProofs(t *rapid.T, s *site, p plan.Plan) {
	for _, step := range p.Steps {
		if !strings.HasPrefix(step.ID, "require/") {
			continue
		}
		for _, other := range p.Steps {
			kind, _, _ := strings.Cut(other.ID, "/")
			earlier := kind == "files" || kind == "serve" || kind == "wake" || kind == "change" && s.cluster.Policy.Enforce == topology.EnforceLast
			if earlier && !ancestors(p, step.ID)[other.ID] {
				t.Fatalf("%s may come before %s", step.ID, other.ID)
			}
		}
		guarded := map[facts.ChannelID]bool{}
		for _, guard := range step.Guards {
			if e, ok := guard.Condition.(plan.Encrypted); ok {
				guarded[e.Link.Channel] = true
			}
		}
		if s.cluster.Policy.Enforce == topology.EnforceLast && len(guarded) != len(s.cluster.Replicas()) {
			t.Fatalf("%s asks for the proof of these alone: %v", step.ID, guarded)
		}
	}
}

// touchThreadsAlone: of two steps that touch the same threads one comes first; whatever one of them stopped, the other would start.
func touchThreadsAlone(t *rapid.T, s *site, p plan.Plan) {
	before := map[string]map[string]bool{}
	for _, step := range p.Steps {
		before[step.ID] = ancestors(p, step.ID)
	}
	for i, one := range p.Steps {
		for _, other := range p.Steps[:i] {
			shared := slices.DeleteFunc(touched(s.cluster, one), func(id facts.ChannelID) bool {
				return !slices.Contains(touched(s.cluster, other), id)
			})
			if len(shared) > 0 && !before[one.ID][other.ID] && !before[other.ID][one.ID] {
				t.Fatalf("%s and %s may run together, and both touch the threads of %v; plan %v", one.ID, other.ID, shared, ids(p))
			}
		}
	}
}

// startWhatTheyStop: in the same step.
func startWhatTheyStop(t *rapid.T, p plan.Plan) {
	for _, step := range p.Steps {
		for what, actions := range map[string][]plan.Action{"actions": step.Actions, "undo": step.Undo.Actions, "rescue": step.Rescue} {
			if left := leftStopped(actions, channelGoal(step)); len(left) > 0 {
				t.Fatalf("the %s of %s leave %v stopped: %v", what, step.ID, left, sentences(actions))
			}
		}
		if len(step.Actions) > 0 && stops(step) && len(step.Found) == 0 {
			t.Fatalf("%s stops threads and keeps nothing of how it found them", step.ID)
		}
	}
}

func channelGoal(step plan.Step) facts.Threads {
	if secured, ok := step.Goal.(plan.Secured); ok {
		return secured.Threads
	}
	return both
}

// leftStopped are the channels of which a thread that should run was stopped and not started.
func leftStopped(actions []plan.Action, want facts.Threads) []facts.ChannelID {
	stopped := map[facts.ChannelID]facts.Threads{}
	for _, action := range actions {
		switch a := action.(type) {
		case plan.StopThreads:
			t := stopped[a.Channel]
			stopped[a.Channel] = facts.Threads{Receiver: t.Receiver || a.Threads.Receiver, Applier: t.Applier || a.Threads.Applier}
		case plan.StartThreads:
			t := stopped[a.Channel]
			stopped[a.Channel] = facts.Threads{Receiver: t.Receiver && !a.Threads.Receiver, Applier: t.Applier && !a.Threads.Applier}
		}
	}
	var left []facts.ChannelID
	for id, t := range stopped {
		if t.Receiver && want.Receiver || t.Applier && want.Applier {
			left = append(left, id)
		}
	}
	return left
}

func stops(step plan.Step) bool {
	return slices.ContainsFunc(step.Actions, func(a plan.Action) bool {
		switch a.(type) {
		case plan.StopThreads, plan.Restart:
			return true
		}
		return false
	})
}

// touched are the channels whose threads a step stops, starts or disturbs.
func touched(c topology.Cluster, step plan.Step) []facts.ChannelID {
	found := map[facts.ChannelID]bool{}
	for _, action := range step.Actions {
		switch a := action.(type) {
		case plan.StopThreads:
			found[a.Channel] = true
		case plan.StartThreads:
			found[a.Channel] = true
		case plan.ChangeTLS:
			found[a.Channel] = true
		case plan.Restart:
			for _, s := range disturbed(c, a.Server) {
				found[s] = true
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}

func disturbed(c topology.Cluster, restarted topology.ServerName) []facts.ChannelID {
	var found []facts.ChannelID
	for _, s := range c.Replicas() {
		if s.Source == restarted || s.Name == restarted {
			found = append(found, channelOf(s.Name))
		}
	}
	return found
}

// wakeAfterRestarts: of every receiver that ran, those of the restarted server itself included.
func wakeAfterRestarts(t *rapid.T, s *site, p plan.Plan) {
	for _, step := range p.Steps {
		if _, restarts := step.Actions[0].(plan.Restart); !restarts {
			continue
		}
		for _, id := range disturbed(s.cluster, step.Target) {
			wake := "wake/" + id.String()
			if changesOptions(step, id) && id.Server != step.Target {
				continue // its threads are started in the step itself
			}
			if id.Server == step.Target {
				wake = "resume/" + id.String()
			}
			if _, ok := p.Step(wake); !ok {
				t.Fatalf("nobody wakes %s after %s: %v", id, step.ID, ids(p))
			}
			if !ancestors(p, wake)[step.ID] {
				t.Fatalf("%s may be over before %s", wake, step.ID)
			}
		}
	}
}
