package e2e_test

import (
	"slices"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
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

// TestIssuedByHandWhereNothingReloads: MySQL before 8.0.16 reads a new certificate by a restart, with leave; a replica's receiver reads its own as it
// connects again, and its applier goes on.
func TestIssuedByHandWhereNothingReloads(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Server: labtest.Tree(t, "mysql-5.7"), Replicas: 1})
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.want(0, "pki", "issue", "--all")
	c.edit("allow_restart: true", "allow_restart: false")
	c.want(3, "plan").says(t, "to read its new certificate, which its version cannot do as it runs, and that is not allowed")
	c.edit("allow_restart: false", "allow_restart: true")
	served, replica := (&played{cluster: c}).serial(), c.pids()[1]
	allArrived := c.write()
	c.want(0, "apply", "--yes").says(t, "restart primary, which reads its new certificate", "proven: replication of cluster lab")
	c.proven()
	allArrived()
	if now := (&played{cluster: c}).serial(); now == served || now == "" {
		t.Errorf("the primary served %s, and serves %s", served, now)
	}
	if now := c.pids()[1]; now != replica {
		t.Errorf("the replica was restarted: process %s, and before %s", now, replica)
	}
	c.hasSets(map[string][]string{"primary": {"1", "2"}, "replica1": {"1", "2"}}, map[string]int{"primary": 2, "replica1": 2})
	c.want(0, "apply", "--yes").says(t, "nothing to do")
}
