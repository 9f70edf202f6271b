package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

// TestMatrix plays each scenario on each pair of servers on which it has a meaning. Without REPLSSL_MATRIX in the environment the pairs are a
// few of those that people run most; with it they are all that scripts/servers.sh brings. REPLSSL_MATRIX_RESULTS names a folder: what ended well
// is kept there, for the page, and is not played again with the program that REPLSSL_MATRIX_PROGRAM names.
func TestMatrix(t *testing.T) {
	for _, on := range pairsOfServers(t) {
		t.Run(on.name(), func(t *testing.T) {
			for _, s := range scenarios() {
				if s.mixed || on.Own() {
					t.Run(s.name, func(t *testing.T) {
						t.Parallel()
						s.playOn(t, on)
					})
				}
			}
		})
	}
}

// scenario is a story that a cluster lives through.
type scenario struct {
	name    string
	mixed   bool                            // it is played on mixed pairs as well
	futile  bool                            // it is about servers that cannot replicate
	without func(compatibility.Pair) string // why it has no meaning on a pair; empty: it has one
	lacking func(compatibility.Pair) string // what the servers of the tests lack for it; empty: nothing
	options func(compatibility.Pair) lab.Options
	play    func(p *played)
}

// scenarios are all of them, in the order of the page.
func scenarios() []scenario {
	return slices.Concat(mainScenarios(), rotateScenarios(), threadScenarios(), groupScenarios(), accountScenarios(), foreignScenarios(), rightsScenarios(), upstreamScenarios())
}

// TestScenarioNames: no two scenarios have the same name, by which their results are kept. It writes the names to the file that
// REPLSSL_MATRIX_SCENARIOS names, for the page.
func TestScenarioNames(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range scenarios() {
		if slices.Contains(names, s.name) {
			t.Errorf("two scenarios are called %q", s.name)
		}
		names = append(names, s.name)
	}
	if file := os.Getenv("REPLSSL_MATRIX_SCENARIOS"); file != "" {
		must(t, os.WriteFile(file, []byte(strings.Join(names, "\n")+"\n"), 0o644))
	}
}

// trees are the servers of a pair, by the names that scripts/servers.sh has for them.
type trees struct{ primary, replica string }

// pairOfServers is a pair, and where its servers are.
type pairOfServers struct {
	compatibility.Pair

	trees trees
}

func (p pairOfServers) name() string { return strings.ReplaceAll(p.Pair.String(), " ", "-") }

func pairsOfServers(t *testing.T) []pairOfServers {
	t.Helper()
	list := usual()
	if os.Getenv("REPLSSL_MATRIX") != "" {
		list = all()
	}
	only := strings.Fields(os.Getenv("REPLSSL_MATRIX_SERVERS"))
	for _, name := range only {
		if !slices.ContainsFunc(list, func(pair trees) bool { return pair.primary == name || pair.replica == name }) {
			t.Fatalf("REPLSSL_MATRIX_SERVERS: no pair has %s", name)
		}
	}
	known := map[string]compatibility.Server{}
	var pairs []pairOfServers
	for _, pair := range list {
		for _, tree := range []string{pair.primary, pair.replica} {
			if _, ok := known[tree]; !ok {
				known[tree] = serverOf(t, tree)
			}
		}
		if len(only) == 0 || slices.Contains(only, pair.primary) && slices.Contains(only, pair.replica) {
			pairs = append(pairs, pairOfServers{compatibility.Pair{Primary: known[pair.primary], Replica: known[pair.replica]}, pair})
		}
	}
	return pairs
}

// usual are pairs of the newest and of the most widespread older servers.
func usual() []trees {
	return []trees{
		{"mysql-5.7", "mysql-5.7"},
		{"mysql-8.0", "mysql-8.0"},
		{"mysql-9.7", "mysql-9.7"},
		{"mariadb-10.11", "mariadb-10.11"},
		{"mariadb-11.8", "mariadb-11.8"},
		{"mysql-8.0", "mysql-9.7"},
		{"mariadb-10.11", "mariadb-11.8"},
	}
}

