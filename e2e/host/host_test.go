package host_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/host"
)

func TestHostsReplicateAreReachedAndComeBack(t *testing.T) {
	t.Parallel()
	c := host.Start(t, host.Options{Extra: []string{"bastion"}, Prepare: "useradd --create-home ops", PrepareHost: map[string]string{"db2": "touch /root/only-here"}})
	w, err := c.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"db1":     "id ops; systemctl is-active mariadb.service; grep -q system.slice/mariadb.service /proc/$(pidof mariadbd)/cgroup",
		"db2":     "test -e /root/only-here; iptables -A INPUT -p tcp --dport 9 -j DROP; getent hosts client; su -s /usr/bin/fish -c true ops",
		"bastion": "id ops; ! pidof mariadbd",
	} {
		if out, err := c.Host(name).Run(t.Context(), script); err != nil {
			t.Errorf("%s: %v", out, err)
		}
		said, err := c.SSH(t.Context(), "root@"+name, "hostname; ip -br address").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(said), name+"\n") {
			t.Errorf("%s %v", said, err)
		}
	}
	for what, do := range map[string]func(context.Context) error{
		"reboot": c.Host("db1").Reboot, "crash": c.Host("db2").Crash,
		"cut": func(ctx context.Context) error { return cut(ctx, t, c) },
	} {
		if err := do(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := w.WaitFor(t.Context(), 10); err != nil {
			t.Fatalf("after %s: %v", what, err)
		}
	}
	w.Stop()
	if err := c.WaitCaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if missing, err := w.Missing(t.Context(), "db2"); err != nil || missing > 0 {
		t.Errorf("%d rows are missing: %v", missing, err)
	}
}

// cut takes a host off the network for as long as a login by SSH takes to give up.
func cut(ctx context.Context, t *testing.T, c *host.Cluster) error {
	t.Helper()
	if err := c.Host("db2").CutOff(ctx); err != nil {
		return err
	}
	if said, err := c.SSH(ctx, "-o", "ConnectTimeout=1", "root@db2", "true").CombinedOutput(); err == nil {
		t.Errorf("a host that is cut off answers: %s", said)
	}
	return c.Host("db2").Rejoin(ctx)
}

// TestHostsEndWithTheirProcess kills a test in the middle of its work: this test again, in a process of its own.
func TestHostsEndWithTheirProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("HOST_VICTIM") != "" {
		c := host.Start(t, host.Options{Replicas: -1, NoReplication: true})
		if err := os.WriteFile(os.Getenv("HOST_VICTIM"), []byte(c.Primary().Tree()), 0o600); err != nil {
			t.Fatal(err)
		}
		<-t.Context().Done()
	}
	if why := host.Missing(t.Context()); why != "" {
		t.Skip(why)
	}
	note := filepath.Join(t.TempDir(), "tree")
	cmd := exec.Command(os.Args[0], "-test.run=^TestHostsEndWithTheirProcess$")
	cmd.Env = append(os.Environ(), "HOST_VICTIM="+note)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tree := ""
	await(t, "the host is up", func() bool {
		text, err := os.ReadFile(note)
		tree = string(text)
		return err == nil && tree != ""
	})
	if _, err := os.Stat(tree + "/etc/hostname"); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	await(t, "the host is gone", func() bool {
		_, err := os.Stat(tree)
		return err != nil
	})
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(10 * time.Minute) // the first run makes the tree of files
	for !done() {
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatalf("%s: it did not come", what)
		}
	}
}
