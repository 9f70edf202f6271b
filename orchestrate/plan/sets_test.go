package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

func stepsOf(p plan.Plan) string {
	var ids []string
	for _, s := range p.Steps {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

// loosened is a secured site where the key of a server's set is open to everybody.
func loosened(t *testing.T) *site {
	t.Helper()
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) {
		w.Set(1, func(set *facts.FileSet) {
			set.Loose, set.Exposed = []string{"key.pem is open to others (mode 0644)"}, true
		})
	})
	return s
}

func TestModesAreRepairedInPlace(t *testing.T) {
	s := loosened(t)
	p := s.build()
	if got := stepsOf(p); got != "repair/db1" {
		t.Fatalf("got %s, %v", got, p.Blocked)
	}
	step := p.Steps[0]
	if want := "give the files of db1:/etc/mysql-ssl/versions/1 to mysql, closed to others"; step.Actions[0].String() != want || len(step.Actions) != 1 {
		t.Errorf("it would %v", step.Actions)
	}
	if !strings.Contains(step.Reason, "mode 0644") || step.Undo.Reason == "" {
		t.Errorf("the step is %+v", step)
	}
	warned := slices.ContainsFunc(p.Warnings, func(w plan.Warning) bool {
		return w.Target == "db1" && strings.Contains(w.Text, "may have a copy") && strings.Contains(w.Text, "replssl pki issue db1")
	})
	if !warned {
		t.Errorf("nobody is warned that the key was open: %v", p.Warnings)
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 || len(again.Blocked) != 0 {
		t.Errorf("then there is still %s, %v", stepsOf(again), again.Blocked)
	}
}

func TestAnUnreadableSetIsRepairedAndASpoiltOneReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*facts.FileSet)
		want   string
	}{
		"unreadable":     {func(set *facts.FileSet) { set.Readable = facts.Known(false) }, "repair/db1"},
		"a file is gone": {func(set *facts.FileSet) { set.Faults = []string{"ca.pem is missing"} }, "leaf/db1"},
		"an empty key":   {func(set *facts.FileSet) { set.KeyDigest, set.KeyPublic = "of nothing", facts.Absent[string]() }, "leaf/db1"},
		"another key": {func(set *facts.FileSet) {
			set.Loose, set.KeyPublic = []string{"key.pem is open to others"}, facts.Known("another")
		}, "leaf/db1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := securedSite(t, world.Cluster("db1", "db2"))
			s.With("db1", func(w *world.Settings) { w.Set(1, c.change) })
			if p := s.build(); len(p.Steps) == 0 || p.Steps[0].ID != c.want {
				t.Errorf("got %s, %v", stepsOf(p), p.Blocked)
			}
		})
	}
}

func TestAnIssuedCertificateTakesThePlaceOfAnExposedKey(t *testing.T) {
	s := loosened(t)
	s.do(t, plan.IssueLeaf{Leaf: plan.Leaf{Server: "db1", Version: 2, Names: []string{"db1.example.com"}}})
	p := s.build()
	if got := stepsOf(p); !strings.HasPrefix(got, "files/db1") || strings.Contains(got, "repair") {
		t.Errorf("got %s, %v", got, p.Blocked)
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 {
		t.Errorf("then there is still %s", stepsOf(again))
	}
}

// TestOlderSetsGo keeps the set in use and the one before it.
func TestOlderSetsGo(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db2", func(w *world.Settings) {
		for _, version := range []int{4, 7, 9} {
			w.Set(version, func(set *facts.FileSet) {
				if version == 9 {
					set.Faults = []string{"key.pem is missing"}
				}
			})
		}
	})
	p := s.build()
	if got := stepsOf(p); got != "prune/db2" {
		t.Fatalf("got %s, %v", got, p.Blocked)
	}
	if got := fmt.Sprint(p.Steps[0].Actions); got != "[remove the certificate sets in db2:/etc/mysql-ssl/versions other than 1, 7]" {
		t.Errorf("it would %s", got)
	}
	if len(p.Steps[0].Guards) < 2 || p.Steps[0].Undo.Reason == "" {
		t.Errorf("the step is %+v", p.Steps[0])
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 {
		t.Errorf("then there is still %s", stepsOf(again))
	}
}

