package e2e_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestIssuedByHand: sets that a person has issued take the place of good ones at the next apply, and the plan says why.
func TestIssuedByHand(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.want(0, "pki", "issue", "primary", "--days", "90").says(t, "made set 2 of primary", "nothing was copied: the next apply lays it down")
	c.want(0, "pki", "issue", "replica1")

	want := []string{"files/primary", "serve/primary", "files/replica1", "change/replica1", "change/replica2"} // the receivers log in once more
	if ids := c.plan(2).ids(); !slices.Equal(ids, want) {
		t.Errorf("steps %v, want %v", ids, want)
	}
	c.want(2, "plan").says(t, "set 2 was issued to replace set 1, which is in use")
	allArrived := c.write()
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	allArrived()
	c.hasSets(map[string][]string{"primary": {"1", "2"}, "replica1": {"1", "2"}, "replica2": {"1"}}, map[string]int{"primary": 2, "replica1": 2, "replica2": 1})
	c.ownNothingMoves()
}
