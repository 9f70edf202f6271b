package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
	"github.com/replssl/replssl/orchestrate/topology"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a journal in memory. From the event number breakAt on it keeps nothing: the process died, or the disk is full. From the event
// number spoilAt on the disk takes nothing.
type memory struct {
	mu      sync.Mutex
	records []event.Record
	durable int // how many of them are on the disk
	ended   bool
	breakAt int
	spoilAt int
	now     time.Time
	phase   int
	options plan.Options // of the runs that are written here
}

var errDead = errors.New("journal: no space left on device")

func (m *memory) Write(e event.Event) (event.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended || m.breakAt > 0 && len(m.records) >= m.breakAt {
		return event.Record{}, errDead
	}
	r := event.Record{Seq: len(m.records) + 1, At: m.now, Event: e}
	text, err := json.Marshal(r) // what cannot be written and read back is no event
	if err != nil {
		return event.Record{}, err
	}
	var back event.Record
	if err := json.Unmarshal(text, &back); err != nil {
		return event.Record{}, err
	}
	m.records = append(m.records, back)
	return r, nil
}

func (m *memory) Sync(seq int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case seq <= m.durable:
		return nil
	case m.ended:
		return errDead
	case m.spoilAt > 0 && len(m.records) >= m.spoilAt:
		m.ended = true
		m.crash()
		return errDead
	}
	m.durable = len(m.records)
	return nil
}

// began is how its runs begin.
func (m *memory) began() event.RunBegan {
	switch {
	case len(m.options.Renewal.Servers) > 0:
		return event.RunBegan{Work: event.RenewLeaves}
	case m.options.Succeed:
		return event.RunBegan{Work: event.Succeed, Phase: m.phase}
	}
	return event.RunBegan{}
}

// ends is how many runs ended well.
func (m *memory) ends() int {
	count := 0
	for _, r := range m.records {
		if e, is := r.Event.(event.RunEnded); is && e.Outcome == event.Succeeded {
			count++
		}
	}
	return count
}

// crash loses what is not on the disk.
func (m *memory) crash() { m.records = m.records[:m.durable] }

func (m *memory) failures() []event.StepFailed {
	m.mu.Lock()
	defer m.mu.Unlock()
	var failed []event.StepFailed
	for _, r := range m.records {
		if f, ok := r.Event.(event.StepFailed); ok {
			failed = append(failed, f)
		}
	}
	return failed
}

func quick() run.Pace {
	return run.Pace{
		Poll: time.Millisecond, Settle: 2 * time.Millisecond, Action: time.Second, Restart: time.Second, Reload: time.Second,
		Rescue: 50 * time.Millisecond,
	}
}

func engine(w *world.World, m *memory) *run.Engine {
	return &run.Engine{Observer: w, Executor: w, Journal: m, Ledger: event.NewLedger(m.records), Pace: quick(), Now: time.Now}
}

func build(w *world.World, m *memory) plan.Plan {
	f := w.Facts()
	f.Marks = event.NewLedger(m.records).Marks()
	p := plan.Build(w.Cluster(), f, m.options)
	for i := range p.Steps {
		p.Steps[i].Deadline = 50 * time.Millisecond
	}
	return p
}

func apply(ctx context.Context, t *testing.T, w *world.World, m *memory) event.RunEnded {
	t.Helper()
	p := build(w, m)
	if len(p.Blocked) > 0 {
		t.Fatalf("blocked: %v", p.Blocked)
	}
	ended, err := engine(w, m).Run(ctx, p, m.began())
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

func secured(t *testing.T, w *world.World, m *memory) {
	t.Helper()
	f := w.Facts()
	f.Marks = event.NewLedger(m.records).Marks()
	positions := map[topology.ServerName]facts.Position{}
	for _, s := range w.Cluster().Sources() {
		positions[s.Name], _ = f.Server(s.Name).Position.Get()
	}
	if report := plan.Judge(w.Cluster(), f, positions, nil); !report.OK {
		t.Errorf("not secured: %v", report.Problems)
	}
	if open := w.Plaintext(); len(open) > 0 {
		t.Errorf("in plaintext: %v", open)
	}
	if v := w.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}

func TestApplySecuresTheCluster(t *testing.T) {
	for _, enforce := range []topology.Enforce{topology.EnforceLast, topology.EnforceFirst} {
		t.Run(string(enforce), func(t *testing.T) {
			c := world.Cluster("db1", "db2", "db3", "db4")
			c.Policy.Enforce = enforce
			w, m := world.New(c), &memory{}
			if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
				t.Fatalf("%+v: %v", ended, m.failures())
			}
			secured(t, w, m)
			if again := build(w, m); len(again.Steps) > 0 {
				t.Errorf("a second plan has steps: %v", stepIDs(again))
			}
			if again := build(w.ForgetStore(), &memory{}); len(again.Steps)+len(again.Blocked) > 0 {
				t.Errorf("on another machine a second plan has steps: %v %v", stepIDs(again), again.Blocked)
			}
		})
	}
}

