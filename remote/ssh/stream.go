package ssh

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// stream gives a channel of the SSH connection what it lacks to be a net.Conn: deadlines.
//
// Each direction runs through an in-memory pipe of the standard library, whose ends do have deadlines, and one goroutine
// carries the bytes between the pipe and the channel. A read that misses its deadline has taken nothing from the pipe, so a later
// read gets everything.
type stream struct {
	client  *Client
	channel io.ReadWriteCloser // has a CloseWrite too, and no deadlines, or such that do not work
	remote  endpoint

	in, inFar   net.Conn // the channel's bytes go into inFar and are read from in
	out, outFar net.Conn

	sent   chan struct{} // closed when all that was written has left, or cannot leave any more
	freed  chan struct{} // closed by Close, from when on the end of the connection cuts nothing
	closed atomic.Bool
	ended  atomic.Bool
}

// linger bounds how long Close tries to send what has been written: a peer that reads nothing must not keep the channel.
const linger = 5 * time.Second

// newStream is nil when the connection is being closed.
func newStream(client *Client, channel io.ReadWriteCloser, remote endpoint) *stream {
	s := &stream{client: client, channel: channel, remote: remote, sent: make(chan struct{}), freed: make(chan struct{})}
	s.in, s.inFar = net.Pipe()
	s.out, s.outFar = net.Pipe()
	if !client.spawn(s.watch) || !client.spawn(s.receive) || !client.spawn(s.send) {
		close(s.sent)
		_ = s.Close()
		return nil
	}
	return s
}

// watch cuts the stream when the connection ends.
func (s *stream) watch() {
	select {
	case <-s.client.life.Done():
		s.cut()
	case <-s.freed:
	}
}

// cut lets go of whoever reads, writes or carries: the connection is gone.
func (s *stream) cut() {
	_ = s.inFar.Close()
	_ = s.outFar.Close()
}

func (s *stream) receive() {
	_, _ = io.Copy(s.inFar, s.channel) // any error is the end of the stream to the reader; lost tells the reason
	s.ended.Store(true)
	_ = s.inFar.Close()
}

// Ended says that the peer, or the connection under it, has ended: nothing that is written now would be answered.
func (s *stream) Ended() bool { return s.ended.Load() || s.client.lost() != nil }

func (s *stream) send() {
	defer close(s.sent)
	_, _ = io.Copy(s.channel, s.outFar)
	_ = s.outFar.Close()
	if half, ok := s.channel.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (s *stream) Read(buffer []byte) (int, error) {
	n, err := s.in.Read(buffer)
	return n, s.explain("read", err)
}

func (s *stream) Write(data []byte) (int, error) {
	if lost := s.client.lost(); lost != nil && !s.closed.Load() {
		return 0, s.operror("write", lost)
	}
	n, err := s.out.Write(data)
	return n, s.explain("write", err)
}

// explain turns an error of a pipe into one of the connection. io.EOF and missed deadlines stay what they are.
func (s *stream) explain(operation string, err error) error {
	if err == nil {
		return nil
	}
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
	switch {
	case ended && s.closed.Load():
		return s.operror(operation, net.ErrClosed)
	case ended && (s.client.lost() != nil || s.client.wire.ended.Load()):
		// The end of the connection looks like the end of the stream, a moment before its reason is known.
		return s.operror(operation, s.client.blame(io.ErrUnexpectedEOF))
	case ended && operation == "read":
		return io.EOF
	default:
		return s.operror(operation, withoutOperation(err))
	}
}

// withoutOperation takes the name of the pipe off its errors.
func withoutOperation(err error) error {
	var operation *net.OpError
	if errors.As(err, &operation) {
		return operation.Err
	}
	return err
}

func (s *stream) operror(operation string, err error) error {
	return &net.OpError{Op: operation, Net: s.remote.network, Addr: s.remote, Err: err}
}

// CloseWrite tells the peer that nothing more will be written; reading goes on.
func (s *stream) CloseWrite() error { return s.out.Close() }

// Close ends the stream. What has been written is still sent, for a short while.
func (s *stream) Close() error {
	if s.closed.Swap(true) {
		return s.operror("close", net.ErrClosed)
	}
	close(s.freed)
	_ = s.in.Close()
	_ = s.out.Close()
	if !s.client.spawn(s.finish) {
		_ = s.channel.Close()
		s.cut()
	}
	return nil
}

func (s *stream) finish() {
	limit := time.NewTimer(linger)
	defer limit.Stop()
	select {
	case <-s.sent:
	case <-s.client.life.Done():
	case <-limit.C:
	}
	_ = s.channel.Close()
}

func (s *stream) LocalAddr() net.Addr {
	return endpoint{network: s.remote.network, address: "@" + s.client.name}
}
func (s *stream) RemoteAddr() net.Addr { return s.remote }

func (s *stream) SetDeadline(deadline time.Time) error {
	return errors.Join(s.SetReadDeadline(deadline), s.SetWriteDeadline(deadline))
}

func (s *stream) SetReadDeadline(deadline time.Time) error {
	return s.explain("set", s.in.SetReadDeadline(deadline))
}

func (s *stream) SetWriteDeadline(deadline time.Time) error {
	return s.explain("set", s.out.SetWriteDeadline(deadline))
}
