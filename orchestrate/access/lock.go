package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/topology"
)

// HeldError says that another run has the lock of a server.
type HeldError struct {
	Server topology.ServerName
	Holder string // who, and since when
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another run is at work on %s: %s", e.Server, e.Holder)
}

// Hint is what a person can do.
func (e *HeldError) Hint() string {
	return fmt.Sprintf("wait for it to end: its lock goes with its connection to %s", e.Server)
}

// Lock is held on a server by a connection of its own, and ends with that.
type Lock struct {
	release context.CancelFunc
	ended   chan struct{}
	lost    chan error
}

// Lost tells, once, that another run has the lock: the server was restarted, and the other one was faster. While the server is down nobody has it.
func (l *Lock) Lost() <-chan error { return l.lost }

// Release gives the lock back.
func (l *Lock) Release() {
	l.release()
	<-l.ended
}

// Lock takes the lock of a server; whose it is others see in the list of processes. The error is [HeldError] where another run has it. The lock is
// held until Release, whatever becomes of the context.
func (s *Servers) Lock(ctx context.Context, name topology.ServerName, whose string) (*Lock, error) {
	holding, release := context.WithCancel(context.WithoutCancel(ctx))
	lock := &Lock{release: release, ended: make(chan struct{}), lost: make(chan error, 1)}
	first := make(chan error, 1)
	go func() {
		defer close(lock.ended)
		err := s.hold(holding, name, whose, func() { first <- nil })
		first <- err
		lock.keep(holding, s, name, whose)
	}()
	select {
	case err := <-first:
		if err != nil {
			lock.Release()
			return nil, err
		}
		return lock, nil
	case <-ctx.Done():
		lock.Release()
		return nil, context.Cause(ctx)
	}
}

// hold ends with the connection, or the context.
func (s *Servers) hold(ctx context.Context, name topology.ServerName, whose string, got func()) error {
	return s.Session(ctx, name, func(ctx context.Context, session *Session) error {
		id, err := take(ctx, session, name)
		if err != nil {
			return err
		}
		s.locked(name, id)
		defer s.locked(name, 0)
		got()
		for {
			if err := session.Exec(ctx, dialect.HoldLock(whose)); err != nil {
				return err
			}
		}
	})
}

func take(ctx context.Context, session *Session, name topology.ServerName) (id uint64, err error) {
	taken := Ask(ctx, session, dialect.TakeLock())
	lock, ok := taken.Get()
	switch {
	case !ok:
		return 0, &unlockedError{server: name, why: taken.Why()}
	case lock.Got:
		return lock.ID, nil
	}
	return 0, &HeldError{Server: name, Holder: holderOf(ctx, session)}
}

// locked notes the session that holds a lock; 0 for none.
func (s *Servers) locked(name topology.ServerName, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks[name] = id
}

// HoldsLock says that the session is the one that holds our lock of a server: it is no session of anybody else's.
func (s *Servers) HoldsLock(name topology.ServerName, id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return id != 0 && s.locks[name] == id
}

// holderOf asks again where it met the holder between two words.
func holderOf(ctx context.Context, session *Session) string {
	const tries = 10
	var text string
	for range tries {
		seen := Ask(ctx, session, dialect.HolderOfLock())
		holder, ok := seen.Get()
		switch {
		case ok && holder.Whose != "":
			return holder.String()
		case ok:
			text = holder.String()
		default:
			text = "who that is was not found: " + seen.Why()
		}
	}
	return text
}

// unlockedError says that a server gave no answer about its lock.
type unlockedError struct {
	server topology.ServerName
	why    string
}

func (e *unlockedError) Error() string { return fmt.Sprintf("the lock of %s: %s", e.server, e.why) }

// keep takes the lock again when the server is back.
func (l *Lock) keep(ctx context.Context, s *Servers, name topology.ServerName, whose string) {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for ctx.Err() == nil {
		err := s.hold(ctx, name, whose, func() {})
		if held := (*HeldError)(nil); errors.As(err, &held) {
			l.lost <- held
			return
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}
