package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// TestRunbookByHand carries the runbook out as a person would who has bash, ssh, tar, openssl and the servers' client, and no replssl:
// its blocks, as they stand in the text, from the first to the last, and then back again.
func TestRunbookByHand(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	text := c.want(0, "runbook").stdout
	dir, err := os.MkdirTemp("", "hand") // where nothing is but what the runbook makes; short, since sockets lie in it
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	allArrived := c.write()
	forwards := runbookBlocks(text, "sh")
	c.byHand(dir, forwards)
	c.proven()
	if p := c.plan(0, "--pki", filepath.Join(dir, "pki")); len(p.Steps) > 0 {
		t.Errorf("replssl finds something left to do: %v", p.ids())
	}
	allArrived()

	allArrived = c.write()
	backwards := runbookBlocks(text, "sh take-back")
	slices.Reverse(backwards)
	c.byHand(dir, append([]string{forwards[0]}, backwards...))
	c.inPlaintext()
	allArrived()
}

// inPlaintext asserts that replication runs as the lab began it.
func (c *cluster) inPlaintext() {
	c.t.Helper()
	if r := c.verify(5); len(r.Replicas) != 2 || r.Replicas[0].Encrypted || r.Logins[0].Result != "accepted" || r.Accounts[0].Require != "none" {
		c.t.Errorf("after taking it back: %+v", r)
	}
	for _, s := range c.Replicas() {
		status, err := c.SlaveStatus(c.t.Context(), s.Name)
		must(c.t, err)
		if status["Slave_IO_Running"] != "Yes" || status["Slave_SQL_Running"] != "Yes" || status["Master_SSL_Allowed"] != "No" || status["Master_SSL_CA_File"] != "" {
			c.t.Errorf("%s: %v", s.Name, status)
		}
	}
}

// runbookBlocks are the blocks of a kind, in their order.
func runbookBlocks(text, kind string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+kind+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// byHand runs blocks in one bash, to the first that fails.
func (c *cluster) byHand(dir string, blocks []string) {
	t := c.t
	t.Helper()
	if len(blocks) < 3 {
		t.Fatalf("there are no blocks to run: %q", blocks)
	}
	script := filepath.Join(dir, "blocks.sh")
	must(t, os.WriteFile(script, []byte(strings.Join(blocks, "\n")), 0o600))
	printed, err := os.Create(filepath.Join(dir, "printed")) // not a pipe: connections that are kept would hold it open
	must(t, err)
	defer func() { must(t, printed.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", script)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, printed, printed
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "SSH_AUTH_SOCK=")
	began := time.Now()
	failed := cmd.Run()
	said, err := os.ReadFile(printed.Name())
	must(t, err)
	c.printed.Write(said)
	if failed != nil {
		t.Fatalf("%v\n%s", failed, said)
	}
	t.Logf("%d blocks took %s", len(blocks), time.Since(began).Round(time.Millisecond))
}
