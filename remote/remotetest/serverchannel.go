package remotetest

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// open answers a channel that the client wants: a session or a forwarding.
func (s *Server) open(wanted ssh.NewChannel, sessions *quota) {
	switch kind := wanted.ChannelType(); {
	case kind == "session":
		s.session(wanted, sessions)
	case s.options.NoForwarding:
		_ = wanted.Reject(ssh.Prohibited, "forwarding is off")
	case kind == "direct-tcpip" || kind == "direct-streamlocal@openssh.com":
		s.forward(wanted)
	default:
		_ = wanted.Reject(ssh.UnknownChannelType, "unknown channel type")
	}
}

// quota is how many sessions a connection may have.
type quota struct {
	most int // 0 for any number

	mu     sync.Mutex
	now    int
	spoilt int // still to be ended as soon as they are open
}

func (q *quota) enter() (ok, spoil bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.most > 0 && q.now == q.most {
		return false, false
	}
	q.now++
	q.spoilt--
	return true, q.spoilt >= 0
}

func (q *quota) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now--
}

func (s *Server) session(wanted ssh.NewChannel, sessions *quota) {
	ok, spoil := sessions.enter()
	if !ok {
		_ = wanted.Reject(ssh.ResourceShortage, "too many sessions")
		return
	}
	leave := sync.OnceFunc(sessions.leave) // before the end is told: a client that knows of it finds room for the next
	defer leave()
	channel, requests, err := wanted.Accept()
	if err != nil {
		return
	}
	ended := func(err error) {
		leave()
		report(channel, err)
	}
	if spoil {
		leave()
		_ = channel.Close()
		ssh.DiscardRequests(requests) // one that was on its way starts nothing
		return
	}
	var process *exec.Cmd
	for request := range requests {
		switch request.Type {
		case "exec":
			process = s.exec(channel, request, ended)
		case "signal":
			kill(process, syscall.SIGTERM)
		default:
			_ = request.Reply(false, nil)
		}
	}
	kill(process, syscall.SIGKILL)
	_ = channel.Close()
}

// exec starts the command, or gives nil when the fault is to stay silent. It calls ended with what became of the command.
func (s *Server) exec(channel ssh.Channel, request *ssh.Request, ended func(error)) *exec.Cmd {
	s.execs.Add(1)
	if s.options.Fault == SilentExec {
		return nil
	}
	var payload struct{ Command string }
	if err := ssh.Unmarshal(request.Payload, &payload); err != nil {
		_ = request.Reply(false, nil)
		return nil
	}
	process := exec.Command("/bin/sh", "-c", payload.Command) // session ends it
	process.Stdout, process.Stderr = channel, channel.Stderr()
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := process.StdinPipe()
	if err == nil {
		err = process.Start()
	}
	_ = request.Reply(err == nil, nil)
	if err != nil {
		return nil
	}
	s.spawn(func() {
		_, _ = io.Copy(input, channel)
		_ = input.Close()
	})
	s.spawn(func() { ended(process.Wait()) })
	return process
}

// report tells the client how its command ended.
func report(channel ssh.Channel, err error) {
	defer func() { _ = channel.Close() }()
	var failed *exec.ExitError
	var status struct{ Status uint32 }
	if errors.As(err, &failed) {
		if wait, ok := failed.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
			_, _ = channel.SendRequest("exit-signal", false, ssh.Marshal(exitSignal{Signal: signalName(wait.Signal())}))
			return
		}
		status.Status = uint32(failed.ExitCode())
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
}

type exitSignal struct {
	Signal          string
	Dumped          bool
	Message, Locale string
}

func signalName(signal syscall.Signal) string {
	if signal == syscall.SIGTERM {
		return string(ssh.SIGTERM)
	}
	return string(ssh.SIGKILL)
}

// kill signals the process group of a command that was started.
func kill(process *exec.Cmd, signal syscall.Signal) {
	if process != nil {
		_ = syscall.Kill(-process.Process.Pid, signal)
	}
}

func (s *Server) forward(wanted ssh.NewChannel) {
	network, address := target(wanted)
	far, err := net.Dial(network, address)
	if err != nil {
		_ = wanted.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer func() { _ = far.Close() }()
	channel, requests, err := wanted.Accept()
	if err != nil {
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	s.spawn(func() { s.supervise(far, ended) })
	s.spawn(func() {
		ssh.DiscardRequests(requests)            // until the channel is closed, by whichever side
		_ = far.SetReadDeadline(time.Unix(1, 0)) // what was sent before is still delivered
	})
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(channel, far)
		_ = channel.CloseWrite()
	})
	both.Go(func() {
		_, _ = io.Copy(far, channel)
		if half, ok := far.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	})
	both.Wait()
	_ = channel.Close()
}

// supervise cuts a forwarding when the server is closed: its far end may neither read nor close.
func (s *Server) supervise(far net.Conn, ended <-chan struct{}) {
	select {
	case <-s.done:
		_ = far.Close()
	case <-ended:
	}
}

// target reads where a forwarding leads to; nonsense is an address that cannot be dialed.
func target(wanted ssh.NewChannel) (network, address string) {
	var local struct {
		Path     string
		Reserved string
		Number   uint32
	}
	var tcp struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	if wanted.ChannelType() == "direct-tcpip" {
		_ = ssh.Unmarshal(wanted.ExtraData(), &tcp)
		return "tcp", net.JoinHostPort(tcp.Host, strconv.Itoa(int(tcp.Port)))
	}
	_ = ssh.Unmarshal(wanted.ExtraData(), &local)
	return "unix", local.Path
}