func stepIDs(p plan.Plan) []string {
	ids := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		ids[i] = s.ID
	}
	return ids
}

func TestChainIsSecured(t *testing.T) {
	w, m := world.New(world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")), &memory{}
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
		t.Fatalf("%+v: %v", ended, m.failures())
	}
	secured(t, w, m)
}

func TestUnusableDirLeavesTheOthersToFinish(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2", "db3", "db4")), &memory{}
	w.OnAction(func(a plan.Action) error {
		if install, is := a.(plan.InstallSet); is && install.Server == "db4" {
			return errors.New("no space left on device")
		}
		return nil
	})
	ended := apply(t.Context(), t, w, m)
	if ended.Outcome != event.Partly || ended.Failed != 1 {
		t.Fatalf("%+v", ended)
	}
	if open := w.Plaintext(); !slices.Equal(open, []facts.ChannelID{{Server: "db4"}}) {
		t.Errorf("in plaintext: %v", open)
	}
	for _, action := range w.Done() {
		if require, ok := action.(plan.Require); ok {
			t.Errorf("TLS was required while db4 is in plaintext: %v", require)
		}
	}
}

// TestFailuresEndTheRun: after as many as the policy puts up with nothing is begun any more, and what was not is told.
func TestFailuresEndTheRun(t *testing.T) {
	for failures, begun := range map[int]bool{1: false, 2: true} {
		c := world.Cluster("db1", "db2", "db3", "db4")
		c.Policy.Failures, c.Policy.Canary, c.Policy.Parallel = failures, 3, 1
		w, m := world.New(c), &memory{}
		apply(t.Context(), t, w, m)
		w.Later(30 * 24 * time.Hour)
		m.options.Renewal.Servers = []topology.ServerName{"db2", "db3"}
		w.OnAction(func(a plan.Action) error {
			if _, installs := a.(plan.InstallSet); installs && a.Target() == "db2" {
				return errors.New("no space left on device")
			}
			return nil
		})
		ended := apply(t.Context(), t, w, m)
		if ended.Outcome != event.Partly || ended.Failed != 1 {
			t.Errorf("%d: %+v", failures, ended)
		}
		skipped := false
		for _, r := range m.records {
			if s, is := r.Event.(event.StepSkipped); is && strings.Contains(s.Why, "policy.max_failures is 1") {
				skipped = true
			}
		}
		if skipped == begun {
			t.Errorf("%d: the rest was skipped: %t", failures, skipped)
		}
	}
}

func TestReceiverThatDoesNotComeBackGetsItsFormerSettings(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2", "db3")), &memory{}
	w.OnAction(func(a plan.Action) error {
		if start, ok := a.(plan.StartThreads); ok && start.Channel.Server == "db2" && start.Threads.Applier {
			w.With("db2", func(s *world.Settings) { // its options are spoilt before it starts, but the former ones work
				s.Channel(func(c *facts.Channel) { c.TLS.VerifyIdentity = c.TLS.Enabled; c.SourceHost = spoilt(c) })
			})
		}
		return nil
	})
	ended := apply(t.Context(), t, w, m)
	if ended.Outcome != event.Partly {
		t.Fatalf("%+v", ended)
	}
	failed := m.failures()
	if len(failed) != 1 || failed[0].Rescued != event.TakenBack {
		t.Fatalf("%+v", failed)
	}
	if open := w.Plaintext(); len(open) != 2 {
		t.Errorf("both replicas should run in plaintext as before: %v", open)
	}
}

// spoilt gives a host that does not exist while TLS is on.
func spoilt(c *facts.Channel) string {
	if c.TLS.Enabled {
		return "nowhere.example.com"
	}
	return "db1.example.com"
}

