package ssh_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/hostkey"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// newDialer closes with the test.
func newDialer(t *testing.T) *ssh.Dialer {
	t.Helper()
	d := &ssh.Dialer{}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// named is the way to a server of the kit under another name.
func named(name string, server *remotetest.Server) ssh.Config {
	config := configFor(server)
	config.Name = name
	return config
}

func behind(config ssh.Config, jump ...ssh.Config) ssh.Config {
	config.Jump = jump
	return config
}

// reaches dials, runs a command, and closes with the test.
func reaches(t *testing.T, d *ssh.Dialer, config ssh.Config) *ssh.Client {
	t.Helper()
	client, err := d.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if _, err := client.Run(t.Context(), words("true")); err != nil {
		t.Fatal(err)
	}
	return client
}

// refuses dials, expects an error, and checks what it tells in its one line and in its hint.
func refuses(t *testing.T, d *ssh.Dialer, config ssh.Config, hint string, parts ...string) error {
	t.Helper()
	client, err := d.Dial(t.Context(), config)
	if err == nil {
		_ = client.Close()
		t.Fatal("the dial succeeded")
	}
	for _, part := range append(parts, config.Name) {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not tell %q in one line", err, part)
		}
	}
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), hint) {
		t.Errorf("%q does not hint at %q", err, hint)
	}
	return err
}

func TestHostsBehindAJumpHostShareItsConnection(t *testing.T) {
	for name, jump := range map[string]ssh.Config{
		"kit": configFor(remotetest.Serve(t, remotetest.ServerOptions{})), "OpenSSH": startOpenSSH(t),
	} {
		t.Run(name, func(t *testing.T) {
			counted := &countingDialer{next: jump.Address}
			taken := counted.before(t, jump)
			taken.Name = "bastion"
			target := remotetest.Serve(t, remotetest.ServerOptions{})
			d := newDialer(t)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { _ = reaches(t, d, behind(named("db", target), taken)) })
			}
			all.Wait()
			if counted.count() != 1 || target.Handshakes() != 8 {
				t.Errorf("%d connections to the jump host, %d to the hosts behind it", counted.count(), target.Handshakes())
			}
		})
	}
}

func TestAHostBehindAJumpHostConforms(t *testing.T) {
	jump, target := startOpenSSH(t), remotetest.Serve(t, remotetest.ServerOptions{})
	jump.Name = "bastion"
	d := newDialer(t)
	remotetest.Conformance(t, func(t *testing.T) remote.Host { return reaches(t, d, behind(named("db1", target), jump)) })
}

func TestSeveralJumpHostsOneAfterTheOther(t *testing.T) {
	near, far := remotetest.Serve(t, remotetest.ServerOptions{}), startOpenSSH(t)
	far.Name = "far"
	target := remotetest.Serve(t, remotetest.ServerOptions{})
	d := newDialer(t)
	reaches(t, d, behind(named("db1", target), named("near", near), far))
	reaches(t, d, behind(named("db2", target), named("near", near)))
	if near.Handshakes() != 1 {
		t.Errorf("%d logins at the nearest", near.Handshakes())
	}
	near.Close()
	_ = refuses(t, d, behind(named("db3", target), named("near", near), far), "ssh.jump", "db3: jump host far: jump host near: SSH connection to "+near.Address)
}

func TestAJumpHostThatIsLostIsMadeAnew(t *testing.T) {
	jump, target := remotetest.Serve(t, remotetest.ServerOptions{}), remotetest.Serve(t, remotetest.ServerOptions{})
	cut := &countingDialer{next: jump.Address}
	way := behind(named("db1", target), cut.before(t, named("bastion", jump)))
	d := newDialer(t)
	client := reaches(t, d, way)
	cut.cut()
	_, err := client.Run(t.Context(), words("sleep", "60"))
	var lost *ssh.LostError
	if !errors.As(err, &lost) || lost.Host != "db1" || !strings.HasPrefix(err.Error(), "db1: jump host bastion: the SSH connection was lost: ") {
		t.Errorf("got %v", err)
	}
	reaches(t, d, way)
	if jump.Handshakes() != 2 {
		t.Errorf("%d logins at the jump host", jump.Handshakes())
	}
}

func TestAJumpHostThatFellSilentIsNamed(t *testing.T) {
	jump, target := startOpenSSH(t), remotetest.Serve(t, remotetest.ServerOptions{})
	jump, v := throughValve(t, jump)
	jump.Name, jump.KeepAlive = "bastion", 100*time.Millisecond
	config := behind(named("db1", target), jump)
	config.KeepAlive = time.Second
	client := reaches(t, newDialer(t), config)
	v.set(valveHeld)
	defer v.set(valveOpen)
	_, err := client.Run(t.Context(), words("true"))
	var lost *ssh.LostError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), "db1: jump host bastion: the SSH connection was lost: it has not answered for 150ms") {
		t.Errorf("got %v", err)
	}
}

