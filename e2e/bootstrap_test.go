package e2e_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

func TestBootstrap(t *testing.T) {
	for _, enforce := range []string{"last", "first"} {
		t.Run(enforce, func(t *testing.T) {
			t.Parallel()
			c := start(t, lab.Options{})
			allArrived := c.write()
			before := c.verify(5)
			if before.OK || before.Replicas[0].Encrypted || before.Replicas[0].Proof != "none" || before.Logins[0].Result != "accepted" {
				t.Errorf("plaintext replication is judged %+v", before)
			}
			assertStatus(t, c, standing{
				proof: "none", word: "plaintext", require: "none",
				primary: []string{"new certificate", "new settings", "restart", "require TLS"}, replica: []string{"new certificate", "change to TLS"},
			})
			if shown, planned := c.status().Plan.Digest, c.plan(2).Digest; shown != planned {
				t.Errorf("status speaks of plan %s, and the plan is %s", shown, planned)
			}
			p := c.plan(2, "--enforce", enforce)
			assertOrder(t, p, enforce)
			c.want(3, "apply", "--yes", "--enforce", enforce, "--digest", "000000000000").says(t, p.Digest, "000000000000")
			c.want(0, "apply", "--yes", "--enforce", enforce, "--digest", p.Digest).says(t, "proven: replication of cluster lab")
			c.proven()
			assertReport(t, c.verify(0))
			assertStatus(t, c, standing{proof: "demanded", word: "encrypted (demanded)", require: "ssl", set: 1})
			allArrived()
			assertNothingMoves(t, c)
		})
	}
}

func assertOrder(t *testing.T, p planned, enforce string) {
	t.Helper()
	want := []string{
		"authority", "leaf/primary", "files/primary", "leaf/replica1", "files/replica1", "leaf/replica2", "files/replica2",
		"config/primary", "serve/primary", "wake/replica1", "wake/replica2",
	}
	if enforce == "first" {
		want = append(want, "require/primary", "change/replica1", "change/replica2")
	} else {
		want = append(want, "change/replica1", "change/replica2", "require/primary", "rehearse/replica1", "rehearse/replica2")
	}
	if ids := p.ids(); !slices.Equal(ids, want) {
		t.Errorf("steps %v, want %v", ids, want)
	}
}

func assertReport(t *testing.T, r report) {
	t.Helper()
	if r.Schema != 1 || r.Cluster != "lab" || len(r.Accounts) != 1 || r.Accounts[0].Require != "ssl" || r.Accounts[0].Host != "%" {
		t.Errorf("%+v", r)
	}
	for _, login := range r.Logins {
		if login.Result != "refused" || login.Account != "repl@%" {
			t.Errorf("%+v", login)
		}
	}
	for _, replica := range r.Replicas {
		if !replica.Encrypted || replica.Proof != "demanded" || replica.Verified != "identity" || replica.Cipher != nil ||
			replica.Why == "" || replica.Receiver != "Yes" || replica.Applier != "Yes" || replica.Lag == nil {
			t.Errorf("%+v", replica)
		}
	}
}

// standing is what `status` says of a lab.
type standing struct {
	proof, require   string
	word             string // for the proof, in the table
	set              int
	primary, replica []string // what apply would do to the primary, and to a replica and its channel
}

func assertStatus(t *testing.T, c *cluster, want standing) {
	t.Helper()
	s := c.status()
	if len(s.Servers) != 3 || len(s.Channels) != 2 || len(s.Problems)+len(s.Plan.Blocked) > 0 {
		t.Fatalf("%+v", s)
	}
	if p := s.Servers[0]; p.Role != "primary" || p.Require != want.require || p.Set != want.set || p.Serves != (want.set > 0) ||
		want.set > 0 && (!p.ServesSet || p.DaysLeft < 700) || !slices.Equal(p.Would, want.primary) {
		t.Errorf("%+v", p)
	}
	for i, channel := range s.Channels {
		replica := s.Servers[i+1]
		would := append(replica.Would, channel.Would...)
		if channel.Server != replica.Server || channel.Source != "primary" || channel.Proof != want.proof || replica.Set != want.set ||
			!slices.Equal(would, want.replica) {
			t.Errorf("%+v, %+v", replica, channel)
		}
	}
	c.want(0, "status").says(t, "APPLY WOULD", "primary", "replica1", "10.11", want.word)
}

// assertNothingMoves applies again, here and on another machine which has neither journal nor certificates, and looks for anything
// that moved: thread ids, file times, the end of any binary log.
func assertNothingMoves(t *testing.T, c *cluster) {
	t.Helper()
	assertNothingMovesBut(t, c, 0)
}

