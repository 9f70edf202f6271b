package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/plan"
)

func diamond(parallel int) plan.Plan {
	return plan.Plan{Parallel: parallel, Steps: []plan.Step{
		{ID: "a"}, {ID: "b", Needs: []string{"a"}}, {ID: "c", Needs: []string{"a"}}, {ID: "d", Needs: []string{"b", "c"}}, {ID: "e"},
	}}
}

func TestNext(t *testing.T) {
	type statuses = map[string]plan.Status
	for _, c := range []struct {
		name     string
		parallel int
		status   statuses
		want     []string
	}{
		{"at first what needs nothing", 10, statuses{}, []string{"a", "e"}},
		{"only as many as may run at a time", 1, statuses{}, []string{"a"}},
		{"nothing while there is no room", 1, statuses{"a": plan.Underway}, nil},
		{"what is under way takes room", 2, statuses{"a": plan.Underway}, []string{"e"}},
		{"what is under way is not done", 10, statuses{"a": plan.Underway, "e": plan.Done}, nil},
		{"what is done lets others begin", 10, statuses{"a": plan.Done, "e": plan.Done}, []string{"b", "c"}},
		{"every need must be done", 10, statuses{"a": plan.Done, "b": plan.Done, "e": plan.Done}, []string{"c"}},
		{"a failed need lets nothing begin", 10, statuses{"a": plan.Failed, "e": plan.Done}, nil},
		{"a skipped need lets nothing begin", 10, statuses{"a": plan.Done, "b": plan.Skipped, "c": plan.Done, "e": plan.Done}, nil},
		{"nothing begins twice", 10, statuses{"a": plan.Done, "b": plan.Done, "c": plan.Done, "d": plan.Done, "e": plan.Done}, nil},
		{"a step that failed does not begin again", 10, statuses{"a": plan.Failed, "e": plan.Failed}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := idsOf(diamond(c.parallel).Next(c.status)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestDoomed(t *testing.T) {
	type statuses = map[string]plan.Status
	for _, c := range []struct {
		name   string
		status statuses
		want   []string
	}{
		{"nothing while nothing failed", statuses{"a": plan.Underway}, nil},
		{"everything behind a failure, however far", statuses{"a": plan.Failed}, []string{"b", "c", "d"}},
		{"what needs nothing of it is not doomed", statuses{"a": plan.Done, "b": plan.Failed, "c": plan.Underway}, []string{"d"}},
		{"a skipped step dooms as a failed one does", statuses{"a": plan.Done, "b": plan.Skipped}, []string{"d"}},
		{"what is under way is brought to its end", statuses{"a": plan.Failed, "b": plan.Underway}, []string{"c", "d"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := idsOf(diamond(10).Doomed(c.status)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func idsOf(steps []plan.Step) []string {
	var list []string
	for _, s := range steps {
		list = append(list, s.ID)
	}
	return list
}

// TestNextReachesEveryStepOfAnyPlan: with failures anywhere, each step ends as done, failed or doomed, needs come first, and never do
// more run than may.
func TestNextReachesEveryStepOfAnyPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan.Plan{Parallel: rapid.IntRange(1, 4).Draw(t, "parallel")}
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			step := plan.Step{ID: fmt.Sprint(i)}
			for j := range i {
				if rapid.IntRange(0, 3).Draw(t, "need") == 0 {
					step.Needs = append(step.Needs, fmt.Sprint(j))
				}
			}
			p.Steps = append(p.Steps, step)
		}
		status := map[string]plan.Status{}
		var underway []string
		for {
			for _, s := range p.Next(status) {
				for _, need := range s.Needs {
					if status[need] != plan.Done {
						t.Fatalf("%s begins before %s", s.ID, need)
					}
				}
				status[s.ID] = plan.Underway
				underway = append(underway, s.ID)
			}
			if len(underway) > p.Parallel {
				t.Fatalf("%d run at a time", len(underway))
			}
			if len(underway) == 0 {
				break
			}
			i := rapid.IntRange(0, len(underway)-1).Draw(t, "ends")
			status[underway[i]] = rapid.SampledFrom([]plan.Status{plan.Done, plan.Done, plan.Failed}).Draw(t, "as")
			underway = slices.Delete(underway, i, i+1)
			for _, s := range p.Doomed(status) {
				status[s.ID] = plan.Skipped
			}
		}
		for _, s := range p.Steps {
			if status[s.ID] == plan.Pending {
				t.Fatalf("%s never ends: %v", s.ID, status)
			}
		}
	})
}
