package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// issued lets a person issue a set.
func (s *site) issued(t fataler, server topology.ServerName, version int) {
	s.issuedBy(t, pki.P256, server, version)
}

func (s *site) issuedBy(t fataler, kind pki.KeyKind, server topology.ServerName, version int) {
	own, _ := s.cluster.Server(server)
	s.do(t, plan.IssueLeaf{Leaf: plan.Leaf{Server: server, Version: version, Names: []string{own.Address}}, Key: kind, CommonName: string(server)})
}

// TestIssuedSetsAreRolledOut: a set that a person has issued takes the place of a good one, and no other.
func TestIssuedSetsAreRolledOut(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2", "db3"))
	s.issued(t, "db1", 2)
	s.issued(t, "db2", 2)
	s.issued(t, "db2", 3)
	p := s.build()
	if len(p.Blocked) > 0 {
		t.Fatal(p.Blocked)
	}
	for id, reason := range map[string]string{
		"files/db1": "set 2 was issued to replace set 1, which is in use",
		"files/db2": "set 3 was issued to replace set 1, which is in use",
	} {
		if step, ok := p.Step(id); !ok || !strings.HasPrefix(step.Reason, reason+"; it is good until 2") || !strings.HasSuffix(step.Reason, " for "+strings.TrimPrefix(id, "files/")+".example.com") {
			t.Errorf("%s: %q", id, step.Reason)
		}
	}
	if slices.ContainsFunc(p.Steps, func(step plan.Step) bool {
		return step.ID == "files/db3" || step.ID == "leaf/db1" || step.ID == "leaf/db2"
	}) {
		t.Errorf("something else is done: %v", p.Steps)
	}
	s.mustApply(t)
	if p := s.build(); len(p.Steps) > 0 || len(p.Blocked) > 0 {
		t.Errorf("it does not come to rest: %v, %v", p.Steps, p.Blocked)
	}
	for server, want := range map[topology.ServerName]int{"db1": 2, "db2": 3, "db3": 1} {
		if got := s.quiet().Server(server).TLSDir.Or(facts.TLSDir{}).Current; got != want {
			t.Errorf("%s uses set %d, want %d", server, got, want)
		}
	}
}

// TestIssuedSetsThatAreNotRolledOut: one that lacks a name would do harm, and one of an authority that is gone cannot be told to be ours.
func TestIssuedSetsThatAreNotRolledOut(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	other, _ := s.cluster.Server("db2")
	s.do(t, plan.IssueLeaf{Leaf: plan.Leaf{Server: "db1", Version: 2, Names: []string{other.Address}}, Key: pki.P256, CommonName: "db1"})
	s.issued(t, "db2", 2)
	f := s.quiet()
	store, _ := f.Store.Get()
	store.CA = facts.Absent[string]()
	f.Store = facts.Known(store)
	if p := plan.Build(s.cluster, f, s.options); len(p.Steps) > 0 || len(p.Blocked) > 0 {
		t.Errorf("without its authority: %v, %v", p.Steps, p.Blocked)
	}
	if _, ok := s.build().Step("files/db1"); ok {
		t.Error("a certificate for another name takes the place of a good one")
	}
}

// TestAReplacedSetStaysReplaced, though it is good and the one in use is not: why it was replaced no look shows.
func TestAReplacedSetStaysReplaced(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.issued(t, "db2", 2)
	s.mustApply(t)
	f := seenServer("db2", func(seen *facts.Server) {
		dir, _ := seen.TLSDir.Get()
		dir.Sets = maps.Clone(dir.Sets)
		set := dir.Sets[2]
		set.Faults = []string{"key.pem is missing"}
		dir.Sets[2] = set
		seen.TLSDir = facts.Known(dir)
	})(s.quiet())
	for _, a := range mustStep(t, plan.Build(s.cluster, f, s.options), "files/db2").Actions {
		if install, ok := a.(plan.InstallSet); ok && install.Version != 3 {
			t.Errorf("set %d is laid down", install.Version)
		}
		if switched, ok := a.(plan.SwitchSet); ok && switched.Version != 3 {
			t.Errorf("it switches to set %d", switched.Version)
		}
	}
}

// replaced is a secured site where a person has issued a second set of db1 with a further name, which is in use.
func replaced(t *testing.T) *site {
	t.Helper()
	s := securedSite(t, world.Cluster("db1", "db2"))
	own, _ := s.cluster.Server("db1")
	names := []string{own.Address, "app.example"}
	s.do(t, plan.IssueLeaf{Leaf: plan.Leaf{Server: "db1", Version: 2, Names: names}, Key: pki.P256, CommonName: "db1"})
	s.mustApply(t)
	return s
}

