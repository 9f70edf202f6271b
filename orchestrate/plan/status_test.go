package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// would is what a status says that a plan does to a server and to its default channel.
func would(s plan.StatusReport, server topology.ServerName) (toServer, toChannel []string) {
	for _, line := range s.Servers {
		if line.Server == server {
			toServer = line.ApplyWould
		}
	}
	for _, line := range s.Channels {
		if line.Server == server && line.Channel == "" {
			toChannel = line.ApplyWould
		}
	}
	return toServer, toChannel
}

// TestStatusHasWordsForEveryAction: each action is told of the server or channel that it is done to, but for those of the operator's machine.
func TestStatusHasWordsForEveryAction(t *testing.T) {
	leaf := plan.Leaf{Server: "db2", Version: 2}
	for _, c := range []struct {
		actions             []plan.Action
		toServer, toChannel string
	}{
		{[]plan.Action{plan.CreateAuthority{}}, "", ""},
		{[]plan.Action{plan.IssueLeaf{Leaf: leaf}}, "new certificate", ""},
		{[]plan.Action{plan.InstallSet{Server: "db2"}, plan.SwitchSet{Server: "db2"}}, "new certificate", ""},
		{[]plan.Action{plan.UnswitchSet{Server: "db2"}}, "no certificate", ""},
		{[]plan.Action{plan.WriteConfig{Server: "db2"}}, "new settings", ""},
		{[]plan.Action{plan.RemoveConfig{Server: "db2"}}, "no settings", ""},
		{[]plan.Action{plan.Restart{Server: "db2"}}, "restart", ""},
		{[]plan.Action{plan.ReloadTLS{Server: "db2"}}, "reload certificate", ""},
		{[]plan.Action{plan.Require{Server: "db2", Rows: raised("%")}}, "require TLS", ""},
		{[]plan.Action{plan.Require{Server: "db2", Rows: lifted("%")}}, "no longer require TLS", ""},
		{[]plan.Action{plan.StartThreads{Channel: channelOf("db2"), Threads: applier}}, "", "start applier"},
		{[]plan.Action{
			plan.StopThreads{Channel: channelOf("db2"), Threads: receiver}, plan.StartThreads{Channel: channelOf("db2"), Threads: both},
		}, "", "reconnect"},
		{[]plan.Action{
			plan.StopThreads{Channel: channelOf("db2"), Threads: both},
			plan.ChangeTLS{Channel: channelOf("db2"), Options: facts.TLSOptions{Enabled: true}},
			plan.StartThreads{Channel: channelOf("db2"), Threads: both},
		}, "", "change to TLS"},
		{[]plan.Action{plan.ChangeTLS{Channel: channelOf("db2")}}, "", "change to plaintext"},
	} {
		s := newSite(world.Cluster("db1", "db2"))
		status := plan.StatusOf(s.cluster, s.quiet(), plan.Plan{Steps: []plan.Step{{ID: "a", Goal: plan.Up{}, Actions: c.actions}}})
		toServer, toChannel := would(status, "db2")
		if got := strings.Join(toServer, ", "); got != c.toServer {
			t.Errorf("%v: to the server %q, want %q", c.actions, got, c.toServer)
		}
		if got := strings.Join(toChannel, ", "); got != c.toChannel {
			t.Errorf("%v: to the channel %q, want %q", c.actions, got, c.toChannel)
		}
		if toServer, toChannel := would(status, "db1"); len(toServer)+len(toChannel) > 0 {
			t.Errorf("%v: and to db1 %v %v", c.actions, toServer, toChannel)
		}
	}
}

