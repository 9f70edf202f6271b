package apply_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
)

// all carries a batch out, which [plan.Batches] must agree to be one.
func (b *bench) all(t *testing.T, batch ...plan.Action) (done int, err error) {
	t.Helper()
	if batches := plan.Batches(batch); len(batches) != 1 {
		t.Fatalf("no batch: %v", batches)
	}
	b.notes = nil
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return b.executor.DoAll(ctx, batch, b.note)
}

// statementsTogether ends with the channel as changeChannel has left it.
func statementsTogether(t *testing.T, b *bench) {
	id, both := facts.ChannelID{Server: "replica1"}, facts.Threads{Receiver: true, Applier: true}
	stop, start := plan.StopThreads{Channel: id, Threads: both}, plan.StartThreads{Channel: id, Threads: both}
	change := plan.ChangeTLS{Channel: id, Options: b.options()}

	done, err := b.all(t, stop, change, start)
	check(t, err)
	equal(t, "done", done, 3)
	equal(t, "noted", strings.Count(b.noted(), "SLAVE ''")+strings.Count(b.noted(), "CHANGE MASTER ''"), 3)
	await(t, "the receiver", func() bool { return b.channel(t).Receiver == facts.Yes })

	var refused *access.RefusedError
	done, err = b.all(t, plan.StopThreads{Channel: id, Threads: facts.Threads{Receiver: true}}, change, start)
	if !errors.As(err, &refused) || refused.Number != 1198 || !strings.HasPrefix(refused.Statement, "CHANGE MASTER") {
		t.Errorf("a change beside a running applier: %v", err)
	}
	equal(t, "done before the refusal", done, 1)
	equal(t, "threads", b.channel(t).Threads(), facts.Threads{Applier: true})

	done, err = b.all(t, stop, plan.ChangeTLS{Channel: id, Options: facts.TLSOptions{Enabled: true, CA: "relative"}}, start)
	if err == nil || done != 0 || b.noted() != "" {
		t.Errorf("a statement that cannot be made: %d done, noted %q, %v", done, b.noted(), err)
	}
	equal(t, "threads", b.channel(t).Threads(), facts.Threads{Applier: true})
	b.do(t, start)
	await(t, "the receiver", func() bool { return b.channel(t).Receiver == facts.Yes })
}

// setTogether ends with set 1 in use, as it was.
func setTogether(t *testing.T, b *bench) {
	owner := known(t, "process", b.look(t, "replica1", facts.PartProcess).Process).OSUser
	b.do(t, b.issue("replica1", 4, pki.P256), b.issue("replica1", 5, pki.P256))
	done, err := b.all(t, b.install("replica1", 4, owner), b.switchTo("replica1", 4))
	check(t, err)
	equal(t, "done", done, 2)
	dir := known(t, "folder", b.look(t, "replica1", facts.PartFiles).TLSDir)
	equal(t, "in use", dir.Current, 4)
	equal(t, "readable", known(t, "readable", dir.Sets[4].Readable), true)

	if os.Geteuid() == 0 {
		versions := filepath.Join(b.Servers[1].TLSDir, "versions")
		check(t, os.Chmod(versions, 0o700))
		done, err = b.all(t, b.install("replica1", 5, owner), b.switchTo("replica1", 5))
		if err == nil || done != 0 || !strings.Contains(err.Error(), "the server's user "+owner+" cannot read") || access.Hint(err) == "" {
			t.Errorf("a set that cannot be read: %d done, %v", done, err)
		}
		equal(t, "in use", known(t, "folder", b.look(t, "replica1", facts.PartFiles).TLSDir).Current, 4)
		check(t, os.Chmod(versions, 0o755))
	}
	b.do(t, b.switchTo("replica1", 1))
}
