package observe_test

import (
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/observe"
)

// TestClocks shifts the operator's clock, since that of the hosts is this machine's.
func TestClocks(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{}))
	ahead := func(shift time.Duration) time.Duration {
		now := func() time.Time { return time.Now().Add(shift) }
		seen := observe.New(b.cluster, b.servers, b.store, now).Observe(t.Context(), facts.Look{"primary": facts.PartProcess})
		return known(t, "clock", seen.Server("primary").Clock)
	}
	const lag = time.Minute // of a busy machine
	equal(t, "the same clock", ahead(0), 0)
	if got := ahead(-time.Hour); got <= time.Hour-lag || got > time.Hour {
		t.Errorf("ours is an hour behind: got %v", got)
	}
	if got := ahead(time.Hour); got >= lag-time.Hour || got < -time.Hour {
		t.Errorf("ours is an hour ahead: got %v", got)
	}
}