// TestStatusOfAnEncryptedChannel: what is encrypted does not change to TLS.
func TestStatusOfAnEncryptedChannel(t *testing.T) {
	c := world.Cluster("db1", "db2")
	p := plan.Plan{Steps: []plan.Step{{ID: "a", Goal: plan.Up{}, Actions: []plan.Action{
		plan.StopThreads{Channel: channelOf("db2"), Threads: both},
		plan.ChangeTLS{Channel: channelOf("db2"), Options: facts.TLSOptions{Enabled: true}},
		plan.StartThreads{Channel: channelOf("db2"), Threads: both},
	}}}}
	for want, s := range map[string]*site{"change to TLS": newSite(c), "change TLS options": securedSite(t, c)} {
		status := plan.StatusOf(c, s.quiet(), p)
		if _, toChannel := would(status, "db2"); !slices.Equal(toChannel, []string{want}) {
			t.Errorf("a channel that is encrypted (%v): %v, want %s", status.Channels[0].Encrypted, toChannel, want)
		}
	}
}

// TestStatusSaysWhatThePlanDoes: whoever has a step has a word, and only they.
func TestStatusSaysWhatThePlanDoes(t *testing.T) {
	chained := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	for name, s := range map[string]*site{
		"plaintext": newSite(chained), "secured": securedSite(t, chained), "on another machine": {
			World: securedSite(t, chained).ForgetStore(), cluster: chained, ledger: newSite(chained).ledger,
		},
	} {
		p := s.build()
		status := plan.StatusOf(s.cluster, s.quiet(), p)
		for _, server := range s.cluster.Servers {
			has := slices.ContainsFunc(p.Steps, func(step plan.Step) bool { return step.Target == server.Name })
			toServer, toChannel := would(status, server.Name)
			if told := len(toServer)+len(toChannel) > 0; told != has {
				t.Errorf("%s: %s: %v, %v; the plan: %v", name, server.Name, toServer, toChannel, ids(p))
			}
		}
		if status.Plan.Digest != p.Digest() || status.Plan.Steps != len(p.Steps) {
			t.Errorf("%s: %+v", name, status.Plan)
		}
	}
}

// TestStatusOfABlockedPlan: what blocks a server is told there, with its reason; the others tell whose turn it is. What blocks on the
// operator's machine blocks everybody.
func TestStatusOfABlockedPlan(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2", "db3"))
	block := func(targets ...topology.ServerName) (one, other string) {
		var p plan.Plan
		for _, target := range targets {
			why := "it is on fire"
			if target != plan.Here {
				why = string(target) + ": " + why
			}
			p.Blocked = append(p.Blocked, plan.Blocked{Target: target, Why: why})
		}
		status := plan.StatusOf(s.cluster, s.quiet(), p)
		onOne, _ := would(status, "db2")
		onOther, channel := would(status, "db3")
		if !slices.Equal(onOther, channel) {
			t.Errorf("%v: the channel of db3 says %v", targets, channel)
		}
		return strings.Join(onOne, "|"), strings.Join(onOther, "|")
	}
	for _, c := range []struct {
		targets    []topology.ServerName
		one, other string
	}{
		{[]topology.ServerName{"db2"}, "blocked: it is on fire", "blocked by db2"},
		{[]topology.ServerName{"db2", "db1", "db1"}, "blocked: it is on fire", "blocked by db2 and 1 more"},
		{[]topology.ServerName{plan.Here}, "blocked: it is on fire", "blocked: it is on fire"},
		{[]topology.ServerName{"db1", "db2"}, "blocked: it is on fire", "blocked by db1 and 1 more"},
	} {
		if one, other := block(c.targets...); one != c.one || other != c.other {
			t.Errorf("%v: %q and %q, want %q and %q", c.targets, one, other, c.one, c.other)
		}
	}
}

func TestStatusOfDaysLeft(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	for days, want := range map[int]int{0: 730, 730: 0, 731: -1, 740: -10} {
		f := s.quiet()
		f.At = f.At.AddDate(0, 0, days)
		line := plan.StatusOf(s.cluster, f, s.build()).Servers[0]
		if line.DaysLeft.Or(99) != want || line.SetDaysLeft.Or(99) != want {
			t.Errorf("after %d days %v and %v are left, want %d", days, line.DaysLeft, line.SetDaysLeft, want)
		}
	}
}
