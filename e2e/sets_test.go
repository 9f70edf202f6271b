package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// ofSet is the path of a file of the set in use.
func ofSet(s lab.Server, name string) string { return filepath.Join(s.TLSDir, "current", name) }

// modeAndOwner is the mode and the owner of a file or folder.
func modeAndOwner(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	system, _ := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%s %d", info.Mode(), system.Uid)
}

// loosened does to three servers what people and their scripts do, and gives what stood there before.
func (c *cluster) loosened() map[string]string {
	c.t.Helper()
	primary, first, second := c.Servers[0], c.Servers[1], c.Servers[2]
	before := map[string]string{}
	for _, s := range c.Servers {
		for _, path := range []string{ofSet(s, "key.pem"), ofSet(s, "ca.pem"), filepath.Join(s.TLSDir, "versions"), filepath.Join(s.TLSDir, "versions", "1")} {
			before[path] = modeAndOwner(c.t, path)
		}
	}
	must(c.t, os.Chmod(ofSet(primary, "key.pem"), 0o644))
	if os.Geteuid() == 0 { // somebody else gives nothing away
		must(c.t, os.Chown(ofSet(first, "key.pem"), 0, 0))
		const nobody = 65534
		must(c.t, os.Chown(filepath.Join(second.TLSDir, "versions", "1"), nobody, nobody))
	} else {
		must(c.t, os.Chmod(ofSet(first, "ca.pem"), 0o666))
	}
	must(c.t, os.Chmod(filepath.Join(second.TLSDir, "versions"), 0o777|fs.ModeDir))
	return before
}

func (c *cluster) standsAsBefore(before map[string]string) {
	c.t.Helper()
	for path, want := range before {
		if got := modeAndOwner(c.t, path); got != want {
			c.t.Errorf("%s has %s, want %s", path, got, want)
		}
	}
}

// TestRepair opens a key to everybody, gives one to root and lets everybody write to a folder of sets: that is put right, and nothing else moves.
func TestRepair(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	before, places := c.everything(), c.loosened()

	p := c.plan(2)
	if want := []string{"repair/primary", "repair/replica1", "repair/replica2"}; !slices.Equal(p.ids(), want) {
		t.Errorf("steps %v, want %v", p.ids(), want)
	}
	c.want(2, "plan").says(t, "every user of its host could read "+c.Primary().TLSDir+"/versions/1/key.pem until now", "replssl pki issue primary, before you apply")
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	c.standsAsBefore(places)
	if after := c.everything(); !slices.Equal(before, after) {
		t.Errorf("something else moved:\n%s", difference(before, after))
	}
	c.ownNothingMoves()
}

// sets are the names in a server's folder of sets, hidden ones among them.
func (c *cluster) sets(s lab.Server) []string {
	c.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.TLSDir, "versions"))
	must(c.t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func (c *cluster) hasSets(want map[string][]string, current map[string]int) {
	c.t.Helper()
	for _, s := range c.Servers {
		if got := c.sets(s); !slices.Equal(got, want[s.Name]) {
			c.t.Errorf("%s has the sets %v, want %v", s.Name, got, want[s.Name])
		}
		if got, err := os.Readlink(filepath.Join(s.TLSDir, "current")); err != nil || got != fmt.Sprintf("versions/%d", current[s.Name]) {
			c.t.Errorf("%s uses %s, want %d: %v", s.Name, got, current[s.Name], err)
		}
	}
}

// TestRenewalsLeaveTwoSets renews certificates three times, each time as the warning about an open key tells: the set in use and the one before
// it stay.
func TestRenewalsLeaveTwoSets(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	allArrived := c.write()
	for _, want := range [][]string{{"1", "2"}, {"2", "3"}, {"3", "4"}} {
		for _, s := range c.Servers[:2] {
			must(t, os.Chmod(ofSet(s, "key.pem"), 0o644))
			c.want(0, "pki", "issue", s.Name)
		}
		c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
		current := int(want[1][0] - '0')
		c.hasSets(map[string][]string{"primary": want, "replica1": want, "replica2": {"1"}}, map[string]int{"primary": current, "replica1": current, "replica2": 1})
	}
	c.proven()
	allArrived()
	c.ownNothingMoves()
}

// TestSetsByHand carries out what the runbook says of sets on hosts: modes and owners that are wrong, and sets that are out of use.
func TestSetsByHand(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	places := c.loosened()
	for i, s := range c.Servers {
		other := c.Servers[(i+1)%len(c.Servers)] // a copy of what a server shows would be in use
		for _, copied := range []string{"2", "3"} {
			out, err := exec.Command("cp", "-a", filepath.Join(other.TLSDir, "versions", "1"), filepath.Join(s.TLSDir, "versions", copied)).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	want := []string{"repair/primary", "repair/replica1", "repair/replica2", "prune/primary", "prune/replica1", "prune/replica2"}
	if p := c.plan(2); !slices.Equal(p.ids(), want) {
		t.Errorf("steps %v, want %v", p.ids(), want)
	}
	text := c.want(0, "runbook").stdout
	dir, err := os.MkdirTemp("", "hand")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c.byHand(dir, runbookBlocks(text, "sh"))
	c.standsAsBefore(places)
	left := []string{"1", "3"}
	c.hasSets(map[string][]string{"primary": left, "replica1": left, "replica2": left}, map[string]int{"primary": 1, "replica1": 1, "replica2": 1})
	c.proven()
	c.plan(0)
}