func TestServerThatServesNoTLSIsPutBack(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2")), &memory{}
	w.With("db1", func(s *world.Settings) { s.TLSBroken() })
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Partly {
		t.Fatalf("%+v", ended)
	}
	f := w.Facts()
	if own := f.Server("db1").Config.Or(facts.Config{}).Own; !own.IsAbsent() {
		t.Errorf("our option file stands: %v", own)
	}
	if c := f.Channel(facts.ChannelID{Server: "db2"}).Or(facts.Channel{}); c.Receiver != facts.Yes {
		t.Errorf("the receiver was not woken: %+v", c)
	}
	if failed := m.failures(); failed[0].Rescued != event.TakenBack {
		t.Errorf("%+v", failed)
	}
}

func TestInterruptEndsTheStepAndASecondRunConverges(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2", "db3")), &memory{}
	ctx, cancel := context.WithCancel(t.Context())
	w.OnAction(func(a plan.Action) error {
		if _, ok := a.(plan.StopThreads); ok {
			cancel()
		}
		return nil
	})
	if ended := apply(ctx, t, w, m); ended.Outcome != event.Interrupted {
		t.Fatalf("%+v", ended)
	}
	for _, name := range []topology.ServerName{"db2", "db3"} {
		if c := w.Facts().Channel(facts.ChannelID{Server: name}).Or(facts.Channel{}); !c.Applier.Runs() || !c.Receiver.Runs() {
			t.Errorf("%s was left stopped", name)
		}
	}
	w.OnAction(nil)
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
		t.Fatalf("%+v: %v", ended, m.failures())
	}
	secured(t, w, m)
}

// TestDeathAtEveryBoundary kills the run before and after every action of it, and before every event that is written and everything that
// is waited for; running again must converge each time, whether the machine lives on or takes what was not yet on the disk with it.
func TestDeathAtEveryBoundary(t *testing.T) {
	for _, enforce := range []topology.Enforce{topology.EnforceLast, topology.EnforceFirst} {
		for _, source := range []topology.Source{topology.SourceBuiltin, topology.SourceFiles} {
			c := world.Cluster("db1", "db2", "db3")
			c.Policy.Enforce, c.TLS.Source = enforce, source
			begin := func(*testing.T) (*world.World, *memory) { return world.New(c), &memory{} }
			dieEverywhere(t, fmt.Sprintf("enforce %s, certificates %s", enforce, source), 50, begin, secured)
		}
	}
}

// TestDeathAtEveryBoundaryOfARenewal: the run that goes on, an hour later, renews what is left and nothing twice.
func TestDeathAtEveryBoundaryOfARenewal(t *testing.T) {
	renewed := func(t *testing.T, w *world.World, m *memory) {
		secured(t, w, m)
		for _, s := range w.Cluster().Servers {
			// Where the death came after the end of the run, the next one was another renewal.
			if set := w.Facts().Server(s.Name).TLSDir.Or(facts.TLSDir{}).Current; set != m.ends() {
				t.Errorf("%s uses set %d, want %d", s.Name, set, m.ends())
			}
		}
	}
	c := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	dieEverywhere(t, "of all servers of a chain", 50, func(t *testing.T) (*world.World, *memory) {
		w, m := world.New(c), &memory{}
		apply(t.Context(), t, w, m)
		w.Later(30 * 24 * time.Hour)
		m.now, m.options.Renewal.Servers = w.Facts().At, []topology.ServerName{"db1", "db2", "db3"}
		return w, m
	}, renewed)
}

// TestDeathAtEveryBoundaryOfASuccession: each phase, ended by the run after the death, leaves the cluster as if nobody had died, and no phase is begun
// before the one before it is whole.
func TestDeathAtEveryBoundaryOfASuccession(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3")
	for phase := 1; phase <= 3; phase++ {
		ended := func(t *testing.T, w *world.World, m *memory) {
			secured(t, w, m)
			f := w.Facts()
			f.Marks = event.NewLedger(m.records).Marks()
			if p := plan.Build(c, f, plan.Options{}); len(p.Steps)+len(p.Blocked) > 0 {
				t.Errorf("apply has work: %v, %v", p.Steps, p.Blocked)
			}
			// Where the death came after the end of the run, the next one was the next phase.
			if want := plan.Phase((m.ends()-1)%3 + 1); plan.PhaseOf(c, f) != want {
				t.Errorf("it is %s, want %s", plan.PhaseOf(c, f), want)
			}
		}
		dieEverywhere(t, fmt.Sprintf("phase %d", phase), 30, func(t *testing.T) (*world.World, *memory) {
			w, m := world.New(c), &memory{}
			apply(t.Context(), t, w, m)
			w.Later(30 * 24 * time.Hour)
			m.options.Succeed = true
			for m.phase = 1; m.phase < phase; m.phase++ {
				apply(t.Context(), t, w, m)
			}
			return w, m
		}, ended)
	}
}

