package remotetest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Fault is a way in which a Server misbehaves.
type Fault uint8

// The faults of a Server.
const (
	NoFault          Fault = iota
	HangBeforeBanner       // takes the TCP connection and says nothing
	HangAfterLogin         // lets the user in and answers nothing any more, keepalives included
	RefuseLogin            // knows no user
	SilentExec             // opens sessions, and never answers the request to run something in them
	OtherHostKey           // presents another host key than its KnownHosts file has
)

// ServerOptions are what a test wants of its Server; the zero value is one that works.
type ServerOptions struct {
	Fault        Fault
	DropAfter    int64           // when positive, cuts each connection after so many bytes to the client
	NoForwarding bool            // refuses to open connections
	MaxSessions  int             // when positive, refuses more sessions at once over a connection
	EndSessions  int             // ends that many sessions of a connection as soon as they are open
	HostKey      ssh.Signer      // nil for a fresh one
	Authorized   []ssh.PublicKey // may log in, beside the owner of the Identity file
}

// Server is an SSH server in this process. It runs commands by the real /bin/sh and forwards to real sockets.
type Server struct {
	Address    string // host:port on loopback
	KnownHosts string // a file that records its host key
	Identity   string // a private key file that may log in, as any user

	options  ServerOptions
	config   *ssh.ServerConfig
	listener net.Listener

	handshakes, execs atomic.Int64

	mu     sync.Mutex // guards what follows
	closed bool
	conns  map[net.Conn]struct{}
	work   sync.WaitGroup
	done   chan struct{}
}

// Serve starts a server, which the end of the test stops.
func Serve(t testing.TB, options ServerOptions) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		Address: listener.Addr().String(), options: options, listener: listener,
		conns: map[net.Conn]struct{}{}, done: make(chan struct{}),
	}
	s.prepare(t)
	s.spawn(s.accept)
	t.Cleanup(s.Close)
	return s
}

// prepare makes the keys and the files that a client needs.
func (s *Server) prepare(t testing.TB) {
	t.Helper()
	folder := t.TempDir()
	identity, private := NewKey(t)
	s.options.Authorized = append([]ssh.PublicKey{identity.PublicKey()}, s.options.Authorized...)
	s.Identity = filepath.Join(folder, "id")
	writeFile(t, s.Identity, private)
	if s.options.HostKey == nil {
		s.options.HostKey, _ = NewKey(t)
	}
	s.KnownHosts = filepath.Join(folder, "known_hosts")
	writeFile(t, s.KnownHosts, []byte(knownhosts.Line([]string{s.Address}, s.options.HostKey.PublicKey())+"\n"))
	if s.options.Fault == OtherHostKey {
		s.options.HostKey, _ = NewKey(t)
	}
	s.config = &ssh.ServerConfig{PublicKeyCallback: s.authorize, MaxAuthTries: 6}
	s.config.AddHostKey(s.options.HostKey)
}

// NewKey makes a key pair: the signer, and its private key as the text of a file.
func NewKey(t testing.TB) (signer ssh.Signer, file []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "remotetest")
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = ssh.NewSignerFromKey(private); err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Handshakes counts the logins that succeeded.
func (s *Server) Handshakes() int { return int(s.handshakes.Load()) }

// Execs counts the commands that were asked for.
func (s *Server) Execs() int { return int(s.execs.Load()) }

// Close ends the server, its connections and what runs over them.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		_ = s.listener.Close()
		for conn := range s.conns {
			_ = conn.Close()
		}
		close(s.done) // last, so that no forwarding ends in good order over a connection that is to be lost
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *Server) spawn(work func()) { s.work.Go(work) }

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if s.keep(conn) {
			s.spawn(func() { s.serve(conn) })
		}
	}
}

func (s *Server) keep(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) forget(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	_ = conn.Close()
}

func (s *Server) authorize(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
	if s.options.Fault != RefuseLogin {
		for _, known := range s.options.Authorized {
			if bytes.Equal(known.Marshal(), offered.Marshal()) {
				return &ssh.Permissions{}, nil
			}
		}
	}
	return nil, errors.New("not authorized")
}

func (s *Server) serve(conn net.Conn) {
	defer s.forget(conn)
	if s.options.Fault == HangBeforeBanner {
		<-s.done
		return
	}
	if s.options.DropAfter > 0 {
		conn = &fragile{Conn: conn, left: s.options.DropAfter}
	}
	connection, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	s.handshakes.Add(1)
	if s.options.Fault == HangAfterLogin {
		<-s.done
		_ = connection.Close() // what is queued is taken below, else the library's reader stays stuck
	}
	s.spawn(func() { ssh.DiscardRequests(requests) })
	sessions := &quota{most: s.options.MaxSessions, spoilt: s.options.EndSessions}
	for channel := range channels {
		s.spawn(func() { s.open(channel, sessions) })
	}
}

// fragile cuts the connection after a number of bytes.
type fragile struct {
	net.Conn
	left int64
}

func (f *fragile) Write(data []byte) (int, error) {
	if int64(len(data)) > f.left {
		n, _ := f.Conn.Write(data[:f.left])
		_ = f.Conn.Close()
		return n, net.ErrClosed
	}
	f.left -= int64(len(data))
	return f.Conn.Write(data)
}
