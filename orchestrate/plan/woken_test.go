package plan_test

import (
	"testing"

	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestAReceiverThatWasStartedInVain: a run died with the receiver of a replica stopped, whose source serves no TLS any more. The step of its files starts
// it too early; the step of the channel, after the source, stops it first, since it would wait for its Connect_Retry.
func TestAReceiverThatWasStartedInVain(t *testing.T) {
	c := world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2")
	c.Policy.Enforce = topology.EnforceFirst
	s := securedSite(t, c)
	s.do(t, plan.RemoveConfig{Server: "db2"}, plan.Restart{Server: "db2"}, plan.UnswitchSet{Server: "db3"},
		plan.StopThreads{Channel: channelOf("db3"), Threads: receiver})
	s.interrupted("files/db3", channelOf("db3"), both)
	s.mustApply(t)
	if r := s.report(); !r.OK {
		t.Errorf("not proven: %v", r.Problems)
	}
}
