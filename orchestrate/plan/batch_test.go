package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

func TestBatches(t *testing.T) {
	db2, db3 := facts.ChannelID{Server: "db2"}, facts.ChannelID{Server: "db3"}
	stop, start := plan.StopThreads{Channel: db2}, plan.StartThreads{Channel: db2}
	change := plan.ChangeTLS{Channel: db2}
	install, link := plan.InstallSet{Server: "db2", Dir: "/d", Version: 2}, plan.SwitchSet{Server: "db2", Dir: "/d", Version: 2}
	for name, c := range map[string]struct {
		actions []plan.Action
		sizes   []int
	}{
		"a change":                         {[]plan.Action{stop, change, start}, []int{3}},
		"a reconnect":                      {[]plan.Action{stop, start}, []int{2}},
		"a set":                            {[]plan.Action{install, link}, []int{2}},
		"a set under a stopped receiver":   {[]plan.Action{install, stop, link, start}, []int{1, 1, 1, 1}},
		"another version":                  {[]plan.Action{install, plan.SwitchSet{Server: "db2", Dir: "/d", Version: 1}}, []int{1, 1}},
		"another channel":                  {[]plan.Action{stop, plan.StartThreads{Channel: db3}}, []int{1, 1}},
		"a requirement taken back, change": {[]plan.Action{plan.Require{Server: "db1"}, stop, change, start}, []int{1, 3}},
		"nothing":                          {nil, nil},
	} {
		var sizes []int
		for _, batch := range plan.Batches(c.actions) {
			sizes = append(sizes, len(batch))
		}
		if !slices.Equal(sizes, c.sizes) {
			t.Errorf("%s: %v, want %v", name, sizes, c.sizes)
		}
	}
}

// TestBatchesLeaveNothingOut goes over the steps of whole plans.
func TestBatchesLeaveNothingOut(t *testing.T) {
	w := world.New(world.Cluster("db1", "db2", "db3"))
	for _, step := range plan.Build(w.Cluster(), w.Facts(), plan.Options{}).Steps {
		for _, actions := range [][]plan.Action{step.Actions, step.Rescue, step.Undo.Actions} {
			again := slices.Concat(plan.Batches(actions)...)
			if fmt.Sprint(again) != fmt.Sprint(actions) {
				t.Errorf("%s: %v became %v", step.ID, actions, again)
			}
			for _, batch := range plan.Batches(actions) {
				for _, action := range batch {
					if action.Target() != batch[0].Target() {
						t.Errorf("%s: a batch of several targets: %v", step.ID, batch)
					}
				}
			}
		}
	}
}
