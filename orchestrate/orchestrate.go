// Package orchestrate is the face for importers: it observes a cluster, plans, applies and verifies.
//
// It only wires the rooms below it together. What is decided is decided in
// [github.com/replssl/replssl/orchestrate/plan].
package orchestrate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/apply"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/journal"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Config is what a session takes from outside.
type Config struct {
	Cluster topology.Cluster
	Dial    access.Dial // how a server's host is reached
	PKI     string      // the local folder of certificates
	Journal string      // the local folder of journals
	Who     string      // user@host of the operator, for the journal and for whoever finds it locked
	Version string      // of replssl
	Now     func() time.Time

	// Getenv gives the variables that hold passwords; nil where none does.
	Getenv func(string) string

	// Passphrase gives the passphrase of the authority's key, where that is sealed; nil where it cannot be had.
	Passphrase Passphrase

	// Seals says that a place is named where the passphrase is: then an authority that is made has a sealed key.
	Seals bool
}

// Session is work on one cluster. Connections are made when they are first needed and kept until Close.
type Session struct {
	config   Config
	servers  *access.Servers
	store    pkistore.Store
	observer *observe.Observer
}

// Open begins a session; nothing is connected yet.
func Open(config Config) *Session {
	servers := access.New(config.Cluster, config.Dial).WithEnvironment(config.Getenv)
	store := pkistore.Open(config.PKI)
	return &Session{config: config, servers: servers, store: store, observer: observe.New(config.Cluster, servers, store, config.Now)}
}

// Close ends all connections.
func (s *Session) Close() error { return s.servers.Close() }

// Status tells how the cluster stands and what a plan would do about it, without a login as the replication account. It writes nothing
// anywhere. An error says that the journal could not be read; whatever else could not be looked at is unknown in the report.
func (s *Session) Status(ctx context.Context, options plan.Options) (plan.StatusReport, error) {
	f, err := s.observe(ctx, plan.LookToShow(s.config.Cluster))
	if err != nil {
		return plan.StatusReport{}, err
	}
	return plan.StatusOf(s.config.Cluster, f, plan.Build(s.config.Cluster, f, options)), nil
}

func (s *Session) observe(ctx context.Context, look facts.Look) (facts.Facts, error) {
	records, err := journal.Read(s.config.Journal)
	if err != nil {
		return facts.Facts{}, err
	}
	f := s.observer.Observe(ctx, look)
	f.Marks = event.NewLedger(records).Marks()
	return f, nil
}

// Plan observes and plans.
func (s *Session) Plan(ctx context.Context, options plan.Options) (plan.Plan, facts.Facts, error) {
	f, err := s.observe(ctx, plan.LookToPlan(s.config.Cluster))
	if err != nil {
		return plan.Plan{}, facts.Facts{}, err
	}
	return plan.Build(s.config.Cluster, f, options), f, nil
}

// Run is the right to change the cluster: it holds the lock of the journal, and that of the primary.
type Run struct {
	session *Session
	journal *journal.Journal
	work    event.Work
	lock    *access.Lock // nil where the primary was not reached
	without error        // why
}

// Begin takes the lock of the journal, and that of the primary, which keeps runs of other machines away; [IsLocked] tells that another run has one of
// them. Plan after it, so that nobody changes in between what was planned. A primary that is not reached has no lock, and no plan with steps.
func (s *Session) Begin(ctx context.Context, work event.Work) (*Run, error) {
	j, err := journal.Begin(s.config.Journal, s.config.Who, s.config.Now)
	if err != nil {
		return nil, err
	}
	whose := fmt.Sprintf("%s by %s, since %s", work, s.config.Who, s.config.Now().UTC().Format(time.RFC3339))
	r := &Run{session: s, journal: j, work: work}
	r.lock, r.without = s.servers.Lock(ctx, s.config.Cluster.Primary().Name, whose)
	if IsLocked(r.without) {
		return nil, errors.Join(r.without, j.Close())
	}
	return r, nil
}

// Ready tells why the plan may not be carried out: it has steps, and the primary's lock could not be had.
func (r *Run) Ready(p plan.Plan) error {
	if len(p.Steps) > 0 && r.lock == nil {
		return r.without
	}
	return nil
}

// Close gives the locks back.
func (r *Run) Close() error {
	if r.lock != nil {
		r.lock.Release()
	}
	return r.journal.Close()
}

