package runbook_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/runbook"
	"github.com/replssl/replssl/orchestrate/topology"
)

// cluster is a desired state whose hosts are reached in the ways that an inventory can say.
func cluster(names ...topology.ServerName) topology.Cluster {
	c := orchestratetest.Cluster(names[0], names[1:]...)
	for i := range c.Servers {
		s := &c.Servers[i]
		s.SSH = topology.SSH{User: "root", Address: s.Address, Port: 22, KnownHosts: []string{"/home/dba/.ssh/known_hosts"}}
	}
	return c
}

func render(t *testing.T, w *orchestratetest.World) string {
	t.Helper()
	f := w.Facts()
	return renderPlan(t, plan.Build(w.Cluster(), f, plan.Options{}), w)
}

func renderPlan(t *testing.T, p plan.Plan, w *orchestratetest.World) string {
	t.Helper()
	text, err := runbook.Render(p, w.Cluster(), w.Facts())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// blocks are the fenced blocks of a kind, in their order.
func blocks(text, kind string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+kind+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// parses lets a real bash read every block, and a real sh what goes to the hosts, without running anything.
func parses(t *testing.T, text string) {
	t.Helper()
	for _, kind := range []string{"sh", "sh take-back", "sh ask"} {
		all := strings.Join(blocks(text, kind), "\n")
		if out, err := bash("-n", all); err != nil {
			t.Errorf("the blocks %q: %v: %s", kind, err, out)
		}
		for _, script := range regexp.MustCompile(`(?ms)<<'HOST'\n(.*?)^HOST$`).FindAllStringSubmatch(all, -1) {
			cmd := exec.Command("sh", "-n")
			cmd.Stdin = strings.NewReader(script[1])
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("for a host: %v: %s\n%s", err, out, script[1])
			}
		}
	}
}

func bash(option, script string) (string, error) {
	cmd := exec.Command("bash", option, "-s")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// contains asserts that texts stand there, in this order.
func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	rest := text
	for _, want := range wants {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("it does not say, or not in this order: %s\n%s", want, text)
		}
		rest = after
	}
}