// all are each server with its like, and the steps of upgrades and of changes from one family to the other. A tree that came from an image is played with
// its like, and MySQL 8.4 in its place between the others.
func all() []trees {
	var list []trees
	for _, tree := range []string{
		"mysql-5.6", "mysql-5.7", "mysql-8.0.15", "mysql-8.0", "mysql-9.7", "mariadb-10.5", "mariadb-10.11", "mariadb-11.4", "mariadb-11.8",
	} {
		list = append(list, trees{tree, tree})
	}
	for _, tree := range lab.Trees() {
		if !slices.Contains(list, trees{tree, tree}) {
			list = append(list, trees{tree, tree})
		}
	}
	if slices.Contains(list, trees{"mysql-8.4", "mysql-8.4"}) {
		list = append(list, trees{"mysql-8.0", "mysql-8.4"}, trees{"mysql-8.4", "mysql-9.7"})
	}
	return append(list,
		trees{"mysql-5.6", "mysql-5.7"}, trees{"mysql-5.7", "mysql-8.0.15"}, trees{"mysql-5.7", "mysql-8.0"}, trees{"mysql-8.0.15", "mysql-8.0"},
		trees{"mysql-8.0", "mysql-9.7"},
		trees{"mariadb-10.5", "mariadb-10.11"}, trees{"mariadb-10.11", "mariadb-11.4"}, trees{"mariadb-10.11", "mariadb-11.8"},
		trees{"mariadb-11.4", "mariadb-11.8"},
		trees{"mysql-8.0.15", "mariadb-10.11"}, trees{"mysql-8.0", "mariadb-10.11"}, trees{"mysql-9.7", "mariadb-11.8"},
		trees{"mariadb-10.11", "mysql-8.0.15"}, trees{"mariadb-10.11", "mysql-9.7"},
	)
}

// serverOf names the server of a tree.
func serverOf(t *testing.T, tree string) compatibility.Server {
	t.Helper()
	p, err := lab.FindPrograms(t.Context(), tree)
	must(t, err)
	family, version, _ := strings.Cut(p.Release.String(), " ")
	return compatibility.Server{Family: family, Version: version}
}

// played is a scenario in play.
type played struct {
	*cluster
	compatibility.Pair

	servers trees
	trial   *compatibility.Trial
}

func (s scenario) playOn(t *testing.T, on pairOfServers) {
	t.Helper()
	results := os.Getenv("REPLSSL_MATRIX_RESULTS")
	trial := &compatibility.Trial{Pair: on.Pair, Scenario: s.name, Outcome: compatibility.Works, Program: os.Getenv("REPLSSL_MATRIX_PROGRAM")}
	if results != "" && trial.IsKept(results) {
		return
	}
	defer func() {
		if t.Failed() {
			trial.Outcome = compatibility.Failed
		}
		if results != "" {
			must(t, trial.Keep(results))
		}
	}()
	switch {
	case s.without != nil && s.without(on.Pair) != "":
		trial.Outcome, trial.Why = compatibility.Without, s.without(on.Pair)
	case cannotReplicate(on.Pair) && !s.futile:
		trial.Outcome, trial.Why = compatibility.Without, "these servers cannot replicate"
	case s.lacking != nil && s.lacking(on.Pair) != "":
		trial.Outcome, trial.Why = compatibility.Lacking, s.lacking(on.Pair)
	default:
		s.start(t, on, trial)
	}
}

func (s scenario) start(t *testing.T, on pairOfServers, trial *compatibility.Trial) {
	t.Helper()
	o := lab.Options{}
	if s.options != nil {
		o = s.options(on.Pair)
	}
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Server = on.trees.replica
	o.Servers = map[string]string{"primary": on.trees.primary}
	p := &played{cluster: start(t, o), Pair: on.Pair, servers: on.trees, trial: trial}
	if p.neverRefuses() {
		p.want(3, "plan").says(t, "could not be proven before TLS is required", "policy.enforce: first")
		p.edit(`policy: \{`, "policy: {enforce: first, ")
	}
	s.play(p)
}

