package relay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/relay"
	"github.com/replssl/replssl/remote/remotetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// programs are those that a relay can use, each under the name by which it is found.
func programs() map[string]string {
	return map[string]string{"perl": "perl", "python3": "/usr/bin/python3", "socat": "socat", "nc": "nc.openbsd"}
}

// only lets the commands of this test find these programs, each as name=program, and what any host has.
func only(t *testing.T, found ...string) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"sh", "cat", "ls", "tr", "grep", "head", "sleep", "wc"} {
		link(t, folder, name, name)
	}
	for _, what := range found {
		name, program, _ := strings.Cut(what, "=")
		link(t, folder, name, program)
	}
	t.Setenv("PATH", folder)
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func link(t *testing.T, folder, name, program string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("scripts/setup.sh ci installs it: %v", err)
	}
	if err := os.Symlink(path, filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

// unforwarding is a host whose SSH server forwards nothing, or nothing but TCP.
type unforwarding struct {
	*remotetest.Local
	butTCP bool
}

func (u unforwarding) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if u.butTCP && network == "tcp" {
		return u.Local.Dial(ctx, network, address)
	}
	nowhere := map[string]string{"unix": "/nowhere", "tcp": "127.0.0.1:0"}[network]
	conn, err := u.Local.Dial(ctx, network, nowhere)
	var failed *remote.DialError
	if errors.As(err, &failed) {
		return nil, &remote.DialError{Host: u.Name(), Network: network, Address: address, Forbidden: true, Err: errors.New("forwarding is off")}
	}
	return conn, err
}

func TestAHostConformsByEachProgram(t *testing.T) {
	for name, program := range programs() {
		t.Run(name, func(t *testing.T) {
			only(t, name+"="+program)
			remotetest.Conformance(t, func(*testing.T) remote.Host {
				return relay.Host(unforwarding{Local: remotetest.NewLocal("here"), butTCP: name == "nc"})
			})
		})
	}
}

func here(t *testing.T) remote.Host {
	t.Helper()
	host := relay.Host(unforwarding{Local: remotetest.NewLocal("here")})
	t.Cleanup(func() { _ = host.Close() })
	return host
}

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := here(t).Dial(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// children are the processes whose arguments name the address.
func children(t *testing.T, address string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), address) {
			found = append(found, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}

// TestNoRelayIsLeftBehind also where the server neither answers nor closes its end.
func TestNoRelayIsLeftBehind(t *testing.T) {
	for name, program := range programs() {
		t.Run(name, func(t *testing.T) {
			only(t, name+"="+program)
			for what, serve := range map[string]func(net.Conn){
				"a server that closes": func(conn net.Conn) { _, _ = conn.Write([]byte("x")); _, _ = io.Copy(io.Discard, conn) },
				"a server that hangs": func(conn net.Conn) {
					_, _ = conn.Write([]byte("x"))
					_, _ = io.Copy(io.Discard, conn)
					for len(children(t, conn.LocalAddr().String())) > 0 && t.Context().Err() == nil {
						wait(t, 20*time.Millisecond)
					}
				},
			} {
				address := remotetest.Listen(t, "unix", serve)
				conn := dial(t, "unix", address)
				if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				if len(children(t, address)) == 0 {
					t.Fatal("no relay is to be seen")
				}
				if err := conn.Close(); err != nil {
					t.Fatal(err)
				}
				goneWithin(t, what, address, 15*time.Second)
			}
		})
	}
}

func goneWithin(t *testing.T, what, address string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; wait(t, 20*time.Millisecond) {
		left := children(t, address)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: left behind: %q", what, left)
		}
	}
}

func wait(t *testing.T, span time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	<-ctx.Done()
}

