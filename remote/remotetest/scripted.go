package remotetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/internal/hosting"
	"github.com/replssl/replssl/remote/shell"
)

// Scripted is a host that knows beforehand what will be asked of it, in which order, and what it answers. It fails the test on
// anything else that is asked, and on anything expected that is not.
type Scripted struct {
	t    T
	name string

	mu     sync.Mutex
	left   []Expectation
	closed bool
}

var _ remote.Host = (*Scripted)(nil)

// Expectation is one call that a Scripted host awaits, made by [OnRun], [OnOpen] or [OnDial].
type Expectation struct {
	what    string
	matches func(call string) bool
	stdin   func([]byte)
	reply   Reply
}

// Reply is what a Scripted host answers: to a Run the output, an exit code, or an error; to an Open or a Dial the connection or an error.
type Reply struct {
	Stdout, Stderr string
	Code           int
	Conn           net.Conn
	Err            error
}

// OnRun expects a command whose line contains each of the parts.
func OnRun(reply Reply, parts ...string) Expectation {
	return Expectation{
		what:    fmt.Sprintf("a run of a line with %q", parts),
		matches: func(call string) bool { return strings.HasPrefix(call, "run ") && containsAll(call, parts) },
		reply:   reply,
	}
}

// OnOpen expects a command to be opened whose line contains each of the parts.
func OnOpen(reply Reply, parts ...string) Expectation {
	return Expectation{
		what:    fmt.Sprintf("an open of a line with %q", parts),
		matches: func(call string) bool { return strings.HasPrefix(call, "open ") && containsAll(call, parts) },
		reply:   reply,
	}
}

// OnDial expects a connection to be opened.
func OnDial(reply Reply, network, address string) Expectation {
	want := "dial " + network + " " + address
	return Expectation{what: want, matches: func(call string) bool { return call == want }, reply: reply}
}

// Reading hands what the command gets as its input to look.
func (e Expectation) Reading(look func(stdin []byte)) Expectation {
	e.stdin = look
	return e
}

// NewScripted makes a host that awaits these calls in this order.
func NewScripted(t T, name string, expected ...Expectation) *Scripted {
	s := &Scripted{t: t, name: name, left: expected}
	t.Cleanup(s.checkLeft)
	return s
}

func (s *Scripted) checkLeft() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, expected := range s.left {
		s.t.Errorf("%s: was never asked for %s", s.name, expected.what)
	}
}

// Name is the name it was given.
func (s *Scripted) Name() string { return s.name }

// Run answers the next expected command.
func (s *Scripted) Run(ctx context.Context, cmd remote.Command) (remote.Output, error) {
	s.t.Helper()
	if err := cmd.Line.Err(); err != nil {
		return remote.Output{}, fmt.Errorf("%s: the command cannot be run: %w", s.name, err)
	}
	if ctx.Err() != nil {
		return remote.Output{}, hosting.ContextError(ctx, s.name, "running a command")
	}
	expected, err := s.take("run " + cmd.Line.String())
	if err != nil {
		return remote.Output{}, err
	}
	if err := expected.read(cmd.Stdin); err != nil {
		return remote.Output{}, fmt.Errorf("%s: reading the command's input: %w", s.name, err)
	}
	return s.answer(cmd, expected.reply)
}

func (s *Scripted) answer(cmd remote.Command, reply Reply) (remote.Output, error) {
	out := remote.Output{Stdout: []byte(reply.Stdout), Stderr: []byte(reply.Stderr)}
	switch {
	case reply.Err != nil:
		return remote.Output{}, reply.Err
	case reply.Code != 0:
		return out, hosting.ExitError(s.name, cmd, reply.Code, out)
	default:
		return out, nil
	}
}

// Open answers the next expected opening of a command.
func (s *Scripted) Open(ctx context.Context, line shell.Line) (net.Conn, error) {
	s.t.Helper()
	if err := line.Err(); err != nil {
		return nil, fmt.Errorf("%s: the command cannot be run: %w", s.name, err)
	}
	if ctx.Err() != nil {
		return nil, hosting.ContextError(ctx, s.name, "starting a command")
	}
	expected, err := s.take("open " + line.String())
	if err != nil {
		return nil, err
	}
	return expected.reply.Conn, expected.reply.Err
}

// Dial answers the next expected connection.
func (s *Scripted) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.t.Helper()
	if ctx.Err() != nil {
		return nil, hosting.ContextError(ctx, s.name, "connecting from there to "+address)
	}
	expected, err := s.take("dial " + network + " " + address)
	if err != nil {
		return nil, err
	}
	return expected.reply.Conn, expected.reply.Err
}

// Close makes every later call fail the test.
func (s *Scripted) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *Scripted) take(call string) (Expectation, error) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	expected := "nothing more"
	switch {
	case s.closed:
		expected = "nothing after Close"
	case len(s.left) > 0 && s.left[0].matches(call):
		next := s.left[0]
		s.left = s.left[1:]
		return next, nil
	case len(s.left) > 0:
		expected = s.left[0].what
	}
	s.t.Errorf("%s: unexpected %s\nexpected %s", s.name, call, expected)
	return Expectation{}, fmt.Errorf("%s: the test's script does not expect this call", s.name)
}

func (e Expectation) read(stdin io.Reader) error {
	var text []byte
	if stdin != nil {
		var err error
		if text, err = io.ReadAll(stdin); err != nil {
			return err
		}
	}
	if e.stdin != nil {
		e.stdin(text)
	}
	return nil
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