// TestAddedNamesSurvive: where the set in use is spoilt, another is issued that carries the names which a person has added.
func TestAddedNamesSurvive(t *testing.T) {
	for name, sets := range map[string][]int{"on the host": {1}, "not on the host any more": nil} {
		t.Run(name, func(t *testing.T) {
			s := replaced(t)
			s.With("db1", func(w *world.Settings) {
				w.Set(2, func(set *facts.FileSet) { set.Faults = []string{"key.pem is missing"} })
			})
			if sets == nil {
				s.do(t, plan.PruneSets{Server: "db1", Keep: []int{2}})
			}
			actions := mustStep(t, s.build(), "leaf/db1").Actions
			issue, is := actions[0].(plan.IssueLeaf)
			if !is || issue.Leaf.Version != 3 || !slices.Contains(issue.Leaf.Names, "app.example") {
				t.Fatalf("it would %v", actions)
			}
			s.mustApply(t)
			if got := s.quiet().Server("db1").TLSDir.Or(facts.TLSDir{}).Current; got != 3 {
				t.Errorf("set %d is in use", got)
			}
			if p := s.build(); len(p.Steps)+len(p.Blocked) > 0 {
				t.Errorf("it does not come to rest: %v, %v", ids(p), p.Blocked)
			}
		})
	}
}

// TestWhatAnIssuedSetLosesIsTold before it is rolled out: names that the one in use has, and time.
func TestWhatAnIssuedSetLosesIsTold(t *testing.T) {
	s := replaced(t)
	s.mustApply(t)
	s.issued(t, "db1", 3)
	const what = "certificate set 3 of db1, which was issued to replace set 2, "
	warnings := func(p plan.Plan) (texts []string) {
		for _, w := range p.Warnings {
			if text, is := strings.CutPrefix(w.Text, what); is {
				texts = append(texts, text)
			}
		}
		return texts
	}
	if got := warnings(s.build()); len(got) != 1 || !strings.HasPrefix(got[0], "is not for app.example any more; ") {
		t.Errorf("%q", got)
	}
	f := s.quiet()
	shorter := f.Store.Or(facts.Store{})
	made, _, err := pki.ParseLeaf([]byte(shorter.Leaves["db1"][3].Cert))
	if err != nil {
		t.Fatal(err)
	}
	f.At = made.NotAfter.Add(-time.Hour)
	if got := warnings(plan.Build(s.cluster, f, s.options)); len(got) != 2 || !strings.HasPrefix(got[0], "expires soon, at ") {
		t.Errorf("%q", got)
	}
}

// TestLintPassesOverReplacedSets: what lies in the local folder and is older than the set in use is rolled out by nobody.
func TestLintPassesOverReplacedSets(t *testing.T) {
	s := replaced(t)
	s.do(t, plan.PruneSets{Server: "db1", Keep: []int{2}})
	for _, subject := range plan.Lint(s.Cluster(), s.Facts(), "pki").Subjects {
		if strings.HasPrefix(subject.File, "pki/db1/1/") {
			t.Errorf("it judges %s", subject.File)
		}
	}
}

// TestNoReceiverIsStoppedThatCouldNotComeBack: a login with the files in use tells, unless they are what is wrong.
func TestNoReceiverIsStoppedThatCouldNotComeBack(t *testing.T) {
	trial := plan.Guard{Condition: plan.TrialWorks{Link: linkTo("db2")}}
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.issued(t, "db2", 2)
	if guards := mustStep(t, s.build(), "files/db2").Guards; !slices.Contains(conditions(guards), trial.Condition.String()) {
		t.Errorf("no login is tried: %v", guards)
	}
	s.With("db2", func(w *world.Settings) {
		w.Set(1, func(set *facts.FileSet) { set.Faults = []string{"key.pem is missing"} })
	})
	if guards := mustStep(t, s.build(), "files/db2").Guards; slices.Contains(conditions(guards), trial.Condition.String()) {
		t.Errorf("a set without a key has to let a login through: %v", guards)
	}
	c := world.Cluster("db1", "db2")
	ownFiles(&c)
	s = securedSite(t, c)
	s.NewOwn("db2")
	if guards := mustStep(t, s.build(), "files/db2").Guards; !slices.Contains(guards, trial) {
		t.Errorf("no login is tried with own files: %v", guards)
	}
}

func conditions(guards []plan.Guard) []string {
	texts := make([]string, len(guards))
	for i, guard := range guards {
		texts[i] = guard.Condition.String()
	}
	return texts
}
