package e2e_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/observe"
	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// confinedHost is a host whose kernel tells of AppArmor what stands in a folder, and whose profiles stand there too.
type confinedHost struct {
	remote.Host
	folder string
}

func (h confinedHost) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	if err := cmd.Line.Err(); err != nil {
		return remote.Output{}, err
	}
	cmd.Line = shell.Raw(strings.NewReplacer("/proc/$pid/attr/", h.folder+"/attr/", "/etc/apparmor.d", h.folder+"/apparmor.d").Replace(cmd.Line.String()))
	out, err := h.Host.Run(ctx, cmd)
	out.Stdout = bytes.ReplaceAll(out.Stdout, []byte(h.folder+"/apparmor.d"), []byte("/etc/apparmor.d"))
	return out, err
}

// TestAppArmorFromItsLabelToThePlan reads label and profile by the real commands, over real connections.
func TestAppArmorFromItsLabelToThePlan(t *testing.T) {
	t.Parallel()
	c, folder := start(t, lab.Options{Replicas: 1}), t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(folder, name)
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(text), 0o600))
	}
	write("attr/current", "/usr/sbin/mysqld (enforce)\n")
	write("apparmor.d/usr.sbin.mysqld", "include <tunables/global>\n/usr/sbin/mysqld {\n  include <abstractions/base>\n  /etc/mysql/** r,\n  include <local/usr.sbin.mysqld>\n}\n")
	write("apparmor.d/tunables/global", "@{HOME}=/root/\n")
	write("apparmor.d/abstractions/base", "/etc/localtime r,\n")
	write("apparmor.d/local/usr.sbin.mysqld", "# site\n")

	desired := reach.Cluster(t, c.Lab)
	servers := access.New(desired, func(ctx context.Context, s topology.Server) (remote.Host, error) {
		host, err := reach.Dial(ctx, s)
		return confinedHost{host, folder}, err
	})
	t.Cleanup(func() { _ = servers.Close() })
	observer := observe.New(desired, servers, pkistore.Open(filepath.Join(c.Dir, "pki")), time.Now)
	build := func() plan.Plan {
		return plan.Build(desired, observer.Observe(t.Context(), orchestratetest.Everything(desired)), plan.Options{})
	}

	p := build()
	if len(p.Blocked) != 2 || len(p.Steps) != 0 {
		t.Fatalf("blocked %+v, steps %d", p.Blocked, len(p.Steps))
	}
	for _, blocked := range p.Blocked {
		if !strings.Contains(blocked.Why, "AppArmor does not let the server read "+c.Dir) || !strings.Contains(blocked.Hint, "to /etc/apparmor.d/local/usr.sbin.mysqld and run") ||
			!strings.Contains(blocked.Hint, "apparmor_parser -r /etc/apparmor.d/usr.sbin.mysqld") {
			t.Errorf("got %+v", blocked)
		}
	}
	write("apparmor.d/local/usr.sbin.mysqld", c.Dir+"/*/tls/versions/** r,\n")
	if p = build(); len(p.Blocked) != 0 || len(p.Steps) == 0 {
		t.Errorf("with the rule: blocked %+v, steps %d", p.Blocked, len(p.Steps))
	}
	write("attr/current", "/usr/sbin/mysqld (complain)\n")
	write("apparmor.d/local/usr.sbin.mysqld", "")
	if p = build(); len(p.Blocked) != 0 || len(p.Steps) == 0 {
		t.Errorf("a profile that only complains: blocked %+v", p.Blocked)
	}
}
