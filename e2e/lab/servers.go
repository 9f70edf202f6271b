package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// StartServer starts a server unless it runs, and waits until it answers.
func (l *Lab) StartServer(ctx context.Context, name string) error {
	pid, err := l.ServerPID(name)
	if err != nil || pid != 0 {
		return err
	}
	return l.RestartServer(ctx, name)
}

// RestartServer ends a server, if it runs, and starts it by the same command that the inventory names.
func (l *Lab) RestartServer(ctx context.Context, name string) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	return s.restart(ctx)
}

// ServerPID is the server's process, or 0 when it does not run.
func (l *Lab) ServerPID(name string) (int, error) {
	s, err := l.Server(name)
	if err != nil {
		return 0, err
	}
	pids, err := processes(s.isServer)
	if err != nil || len(pids) == 0 {
		return 0, err
	}
	return pids[0], nil
}

// StopServer lets a server end in good order and waits for it. It is no error that it does not run.
func (l *Lab) StopServer(ctx context.Context, name string) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	return stop(ctx, s.Name, s.isServer, grace)
}

// KillServer ends a server as a crash does.
func (l *Lab) KillServer(ctx context.Context, name string) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	return end(ctx, s.Name, s.isServer, syscall.SIGKILL)
}

// restart lets the command come to its end, which it bounds itself: a script that is killed may leave a server that nobody has
// seen start.
func (s Server) restart(ctx context.Context) error {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.RestartCommand)
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: start the server: %w: %s", s.Name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// StartSSH starts the sshd beside a server unless it runs, and waits until it lets the lab's key in.
func (l *Lab) StartSSH(ctx context.Context, name string) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	pids, err := processes(s.isSSHD)
	if err != nil || len(pids) > 0 {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), l.SSHD, "-f", s.SSHConfigFile, "-E", s.SSHLog)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: start sshd: %w: %s", s.Name, err, strings.TrimSpace(string(said)))
	}
	return l.awaitSSH(ctx, s)
}

// StopSSH ends the sshd beside a server and the connections it serves, as the loss of the host's network would.
func (l *Lab) StopSSH(ctx context.Context, name string) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	listeners, err := processes(s.isSSHD)
	if err != nil {
		return err
	}
	sessions, err := sessionsOf(listeners)
	if err != nil {
		return err
	}
	if err := stop(ctx, s.Name, s.isSSHD, grace); err != nil {
		return err
	}
	for _, pid := range sessions {
		if err := send(pid, isSession, syscall.SIGKILL); err != nil {
			return fmt.Errorf("%s: end ssh connection %d: %w", s.Name, pid, err)
		}
	}
	return nil
}

func isSession(args []string) bool { return strings.HasPrefix(strings.Join(args, " "), "sshd") }

func (l *Lab) awaitSSH(ctx context.Context, s Server) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	err := Until(ctx, s.Name+": wait for sshd", func() (bool, error) {
		return listening(ctx, s.SSHAddress())
	})
	if err == nil {
		err = l.trySSH(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, tail(s.SSHLog))
	}
	return nil
}

func listening(ctx context.Context, address string) (bool, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, conn.Close()
}

// trySSH logs in once: an sshd that listens may still refuse the user.
func (l *Lab) trySSH(ctx context.Context, s Server) error {
	client, err := l.DialSSH(ctx, s.Name)
	if err != nil {
		return err
	}
	return client.Close()
}

// DialSSH logs in to the sshd beside a server with the lab's key, for tests that look at a host by themselves.
func (l *Lab) DialSSH(ctx context.Context, name string) (*ssh.Client, error) {
	s, err := l.Server(name)
	if err != nil {
		return nil, err
	}
	config, err := l.sshConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: ssh: %w", s.Name, err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.SSHAddress())
	if err != nil {
		return nil, fmt.Errorf("%s: ssh: %w", s.Name, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, s.SSHAddress(), config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: ssh login as %s: %w", s.Name, l.SSHUser, err), conn.Close())
	}
	return ssh.NewClient(c, channels, requests), nil
}

func (l *Lab) sshConfig() (*ssh.ClientConfig, error) {
	text, err := os.ReadFile(l.IdentityFile())
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	check, err := knownhosts.New(l.KnownHostsFile())
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User: l.SSHUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: check, HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	}, nil
}