// neverRefuses says that nothing shows a channel's encryption but an account that requires it: neither can the receiver refuse plaintext, nor does
// the primary show how a session is carried.
func (p *played) neverRefuses() bool {
	return p.Replica.Family == "MySQL" && p.Replica.Before(5, 7, 11) && p.Primary.Family == "MySQL" && p.Primary.Before(5, 7, 0)
}

// refused is how a scenario ends on servers for which replssl refuses it, as it should.
func (p *played) refused(why string) { p.trial.Outcome, p.trial.Why = compatibility.Refused, why }

// begin writes rows until the test calls the result, which asserts that all have arrived everywhere, and keeps how many they were and how long
// threads stood still meanwhile that ran before.
func (p *played) begin() (end func()) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	p.t.Cleanup(stop)
	allArrived := p.write()
	seen := make(chan standstills, len(p.Replicas()))
	for _, s := range p.Replicas() {
		go func() { seen <- p.watch(ctx, s.Name) }()
	}
	return func() {
		p.t.Helper()
		stop()
		for range p.Replicas() {
			one := <-seen
			p.trial.Receiver, p.trial.Applier = max(p.trial.Receiver, one.receiver.longest), max(p.trial.Applier, one.applier.longest)
		}
		p.trial.Rows += allArrived()
	}
}

// standstills are those of the threads of one replica.
type standstills struct{ receiver, applier standstill }

// standstill measures how long a thread is seen not to run, once it was seen to run.
type standstill struct {
	ran     bool
	since   time.Time
	longest time.Duration
}

func (s *standstill) see(runs bool, now time.Time) {
	switch {
	case runs && s.ran && !s.since.IsZero():
		s.longest = max(s.longest, now.Sub(s.since))
		s.since = time.Time{}
	case runs:
		s.ran = true
	case s.ran && s.since.IsZero():
		s.since = now
	}
}

// watch looks at a replica's threads until its context ends. A look that fails, as while the server restarts, tells nothing.
func (p *played) watch(ctx context.Context, server string) (all standstills) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-ticker.C:
		}
		status, err := p.SlaveStatus(ctx, server)
		if err != nil {
			continue
		}
		now := time.Now()
		all.receiver.see(status["Slave_IO_Running"] == "Yes", now)
		all.applier.see(status["Slave_SQL_Running"] == "Yes", now)
	}
}

// secure takes the cluster to TLS, and asserts that it is proven.
func (p *played) secure() {
	p.t.Helper()
	p.want(0, "apply", "--yes").says(p.t, "proven: replication of cluster lab")
	p.proven()
}

// nothingMoves asserts that a second run has nothing to do.
func (p *played) nothingMoves() {
	p.t.Helper()
	if p.neverRefuses() {
		p.trial.Why = "under policy.enforce: first; the proof rests on the journal of the run that required TLS"
		assertNothingMovesBut(p.t, p.cluster, 5)
		return
	}
	assertNothingMoves(p.t, p.cluster)
}

// release is the server's, as the lab knows it.
func (p *played) release(server string) lab.Release {
	p.t.Helper()
	s, err := p.Server(server)
	must(p.t, err)
	return s.Programs.Release
}

// blocked asserts that plan and apply are blocked with these words, and that nothing was touched.
func (p *played) blocked(words ...string) {
	p.t.Helper()
	before := p.everything()
	p.want(3, "plan").says(p.t, words...)
	p.want(3, "apply", "--yes").says(p.t, words...)
	if after := p.everything(); !slices.Equal(before, after) {
		p.t.Errorf("something moved:\n%s", difference(before, after))
	}
}