// TestTheEndOfTheServerIsHeardOf although nothing is written.
func TestTheEndOfTheServerIsHeardOf(t *testing.T) {
	for name, program := range programs() {
		t.Run(name, func(t *testing.T) {
			only(t, name+"="+program)
			conn := dial(t, "unix", remotetest.Listen(t, "unix", func(conn net.Conn) { _, _ = conn.Write([]byte("bye")) }))
			if got, err := io.ReadAll(conn); err != nil || string(got) != "bye" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestAHalfClosedSocket through each program: what follows the end of the input still arrives.
func TestAHalfClosedSocket(t *testing.T) {
	for name, program := range programs() {
		t.Run(name, func(t *testing.T) {
			only(t, name+"="+program)
			conn := dial(t, "unix", remotetest.Listen(t, "unix", func(conn net.Conn) {
				text, _ := io.ReadAll(conn)
				_, _ = conn.Write(append(text, "!"...))
			}))
			if _, err := conn.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(conn); err != nil || string(got) != "hello!" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func refusal(t *testing.T, network, address string) *remote.DialError {
	t.Helper()
	conn, err := here(t).Dial(t.Context(), network, address)
	var failed *remote.DialError
	if conn != nil || !errors.As(err, &failed) || failed.Address != address || failed.Network != network {
		t.Fatalf("got %v", err)
	}
	return failed
}

// TestTheReasonIsTold where an SSH server would say that the open failed.
func TestTheReasonIsTold(t *testing.T) {
	stale := filepath.Join(t.TempDir(), "stale")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	_ = listener.Close()
	for name, program := range programs() {
		t.Run(name, func(t *testing.T) {
			only(t, name+"="+program)
			for address, want := range map[string]string{stale: "connection refused", stale + ".none": "no such file or directory"} {
				if failed := refusal(t, "unix", address); failed.Err.Error() != want {
					t.Errorf("%s: got %v, want %s", address, failed, want)
				}
			}
		})
	}
}

// TestOtherProgramsOfThatNameAreNotUsed: they know no unix sockets, or stay when the server has closed.
func TestOtherProgramsOfThatNameAreNotUsed(t *testing.T) {
	address := remotetest.Listen(t, "unix", func(conn net.Conn) { _, _ = conn.Write([]byte("x")) })
	for name, found := range map[string][]string{
		"none": nil, "nc of nmap": {"nc=ncat"}, "nc of old": {"nc=nc.traditional"}, "nc of busybox": {"nc=busybox"}, "a broken perl": {"perl=false"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, one := range found {
				if _, program, _ := strings.Cut(one, "="); !installed(program) {
					t.Skipf("%s is not installed", program)
				}
			}
			only(t, found...)
			failed := refusal(t, "unix", address)
			var missing *relay.NoProgramError
			if !errors.As(failed, &missing) || !strings.Contains(missing.Hint(), "install socat") || !strings.Contains(missing.Hint(), "AllowStreamLocalForwarding") {
				t.Errorf("got %v", failed)
			}
			if !strings.Contains(failed.Error(), "here: connecting from there to "+address+": forwarding is off; and the host has none of the programs") {
				t.Errorf("got %v", failed)
			}
		})
	}
}

// TestANoisyLoginDoesNotReachTheConnection: some shells print on every login.
func TestANoisyLoginDoesNotReachTheConnection(t *testing.T) {
	host := relay.New(noisy{remotetest.NewLocal("here")})
	defer host.Close()
	conn, err := host.Dial(t.Context(), "unix", remotetest.Listen(t, "unix", func(conn net.Conn) {
		_, _ = conn.Write([]byte("the first byte"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "the first byte" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestForwardingIsNotTriedAgain(t *testing.T) {
	address := remotetest.Listen(t, "unix", func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
	counted := &counting{Host: unforwarding{Local: remotetest.NewLocal("here")}}
	host := relay.Host(counted)
	defer func() { _ = host.Close() }()
	for range 3 {
		conn, err := host.Dial(t.Context(), "unix", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	if counted.dials != 1 {
		t.Errorf("forwarding was tried %d times", counted.dials)
	}
}

// TestWhatIsForwardedNeedsNoRelay: nor does a TCP address that is refused.
func TestWhatIsForwardedNeedsNoRelay(t *testing.T) {
	only(t)
	host := relay.Host(remotetest.NewLocal("here"))
	defer func() { _ = host.Close() }()
	conn, err := host.Dial(t.Context(), "unix", remotetest.Listen(t, "unix", func(net.Conn) {}))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if _, err := host.Dial(t.Context(), "tcp", "127.0.0.1:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}