// TestASetThatIsReadByItsNumberStays: the list of revoked certificates is somebody's choice.
func TestASetThatIsReadByItsNumberStays(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) {
		for _, version := range []int{2, 3, 4} {
			w.Set(version, func(set *facts.FileSet) { set.Cert = fmt.Sprintf("the certificate %d", version) })
		}
	})
	f := s.facts()
	db1 := f.Servers["db1"]
	running := db1.Settings.Or(facts.TLSSettings{})
	running.CRL = "/etc/mysql-ssl/versions/2/crl.pem"
	db1.Settings = facts.Known(running)
	f.Servers["db1"] = db1
	p := plan.Build(s.cluster, f, plan.Options{})
	if step, _ := p.Step("prune/db1"); fmt.Sprint(step.Actions) != "[remove the certificate sets in db1:/etc/mysql-ssl/versions other than 1, 2, 4]" {
		t.Errorf("it would %v; blocked: %v", step.Actions, p.Blocked)
	}
}

// TestPruningComesLast waits for all that is planned for the server.
func TestPruningComesLast(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db2", func(w *world.Settings) {
		for version := 2; version < 5; version++ {
			w.Set(version, func(*facts.FileSet) {})
		}
		w.Set(1, func(set *facts.FileSet) { set.Faults = []string{"ca.pem is missing"} })
	})
	p := s.build()
	step, ok := p.Step("prune/db2")
	if !ok {
		t.Fatalf("got %s, %v", stepsOf(p), p.Blocked)
	}
	for _, other := range p.Steps {
		if other.Target == "db2" && other.ID != step.ID && !slices.Contains(step.Needs, other.ID) {
			t.Errorf("it does not wait for %s", other.ID)
		}
	}
	if p.Steps[len(p.Steps)-1].ID != step.ID || len(step.Needs) == 0 {
		t.Errorf("the order is %s", stepsOf(p))
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 {
		t.Errorf("then there is still %s", stepsOf(again))
	}
	if violations := s.Violations(); len(violations) > 0 {
		t.Error(violations)
	}
}

// TestAFolderOfSomebodyElseIsTakenOverInPlace: but no set is laid down beside it from which the way back leads there.
func TestAFolderOfSomebodyElseIsTakenOverInPlace(t *testing.T) {
	taken := func(set *facts.FileSet) {
		set.Owner, set.Loose = "mysql", []string{"its folder belongs to mysql, not to root"}
	}
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) { w.Set(1, taken) })
	if p := s.build(); stepsOf(p) != "repair/db1" || !strings.Contains(p.Steps[0].Reason, "belongs to mysql") {
		t.Fatalf("got %s, %v", stepsOf(p), p.Blocked)
	}
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 || len(again.Blocked) != 0 {
		t.Errorf("then there is still %s, %v", stepsOf(again), again.Blocked)
	}
	s.With("db1", func(w *world.Settings) {
		w.Set(1, func(set *facts.FileSet) { taken(set); set.Faults = []string{"key.pem is missing"} })
	})
	p := s.build()
	if len(p.Blocked) != 1 || !strings.Contains(p.Blocked[0].Why, "versions/1 belongs to mysql") || !strings.HasPrefix(p.Blocked[0].Hint, "chown root /etc/mysql-ssl/versions/1 ") {
		t.Errorf("got %s, %v", stepsOf(p), p.Blocked)
	}
}

// TestAnOpenFolderIsClosedInPlace: but nothing is laid down in it before a person looked.
func TestAnOpenFolderIsClosedInPlace(t *testing.T) {
	const open = "others than its owner may write to versions (mode 0777)"
	s := securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) { w.OpenDir(open) })
	p := s.build()
	if got := stepsOf(p); got != "repair/db1" || !strings.Contains(p.Steps[0].Reason, open) {
		t.Fatalf("got %s, %v", got, p.Blocked)
	}
	s.With("db1", func(w *world.Settings) {
		w.Set(1, func(set *facts.FileSet) { set.Faults = []string{"key.pem is missing"} })
	})
	if p := s.build(); len(p.Blocked) != 1 || !strings.Contains(p.Blocked[0].Why, open) || !strings.HasPrefix(p.Blocked[0].Hint, "chmod 755 /etc/mysql-ssl/versions") {
		t.Errorf("got %s, %v", stepsOf(p), p.Blocked)
	}
	s = securedSite(t, world.Cluster("db1", "db2"))
	s.With("db1", func(w *world.Settings) { w.OpenDir(open) })
	s.mustApply(t)
	if again := s.build(); len(again.Steps) != 0 || len(again.Blocked) != 0 {
		t.Errorf("then there is still %s, %v", stepsOf(again), again.Blocked)
	}
}
