package observe

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

func oneServer() topology.Cluster {
	db1 := topology.Server{Name: "db1", TLSDir: "/etc/mysql-ssl"}
	db1.MySQL.Socket = "/run/mysqld/mysqld.sock"
	return topology.Cluster{Name: "orders", Servers: []topology.Server{db1}, Account: topology.Account{User: "repl"}}
}

// TestAHostThatIsNotReachedIsTriedOnce: a host that hangs costs one patience, not one for each thing that is asked of it.
func TestAHostThatIsNotReachedIsTriedOnce(t *testing.T) {
	var dials atomic.Int32
	c := oneServer()
	servers := access.New(c, func(context.Context, topology.Server) (remote.Host, error) {
		dials.Add(1)
		return nil, errors.New("no answer within 3s")
	})
	t.Cleanup(func() { _ = servers.Close() })
	name := c.Servers[0].Name
	seen := New(c, servers, store(t), time.Now).Observe(t.Context(), facts.Look{name: facts.PartsQuiet}).Server(name)
	for what, why := range map[string]string{
		"instance": seen.Instance.Why(), "process": seen.Process.Why(), "files": seen.TLSDir.Why(), "config": seen.Config.Why(), "check": seen.ConfigCheck.Why(),
		"accounts": seen.Accounts.Why(), "password": seen.Password.Why(),
	} {
		if !strings.Contains(why, "no answer within 3s") {
			t.Errorf("%s: %q", what, why)
		}
	}
	if dials.Load() != 1 {
		t.Errorf("it was dialed %d times", dials.Load())
	}
}

// TestWhoeverWaitsForAHostSharesItsFailure, and whoever comes later tries again.
func TestWhoeverWaitsForAHostSharesItsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		hang := make(chan struct{})
		c := oneServer()
		servers := access.New(c, func(context.Context, topology.Server) (remote.Host, error) {
			dials.Add(1)
			<-hang
			return nil, errors.New("no answer")
		})
		defer func() { _ = servers.Close() }()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := servers.Host(t.Context(), "db1"); err == nil || err.Error() != "no answer" {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait() // one dials, the others wait for it
		close(hang)
		all.Wait()
		if dials.Load() != 1 {
			t.Errorf("%d dials for those who came at once", dials.Load())
		}
		if _, err := servers.Host(t.Context(), "db1"); err == nil || dials.Load() != 2 {
			t.Errorf("a later call does not try again: %d dials, %v", dials.Load(), err)
		}
	})
}
