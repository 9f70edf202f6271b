package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// checkFleet: beside other steps, no step pauses the last replica of a source that has several, nor more replicas than the policy allows.
func (c *crew) checkFleet(begun plan.Step) {
	if begun.Urgent || len(begun.Pauses) == 0 {
		return
	}
	paused := map[facts.ChannelID]bool{}
	steps := 0
	for _, w := range c.at {
		if !w.step.Urgent && len(w.step.Pauses) > 0 {
			steps++
			for _, id := range w.step.Pauses {
				paused[id] = true
			}
		}
	}
	if steps < 2 {
		return
	}
	policy := c.site.cluster.Policy
	if policy.Unavailable > 0 && len(paused) > policy.Unavailable {
		c.fault = "more replicas are paused than policy.max_unavailable allows: " + begun.ID
	}
	for _, source := range c.site.cluster.Sources() {
		replicas := c.site.cluster.ReplicasOf(source.Name)
		running := slices.ContainsFunc(replicas, func(r topology.Server) bool { return !paused[channelOf(r.Name)] })
		mine := slices.ContainsFunc(replicas, func(r topology.Server) bool { return slices.Contains(begun.Pauses, channelOf(r.Name)) })
		if len(replicas) > 1 && mine && !running {
			c.fault = "every replica of " + string(source.Name) + " is paused: " + begun.ID
		}
	}
}

// TestWaves: the canary goes alone, then waves of as many as may go, each after a rest and only while the canary is well.
func TestWaves(t *testing.T) {
	c := world.Cluster("db1", "db2", "db3", "db4", "db5", "db6")
	c.Policy.Unavailable, c.Policy.Pause = 2, time.Minute
	for name, begin := range map[string]func(*testing.T) (*site, string){
		"a change": func(*testing.T) (*site, string) { return newSite(c), "change/" },
		"a renewal": func(t *testing.T) (*site, string) {
			return renewing(t, c, month, 0, "db2", "db3", "db4", "db5", "db6"), "files/"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, kind := begin(t)
			p := s.build()
			for id, want := range map[string]struct {
				after []string
				rest  time.Duration
			}{
				"db2": {nil, 0},
				"db3": {[]string{"db2"}, time.Minute}, "db4": {[]string{"db2"}, time.Minute},
				"db5": {[]string{"db3", "db4"}, time.Minute}, "db6": {[]string{"db3", "db4"}, time.Minute},
			} {
				step := mustStep(t, p, kind+id)
				for _, before := range want.after {
					if !slices.Contains(step.Needs, kind+before) {
						t.Errorf("%s does not wait for %s: %v", id, before, step.Needs)
					}
				}
				if step.Rest != want.rest {
					t.Errorf("%s rests %s", id, step.Rest)
				}
				lag := plan.LagWithin{Link: linkTo(topology.ServerName(id)), Max: 30 * time.Second}
				if !slices.ContainsFunc(step.Guards, func(g plan.Guard) bool { return g.Condition == lag && g.Patience > 0 }) {
					t.Errorf("%s goes however far it is behind: %v", id, conditions(step.Guards))
				}
			}
			s.mustApply(t)
		})
	}
}

// TestLimits: what acknowledges commits stays in numbers, an intermediate primary keeps a replica, and one that is alone goes all the same.
func TestLimits(t *testing.T) {
	c := world.Chained(world.Chained(world.Cluster("db1", "db2", "db3", "db4", "db5"), "db4", "db2"), "db5", "db2")
	s := newSite(c)
	most := func(p plan.Plan, names ...topology.ServerName) int {
		for _, limit := range p.Limits {
			if len(limit.Channels) == len(names) && slices.ContainsFunc(limit.Channels, func(id facts.ChannelID) bool { return id.Server == names[0] }) {
				return limit.Most
			}
		}
		return 0
	}
	p := s.build()
	if got := most(p, "db4", "db5"); got != 1 {
		t.Errorf("%d of the two replicas of db2 may pause at a time", got)
	}
	if got := most(p, "db2", "db3"); got != 1 {
		t.Errorf("%d of the two replicas of db1 may pause at a time", got)
	}
	alone := newSite(world.Cluster("db1", "db2")).build()
	if len(alone.Limits) > 0 {
		t.Errorf("a replica that is alone is bound: %v", alone.Limits)
	}
	three := newSite(world.Cluster("db1", "db2", "db3", "db4"))
	three.With("db1", func(s *world.Settings) { s.SemiSync(facts.SemiSync{Waits: true, Needs: 2, Clients: 3}) })
	for _, name := range []topology.ServerName{"db2", "db3", "db4"} {
		three.With(name, func(s *world.Settings) { s.SemiSync(facts.SemiSync{Acknowledges: true}) })
	}
	if limits := three.build().Limits; !slices.ContainsFunc(limits, func(l plan.Limit) bool { return len(l.Channels) == 3 && l.Most == 1 }) {
		t.Errorf("more than one of three may pause, of which two have to acknowledge: %v", limits)
	}
}

// TestNextWithinLimits: a step waits for room, one that takes more than there is goes alone, and an urgent one waits for nobody.
func TestNextWithinLimits(t *testing.T) {
	id := func(names ...topology.ServerName) (ids []facts.ChannelID) {
		for _, name := range names {
			ids = append(ids, channelOf(name))
		}
		return ids
	}
	p := plan.Plan{Parallel: 10, Limits: []plan.Limit{{Channels: id("a", "b", "c"), Most: 2}}, Steps: []plan.Step{
		{ID: "a", Pauses: id("a")},
		{ID: "b", Pauses: id("b")},
		{ID: "all", Pauses: id("a", "b", "c")},
		{ID: "c", Pauses: id("c")},
		{ID: "d", Pauses: id("d")},
		{ID: "wake", Pauses: id("c"), Urgent: true},
	}}
	type statuses = map[string]plan.Status
	for _, c := range []struct {
		status statuses
		want   []string
	}{
		{statuses{}, []string{"a", "b", "d", "wake"}},
		{statuses{"a": plan.Underway, "b": plan.Done, "d": plan.Done, "wake": plan.Done}, []string{"c"}},
		{statuses{"a": plan.Done, "b": plan.Done, "c": plan.Done, "d": plan.Underway, "wake": plan.Done}, []string{"all"}},
		{statuses{"all": plan.Underway, "d": plan.Done}, []string{"wake"}},
	} {
		if got := idsOf(p.Next(c.status)); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.status, got, c.want)
		}
	}
}