func mainScenarios() []scenario {
	return []scenario{
		{name: "plaintext to proven, and again", mixed: true, play: mainJob},
		{name: "a client certificate is demanded (X509)", mixed: true, play: func(p *played) { p.demanding("x509", "X509") }},
		{name: "its subject is demanded", play: func(p *played) { p.demanding("subject", "SPECIFIED") }},
		{name: "TLS is required first", play: enforcedFirst},
		{name: "the silent downgrade is not taken for encryption", mixed: true, play: silentDowngrade},
	}
}

// noCommonTLS ends a scenario on servers that have no version of TLS in common, where it asserts that replssl says so.
func (p *played) noCommonTLS() bool {
	p.t.Helper()
	oldest := func(s compatibility.Server) bool { return s.Family == "MySQL" && s.Before(5, 7, 28) } // yaSSL: 1.1 at most
	newest := func(s compatibility.Server) bool { return s.Family == "MariaDB" || !s.Before(8, 0, 28) }
	if !(oldest(p.Primary) && newest(p.Replica) || newest(p.Primary) && oldest(p.Replica)) {
		return false
	}
	p.blocked("no version of TLS in common")
	p.refused("the servers have no version of TLS in common")
	return true
}

func mainJob(p *played) {
	if p.noCommonTLS() {
		return
	}
	end := p.begin()
	before := p.verify(5)
	if before.OK || before.Replicas[0].Encrypted || before.Logins[0].Result != "accepted" {
		p.t.Errorf("plaintext replication is judged %+v", before)
	}
	p.want(0, "status")
	p.secure()
	for _, replica := range p.verify(0).Replicas {
		if !replica.Encrypted || replica.Verified != "identity" || replica.Why == "" {
			p.t.Errorf("%+v", replica)
		}
	}
	end()
	p.nothingMoves()
}

func (p *played) demanding(require, word string) {
	if p.noCommonTLS() {
		return
	}
	p.edit(`account: \{user: repl\}`, "account: {user: repl, require: "+require+"}")
	p.want(0, "pki", "init") // whose name a row may demand
	end := p.begin()
	p.secure()
	if rows := p.verify(0).Accounts; !strings.Contains(strings.ToUpper(fmt.Sprint(rows)), word) {
		p.t.Errorf("%+v", rows)
	}
	end()
	p.nothingMoves()
}

func enforcedFirst(p *played) {
	end := p.begin()
	p.want(0, "apply", "--yes", "--enforce", "first").says(p.t, "proven: replication of cluster lab")
	p.proven()
	end()
	p.nothingMoves()
}

// silentDowngrade asks for TLS of a primary that serves none: the server may say Yes, and replssl does not.
func silentDowngrade(p *played) {
	if serves := p.release("primary"); serves.MySQL(5, 7, 0) || serves.SinceMariaDB(11, 4, 0) {
		p.withoutTLS("primary")
	}
	p.tls("SSL=1")
	p.await("a receiver that has tried", func() bool {
		status, err := p.SlaveStatus(p.t.Context(), "replica1")
		must(p.t, err)
		return status["Slave_IO_Running"] == "Yes" || status["Last_IO_Errno"] != "0"
	})
	status, err := p.SlaveStatus(p.t.Context(), "replica1")
	must(p.t, err)
	if status["Master_SSL_Allowed"] != "Yes" {
		p.t.Fatalf("the option was not taken: %v", status)
	}
	r := p.verify(5)
	if r.OK || r.Replicas[0].Encrypted {
		p.t.Errorf("it is taken for encrypted, with Slave_IO_Running: %s: %+v", status["Slave_IO_Running"], r)
	}
	if status["Slave_IO_Running"] == "Yes" {
		p.trial.Why = "the server goes on in plaintext and shows Master_SSL_Allowed: Yes; replssl says that it is not encrypted"
	} else {
		p.trial.Why = "the server itself refuses to go on in plaintext"
	}
}
