package ssh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote/internal/hosting"
)

const (
	// maxSessions bounds the sessions of a connection, below the 10 that sshd allows by default.
	maxSessions = 8

	// spare is how many of them are opened ahead: as many as are asked for at once when a server is looked at.
	spare = 4

	// A command waits heldPatience for heldTimes times where an opened one holds the only session that the host allows: it may stay for
	// the whole run.
	heldPatience = 2 * time.Second
	heldTimes    = 5
)

// sessions hands out the sessions of a connection, one for each command.
//
// To open one costs a round trip, so a few are opened before anybody asks, and each that is taken is replaced. An idle one costs the
// host next to nothing: sshd starts no process in it before it is told the command.
type sessions struct {
	client   *Client
	patience time.Duration // heldPatience

	mu      sync.Mutex
	limit   int            // how many there may be: maxSessions, or what the host has shown to allow
	count   int            // how many there are, in use or idle or on their way
	opening int            // on their way
	held    int            // by opened commands
	idle    []*ssh.Session // the one that has waited longest first
	waiting []chan grant   // who came first gets the next
}

// grant is what somebody who waits for a session gets.
type grant struct {
	session *ssh.Session
	err     error
}

func newSessions(client *Client) *sessions {
	return &sessions{client: client, patience: heldPatience, limit: maxSessions}
}

// prepare opens the first spare sessions.
func (s *sessions) prepare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
}

// take waits for a session. Whoever gets one gives it back by release.
func (s *sessions) take(ctx context.Context) (*ssh.Session, error) {
	select { // an ended connection or context wins over a free session
	case <-s.client.life.Done():
		return nil, s.client.lost()
	case <-ctx.Done():
		return nil, hosting.ContextError(ctx, s.client.name, "running a command")
	default:
	}
	return s.await(ctx, s.queue())
}

func (s *sessions) await(ctx context.Context, place chan grant) (*ssh.Session, error) {
	patience := time.NewTicker(s.patience)
	defer patience.Stop()
	for times := 1; ; times++ {
		select {
		case got := <-place:
			if got.err != nil {
				return nil, s.client.openError(got.err)
			}
			return got.session, nil
		case <-s.client.life.Done():
			s.leave(place)
			return nil, s.client.lost()
		case <-ctx.Done():
			s.leave(place)
			return nil, hosting.ContextError(ctx, s.client.name, "waiting for one of the connection's sessions")
		case <-patience.C:
			if err := s.allHeld(); err != nil && times >= heldTimes {
				s.leave(place)
				return nil, err
			}
		}
	}
}

// allHeld is an error where an opened command holds the only session that the host allows, so that none may ever be free. The host is asked for
// one more: it may have refused one only because another had not quite ended. Of several, one is going to end.
func (s *sessions) allHeld() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit != 1 || s.held != 1 {
		return nil
	}
	s.limit = s.count + 1
	s.settle()
	return &SessionsError{Host: s.client.name, Most: 1}
}

// hold counts sessions of opened commands in, or out by a negative number.
func (s *sessions) hold(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held += n
}

func (s *sessions) queue() chan grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := make(chan grant, 1)
	s.waiting = append(s.waiting, place)
	s.settle()
	return place
}

// leave gives up a place; what came there meanwhile is for somebody else.
func (s *sessions) leave(place chan grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, place); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return
	}
	if got := <-place; got.session != nil {
		s.idle = append(s.idle, got.session)
		s.settle()
	}
}

// release counts a session out, once its command has ended.
//
// Where the host allows few, it is asked for any answer first: sshd frees the place of a session only after it has gone through
// everything that it had read, and would refuse a new one whose request comes together with the end of the old.
func (s *sessions) release() {
	if s.scarce() {
		_, _, _ = s.client.ssh.SendRequest(keepAliveRequest, true, nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count--
	s.settle()
}

func (s *sessions) scarce() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit < maxSessions
}

// settle hands out what is idle, and opens what is missing. The caller holds the lock.
func (s *sessions) settle() {
	for len(s.waiting) > 0 && len(s.idle) > 0 {
		s.grant(grant{session: s.idle[0]})
		s.idle = slices.Delete(s.idle, 0, 1)
	}
	for s.opening+len(s.idle) < spare+len(s.waiting) && s.mayOpen() {
		if !s.client.spawn(s.open) {
			return // the connection is being closed
		}
		s.count++
		s.opening++
	}
}

// mayOpen tells whether the host can be asked for one more. It always can be asked for the only one.
func (s *sessions) mayOpen() bool {
	return s.count < s.limit || s.count == 0 && len(s.waiting) > 0
}

func (s *sessions) grant(what grant) {
	s.waiting[0] <- what
	s.waiting = slices.Delete(s.waiting, 0, 1)
}

func (s *sessions) open() {
	session, err := s.client.newSession()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening--
	if err != nil {
		s.refused(err)
	} else {
		s.idle = append(s.idle, session)
	}
	s.settle()
}

// newSession does not outlast the connection. The library overlooks a channel that is asked for while the connection ends, and lets whoever
// asks wait for ever (mux.openChannel, golang.org/x/crypto v0.58.0).
func (c *Client) newSession() (*ssh.Session, error) {
	type opened struct {
		session *ssh.Session
		err     error
	}
	result := make(chan opened, 1)
	go func() { // in the rare case it stays behind: nothing wakes it
		session, err := c.ssh.NewSession()
		result <- opened{session, err}
	}()
	select {
	case got := <-result:
		return got.session, got.err
	case <-c.life.Done():
		return nil, c.lost()
	}
}

// refused learns from a session that was not opened. Whoever waits can go on waiting as long as there are others, which end.
func (s *sessions) refused(err error) {
	s.count--
	s.limit = min(s.limit, s.count)
	if s.count == 0 && len(s.waiting) > 0 {
		s.grant(grant{err: err})
	}
}

func (c *Client) openError(err error) error {
	var refused *ssh.OpenChannelError
	refusal := errors.As(err, &refused)
	err = fmt.Errorf("%s: running a command: opening a session: %w", c.name, &retoldError{err})
	if refusal {
		return err
	}
	return c.blame(err)
}