// assertNothingMovesBut is given the exit code of the run that has no journal: where a proof rests on that alone, it proves nothing.
func assertNothingMovesBut(t *testing.T, c *cluster, elsewhereEnds int) {
	t.Helper()
	before := c.everything()
	c.plan(0)
	c.want(0, "apply", "--yes").says(t, "nothing to do")
	elsewhere := t.TempDir()
	c.want(elsewhereEnds, "apply", "--yes", "--pki", filepath.Join(elsewhere, "pki"), "--journal", filepath.Join(elsewhere, "journal")).says(t, "nothing to do")
	c.verify(0)
	c.want(0, "status").says(t, "apply has nothing to do")
	if after := c.everything(); !slices.Equal(before, after) {
		t.Errorf("something moved:\n%s", difference(before, after))
	}
}

// everything is what a second run must leave alone.
func (c *cluster) everything() []string {
	c.t.Helper()
	var seen []string
	for _, s := range c.Servers {
		end, err := c.BinlogEnd(c.t.Context(), s.Name)
		if err != nil {
			c.t.Fatal(err)
		}
		threads, err := c.Query(c.t.Context(), s.Name,
			"SELECT ID, COMMAND FROM information_schema.PROCESSLIST WHERE USER = 'system user' OR COMMAND LIKE 'Binlog Dump%' ORDER BY ID")
		if err != nil {
			c.t.Fatal(err)
		}
		seen = append(seen, s.Name, end, threads.String())
		seen = append(seen, c.fileTimes(s.TLSDir)...)
		seen = append(seen, c.fileTimes(filepath.Dir(s.DefaultsFile)+"/conf.d")...)
	}
	return seen
}

func (c *cluster) fileTimes(dir string) []string {
	var times []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		switch {
		case path == dir && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		times = append(times, fmt.Sprint(path, " ", info.ModTime(), " ", info.Mode()))
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing was copied there yet
		c.t.Fatal(err)
	}
	return times
}

func difference(before, after []string) string {
	var lines []string
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(before):
			lines = append(lines, "+ "+after[i])
		case i >= len(after):
			lines = append(lines, "- "+before[i])
		case before[i] != after[i]:
			lines = append(lines, "- "+before[i], "+ "+after[i])
		}
	}
	return strings.Join(lines, "\n")
}

func TestAccountOnSomeReplicas(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Account: lab.AccountSome})
	if ids := c.plan(2).ids(); !slices.Contains(ids, "require/primary") || !slices.Contains(ids, "require/replica1") || slices.Contains(ids, "require/replica2") {
		t.Errorf("%v", ids)
	}
	allArrived := c.write()
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
	assertNothingMoves(t, c)
}

func TestAccountEverywhereIsRequiredOnceThroughTheBinlog(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Account: lab.AccountEverywhere})
	ids := c.plan(2).ids()
	if !slices.Contains(ids, "require/primary") || slices.Contains(ids, "require/replica1") {
		t.Errorf("%v", ids)
	}
	c.want(0, "apply", "--yes")
	c.proven()
	for _, s := range c.Servers {
		shown, err := c.Value(t.Context(), s.Name, "SHOW CREATE USER 'repl'@'%'")
		if err != nil || !strings.Contains(shown, "REQUIRE SSL") {
			t.Errorf("%s: %s %v", s.Name, shown, err)
		}
	}
}

func TestChainedReplicas(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{ReplicatesFrom: map[string]string{"replica2": "replica1"}})
	allArrived := c.write()
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
	assertNothingMoves(t, c)
}

func TestPerformanceSchemaLetsTheChannelBeObserved(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1, PerformanceSchema: true})
	c.edit(`policy:`, "tls: {verify: chain}\npolicy:")
	c.want(0, "apply", "--yes")
	r := c.verify(0)
	if got := r.Replicas[0]; got.Proof != "observed" || got.Verified != "chain" {
		t.Errorf("%+v", got)
	}
}

func TestChainOnlyIsEnforcedFirst(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	c.edit(`policy:`, "tls: {verify: chain}\npolicy:")
	c.want(3, "plan").says(t, "could not be proven before TLS is required", "hint:")
	c.want(0, "apply", "--yes", "--enforce", "first")
	if got := c.verify(0).Replicas[0]; got.Proof != "enforced" || got.Verified != "chain" {
		t.Errorf("%+v", got)
	}
}
