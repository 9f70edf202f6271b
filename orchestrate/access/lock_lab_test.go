package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
)

// TestLock: one run at a time has the lock of a server, and the other is told who has it. It goes with its connection, whatever that ended by, and
// outlives a restart of the server, unless somebody else was faster.
func TestLock(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]string{"MariaDB": "", "mysql-5.7": labtest.Tree(t, "mysql-5.7"), "mysql-9.7": labtest.Tree(t, "mysql-9.7")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := labtest.Start(t, lab.Options{Server: server})
			c := reach.Cluster(t, l)
			one, other := connect(t, c, reach.Dial), connect(t, c, reach.Dial)
			ctx := t.Context()

			lock := must(one.Lock(ctx, "primary", "apply by ops@desk, since 2026-11-23T10:00:00Z */ DROP"))(t)
			_, err := other.Lock(ctx, "primary", "apply by dba@desk")
			var held *access.HeldError
			if !errors.As(err, &held) || held.Holder != "apply by ops@desk, since 2026-11-23T10:00:00Z __ DROP" {
				t.Fatalf("got %v", err)
			}
			lock.Release()
			lock = must(other.Lock(ctx, "primary", "apply by dba@desk"))(t)

			check(t, other.Close()) // as the death of a run does
			again := must(one.Lock(ctx, "primary", "third"))(t)
			lock.Release()

			check(t, l.RestartServer(ctx, "primary"))
			third := connect(t, c, reach.Dial)
			check(t, lab.Until(ctx, "the lock is held again", func() (bool, error) {
				lock, err := third.Lock(ctx, "primary", "fourth")
				if err == nil {
					lock.Release()
				}
				return errors.As(err, &held) && held.Holder == "third", nil
			}))
			again.Release()
		})
	}
}

// TestLostLock: while the server was down another run was faster.
func TestLostLock(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{})
	one := connect(t, reach.Cluster(t, l), reach.Dial)
	lock := must(one.Lock(t.Context(), "primary", "one"))(t)
	defer lock.Release()
	check(t, l.StopSSH(t.Context(), "primary"))
	// The way of the first run is gone, and its connection with it; the other comes by another way.
	other := must(l.DB("primary"))(t)
	defer other.Close()
	session := must(other.Conn(t.Context()))(t)
	defer session.Close()
	got := 0
	check(t, session.QueryRowContext(t.Context(), "SELECT GET_LOCK('replssl', 20)").Scan(&got))
	equal(t, "got the lock", got, 1)
	check(t, l.StartSSH(t.Context(), "primary"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case err := <-lock.Lost():
		if !strings.Contains(err.Error(), "another run is at work on primary: connection ") {
			t.Errorf("got %v", err)
		}
	case <-ctx.Done():
		t.Error("nobody tells that the lock is lost")
	}
}