func dieEverywhere(t *testing.T, name string, atLeast int, begin func(*testing.T) (*world.World, *memory), is func(*testing.T, *world.World, *memory)) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprintf("%s, crash %t", name, crash), func(t *testing.T) {
			t.Parallel()
			deaths := 1
			for dieAndGoOn(t, deaths, crash, begin, is) {
				deaths++
			}
			if deaths < atLeast {
				t.Errorf("only %d deaths were tried", deaths)
			}
			t.Logf("%d deaths", deaths)
		})
	}
}

func dieAndGoOn(t *testing.T, at int, crash bool, begin func(*testing.T) (*world.World, *memory), is func(*testing.T, *world.World, *memory)) (died bool) {
	t.Helper()
	w, m := begin(t)
	if !die(t, w, m, at) {
		return false
	}
	if crash {
		m.crash()
	}
	w.Later(time.Hour)
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
		t.Fatalf("death %d: %+v: %v", at, ended, m.failures())
	}
	is(t, w, m)
	if t.Failed() {
		t.Fatalf("death %d", at)
	}
	return true
}

// die runs until the given count of boundaries is met; there are two an action, one an event, and one a wait for the disk.
func die(t *testing.T, w *world.World, m *memory, at int) bool {
	t.Helper()
	p := build(w, m)
	mortal := &mortal{world: w, journal: m, left: at}
	e := engine(w, m)
	e.Journal, e.Executor, e.Observer = mortal, mortal, w
	_, err := e.Run(t.Context(), p, m.began())
	return err != nil
}

// mortal ends all effects once its boundaries are used up: nothing is written and nothing is done after a death.
type mortal struct {
	mu      sync.Mutex
	world   *world.World
	journal *memory
	left    int
}

func (d *mortal) passes() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	return d.left > 0
}

func (d *mortal) Write(e event.Event) (event.Record, error) {
	if !d.passes() {
		return event.Record{}, errDead
	}
	return d.journal.Write(e)
}

func (d *mortal) Sync(seq int) error {
	if !d.passes() {
		return errDead
	}
	return d.journal.Sync(seq)
}

// DoAll can die before and after each of them.
func (d *mortal) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (done int, err error) {
	for _, action := range batch {
		if err := d.do(ctx, action, note); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

func (d *mortal) do(ctx context.Context, a plan.Action, note func(event.Event) error) error {
	if !d.passes() {
		return errDead
	}
	if err := d.world.Do(ctx, a, note); err != nil {
		return err
	}
	if !d.passes() {
		return errDead
	}
	return nil
}

func TestFullDiskBeginsNothing(t *testing.T) {
	w, m := world.New(world.Cluster("db1", "db2")), &memory{breakAt: 3}
	_, err := engine(w, m).Run(t.Context(), build(w, m), event.RunBegan{})
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("%v", err)
	}
	if done := w.Done(); len(done) > 1 {
		t.Errorf("done without a journal: %v", done)
	}
}

func TestReplicasGoTogetherAfterTheCanary(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3", "db4", "db5")
	c.Policy.Parallel = 3
	w, m := world.New(c), &memory{}
	var order []string
	var mu sync.Mutex
	w.OnAction(func(a plan.Action) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, fmt.Sprint(a))
		return nil
	})
	if ended := apply(t.Context(), t, w, m); ended.Outcome != event.Succeeded {
		t.Fatalf("%+v", ended)
	}
	first := slices.Index(order, "stop the receiver and applier of db2")
	for _, other := range []string{"db3", "db4", "db5"} {
		if i := slices.Index(order, "stop the receiver and applier of "+other); i < first {
			t.Errorf("%s went before the canary", other)
		}
	}
}