func TestAJumpHostThatHangsIsWaitedForOnce(t *testing.T) {
	jump := named("bastion", remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.HangBeforeBanner}))
	jump.DialTimeout = 500 * time.Millisecond
	target := remotetest.Serve(t, remotetest.ServerOptions{})
	counted := &countingDialer{next: jump.Address}
	jump = counted.before(t, jump)
	d := newDialer(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			err := refuses(t, d, behind(named("db1", target), jump), "MaxStartups", "db1: jump host bastion: SSH banner of "+jump.Address+": no answer within 500ms")
			var failed *ssh.JumpError
			if !errors.As(err, &failed) || failed.Jump != "bastion" || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	if counted.count() != 1 {
		t.Errorf("it was tried %d times", counted.count())
	}
}

func TestACallerWhoGivesUpSpoilsNothingForTheOthers(t *testing.T) {
	jump, target := remotetest.Serve(t, remotetest.ServerOptions{}), remotetest.Serve(t, remotetest.ServerOptions{})
	taken, v := throughValve(t, named("bastion", jump))
	v.set(valveHeld)
	d := newDialer(t)
	way := behind(named("db1", target), taken)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := d.Dial(ctx, way); first <- err }()
	var second sync.WaitGroup
	second.Go(func() { reaches(t, d, way) })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	v.set(valveOpen)
	second.Wait()
}

func TestTheHostKeyOfAJumpHostIsChecked(t *testing.T) {
	jump := named("bastion", remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.OtherHostKey}))
	target := remotetest.Serve(t, remotetest.ServerOptions{})
	err := refuses(t, newDialer(t), behind(named("db1", target), jump), "installed anew", "db1: jump host bastion: SSH: the host key of "+jump.Address)
	var changed *hostkey.ChangedError
	if !errors.As(err, &changed) || changed.Host != jump.Address {
		t.Errorf("got %v", err)
	}
	good := named("bastion", remotetest.Serve(t, remotetest.ServerOptions{}))
	wrong := named("db1", remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.OtherHostKey}))
	err = refuses(t, newDialer(t), behind(wrong, good), "installed anew", "db1: SSH: the host key of "+wrong.Address)
	if !errors.As(err, &changed) || changed.Host != wrong.Address {
		t.Errorf("got %v", err)
	}
}

func TestAJumpHostThatForbidsForwarding(t *testing.T) {
	target := named("db1", remotetest.Serve(t, remotetest.ServerOptions{}))
	for name, jump := range map[string]ssh.Config{
		"kit":                        configFor(remotetest.Serve(t, remotetest.ServerOptions{NoForwarding: true})),
		"OpenSSH AllowTcpForwarding": startOpenSSH(t, "AllowTcpForwarding no"),
		"OpenSSH PermitOpen":         startOpenSSH(t, "PermitOpen 127.0.0.1:1"),
	} {
		t.Run(name, func(t *testing.T) {
			jump.Name = "bastion"
			_ = refuses(t, newDialer(t), behind(target, jump), "sshd_config of bastion must have AllowTcpForwarding yes",
				"db1: SSH connection to "+target.Address+" from the jump host bastion: the jump host's SSH server does not allow it")
		})
	}
}

func TestNobodyListensBehindTheJumpHost(t *testing.T) {
	target := named("db1", remotetest.Serve(t, remotetest.ServerOptions{}))
	target.Address = freeAddress(t)
	for name, jump := range map[string]ssh.Config{
		"kit": configFor(remotetest.Serve(t, remotetest.ServerOptions{})), "OpenSSH": startOpenSSH(t),
	} {
		t.Run(name, func(t *testing.T) {
			jump.Name = "bastion"
			_ = refuses(t, newDialer(t), behind(target, jump), "see on bastion whether an sshd answers at "+target.Address,
				"db1: SSH connection to "+target.Address+" from the jump host bastion: ", "refused")
		})
	}
}

func TestAClosedDialerReachesNobodyOverAJumpHost(t *testing.T) {
	jump, target := remotetest.Serve(t, remotetest.ServerOptions{}), remotetest.Serve(t, remotetest.ServerOptions{})
	d := &ssh.Dialer{}
	way := behind(named("db1", target), named("bastion", jump))
	client := reaches(t, d, way)
	_ = d.Close()
	if _, err := client.Run(t.Context(), words("true")); err == nil {
		t.Error("the connection outlasts that to the jump host")
	}
	if _, err := d.Dial(t.Context(), way); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