// whileLocked ends with the lock of the primary: then another run is at work there.
func (r *Run) whileLocked(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-r.lock.Lost():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Apply carries the plan out, after [Session.Unlock]; every event is told to watch. A cancelled context ends the run after the steps that are under way.
// A plan without steps is written to the journal only where a run before it has not ended well: by now all of it is as it should be.
func (r *Run) Apply(ctx context.Context, p plan.Plan, watch func(event.Record)) (event.RunEnded, error) {
	s := r.session
	if err := s.Unlock(ctx, p); err != nil {
		return event.RunEnded{}, err
	}
	records, err := journal.Read(s.config.Journal)
	if err != nil {
		return event.RunEnded{}, err
	}
	ledger := event.NewLedger(records)
	switch {
	case len(p.Steps) == 0 && !ledger.Unended():
		return event.RunEnded{Outcome: event.Succeeded}, nil
	case r.Ready(p) != nil:
		return event.RunEnded{}, r.Ready(p)
	case r.lock != nil:
		var cancel context.CancelFunc
		ctx, cancel = r.whileLocked(ctx)
		defer cancel()
	}
	engine := &run.Engine{
		Observer: s.observer, Executor: apply.New(s.config.Cluster, s.servers, s.store, s.observer, s.config.Now), Journal: r.journal,
		Ledger: ledger, Watch: watch, Pace: run.DefaultPace(), Now: s.config.Now,
	}
	return engine.Run(ctx, p, event.RunBegan{
		Run: r.journal.Run(), Work: r.work, Phase: int(p.Phase), Cluster: p.Cluster, Who: s.config.Who, Version: s.config.Version, Digest: p.Digest(), Steps: len(p.Steps),
	})
}

// Verify holds the demands of a secured cluster against fresh facts, logins of the account included. It writes nothing. It waits up to
// the given time for receivers and appliers to reach the position that their source has when it begins. The options say whether what is stopped is
// to be so.
func (s *Session) Verify(ctx context.Context, options plan.Options, wait time.Duration) (plan.Report, error) {
	f, err := s.observe(ctx, plan.LookToJudge(s.config.Cluster))
	if err != nil {
		return plan.Report{}, err
	}
	return s.judge(ctx, f, plan.KeptStopped(s.config.Cluster, f, options), wait), nil
}

// VerifyAfter is [Session.Verify] after a run: what is to be stopped is what the facts before it show so, and nothing that the run has stopped.
func (s *Session) VerifyAfter(ctx context.Context, before facts.Facts, options plan.Options, wait time.Duration) (plan.Report, error) {
	f, err := s.observe(ctx, plan.LookToJudge(s.config.Cluster))
	if err != nil {
		return plan.Report{}, err
	}
	return s.judge(ctx, f, plan.KeptStopped(s.config.Cluster, before, options), wait), nil
}

// VerifyThese is [Session.Verify] of the facts that a plan without steps was just made of: only the logins are still to be tried.
func (s *Session) VerifyThese(ctx context.Context, f facts.Facts, options plan.Options, wait time.Duration) plan.Report {
	logins := s.observer.Observe(ctx, plan.LookToTry(s.config.Cluster))
	for name, tried := range logins.Servers {
		seen := f.Servers[name]
		seen.Trials, seen.Plaintext = tried.Trials, tried.Plaintext
		f.Servers[name] = seen
	}
	return s.judge(ctx, f, plan.KeptStopped(s.config.Cluster, f, options), wait)
}

func (s *Session) judge(ctx context.Context, f facts.Facts, kept plan.Stopped, wait time.Duration) plan.Report {
	positions := map[topology.ServerName]facts.Position{}
	for _, source := range s.config.Cluster.Sources() {
		if position, ok := f.Server(source.Name).Position.Get(); ok {
			positions[source.Name] = position
		}
	}
	s.awaitPositions(ctx, f, positions, kept, wait)
	return plan.Judge(s.config.Cluster, f, positions, kept)
}

// awaitPositions looks at the channels again until they have reached the positions, and puts what it saw last into the facts. It waits for none that
// cannot reach its position by itself, but for a moment in which somebody may be starting it.
func (s *Session) awaitPositions(ctx context.Context, f facts.Facts, positions map[topology.ServerName]facts.Position, kept plan.Stopped, wait time.Duration) {
	const settle = time.Second
	moment := s.config.Now().Add(settle)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		behind := s.behind(f, positions, kept, s.config.Now().Before(moment))
		if len(behind) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		fresh := s.observer.Observe(ctx, behind)
		if ctx.Err() != nil {
			return
		}
		for name := range maps.Keys(behind) {
			server := f.Servers[name]
			server.Channels = fresh.Server(name).Channels
			f.Servers[name] = server
		}
	}
}

// behind are the channels that have not reached their positions yet; with all of them those that cannot.
func (s *Session) behind(f facts.Facts, positions map[topology.ServerName]facts.Position, kept plan.Stopped, all bool) facts.Look {
	links, _ := plan.FindLinks(s.config.Cluster, f)
	look := facts.Look{}
	for _, l := range links {
		position, ok := positions[l.Source]
		goal := plan.Reached{Link: l, Position: position, Stopped: kept[l.Channel]}
		if v := goal.Holds(f); ok && v.Fails() && (all || !v.Final()) {
			look.Merge(goal.Look())
		}
	}
	return look
}

// IsLocked says that another run has the lock.
func IsLocked(err error) bool {
	var locked *journal.LockedError
	var held *access.HeldError
	return errors.As(err, &locked) || errors.As(err, &held)
}
