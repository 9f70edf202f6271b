package process_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, line shell.Line) []byte {
	t.Helper()
	out, err := remotetest.RunLocal(t.Context(), remote.Command{Line: line})
	must(t, err)
	return out.Stdout
}

func look(t *testing.T, line shell.Line) seen.Value[process.Process] {
	t.Helper()
	found, err := process.ParseLook(run(t, line), process.Process{})
	must(t, err)
	return found
}

// byPID looks at a process by a PID file that every user may read.
func byPID(t *testing.T, pid int) shell.Line {
	t.Helper()
	folder, err := os.MkdirTemp("", "pid")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755))
	name := filepath.Join(folder, "mysqld.pid")
	must(t, os.WriteFile(name, fmt.Appendln(nil, pid), 0o600))
	must(t, os.Chmod(name, 0o644))
	return process.LookPIDFile(name, workingFolder(t), process.Process{})
}

func workingFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	must(t, err)
	return folder
}

// connect makes a TCP connection of this process, and gives both of its ends.
func connect(t *testing.T, address string) (client, server netip.AddrPort) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("no %s here: %v", address, err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	accepted, err := listener.Accept()
	must(t, err)
	t.Cleanup(func() { _ = accepted.Close() })
	return netip.MustParseAddrPort(conn.LocalAddr().String()), netip.MustParseAddrPort(conn.RemoteAddr().String())
}

func TestLookAtThisProcess(t *testing.T) {
	client, server := connect(t, "127.0.0.1:0")
	client6, server6 := connect(t, "[::1]:0")
	found, ok := look(t, byPID(t, os.Getpid())).Get()
	if !ok {
		t.Fatal("this process is not found")
	}
	args, _ := found.Args.Get()
	if found.PID != os.Getpid() || found.Start == 0 || !slices.Equal(args, os.Args) {
		t.Errorf("got %+v", found)
	}
	if found.Effective.ID != os.Geteuid() || found.Real.ID != os.Getuid() || found.Effective.Name.IsUnknown() {
		t.Errorf("got users %v and %v", found.Real, found.Effective)
	}
	connections, _ := found.Connections.Get()
	for _, want := range []process.Connection{
		{Local: client, Remote: server}, {Local: server, Remote: client}, {Local: client6, Remote: server6},
	} {
		if !slices.Contains(connections, want) {
			t.Errorf("%v is not among %v", want, connections)
		}
	}
}

func TestAConnectionOfASocketThatIsReadyForBothFamilies(t *testing.T) {
	client, server := connect(t, ":0") // the accepted one is in the table of IPv6, with a mapped address
	found, _ := look(t, byPID(t, os.Getpid())).Get()
	connections, _ := found.Connections.Get()
	for _, end := range []netip.AddrPort{client, server} {
		if !slices.ContainsFunc(connections, func(c process.Connection) bool { return c.Local.Port() == end.Port() && !c.Local.Addr().Is4In6() }) {
			t.Errorf("%v is not among %v", end, connections)
		}
	}
}

// TestOddNamesAndArguments runs a program whose name and arguments hold what could be taken for something else.
// TestAKnownProcessIsNotAskedTwice: its arguments and users come from the caller, its connections do not.
func TestAKnownProcessIsNotAskedTwice(t *testing.T) {
	line := byPID(t, os.Getpid())
	first, ok := look(t, line).Get()
	if !ok {
		t.Fatal(look(t, line).Why())
	}
	client, server := connect(t, "127.0.0.1:0")
	known := first
	known.Args = seen.Known([]string{"as the caller knows them"})
	name := filepath.Join(t.TempDir(), "pid")
	must(t, os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600))
	for _, c := range []struct {
		known process.Process
		want  []string
	}{
		{known, []string{"as the caller knows them"}},
		{process.Process{PID: known.PID, Start: known.Start + 1, Args: known.Args}, os.Args},
		{process.Process{PID: known.PID + 1, Start: known.Start, Args: known.Args}, os.Args},
	} {
		found, err := process.ParseLook(run(t, process.LookPIDFile(name, workingFolder(t), c.known)), c.known)
		must(t, err)
		again, _ := found.Get()
		if args, _ := again.Args.Get(); !slices.Equal(args, c.want) || again.Effective.ID != first.Effective.ID || again.Start != first.Start {
			t.Errorf("got %+v, want the arguments %q", again, c.want)
		}
		connections, _ := again.Connections.Get()
		if !slices.Contains(connections, process.Connection{Local: client, Remote: server}) {
			t.Errorf("%v is not among %v", client, connections)
		}
	}
	if _, err := process.ParseLook(run(t, process.LookPIDFile(name, workingFolder(t), known)), process.Process{}); err != nil {
		t.Fatal(err)
	}
	if found, _ := process.ParseLook(run(t, process.LookPIDFile(name, workingFolder(t), known)), process.Process{}); !found.IsUnknown() {
		t.Errorf("another process passes for the known one: %v", found)
	}
}

func TestOddNamesAndArguments(t *testing.T) {
	path, err := exec.LookPath("cat")
	must(t, err)
	text, err := os.ReadFile(path)
	must(t, err)
	name := filepath.Join(t.TempDir(), "x) R 1\nUid:\t7")
	must(t, os.WriteFile(name, text, 0o700))
	cat := exec.CommandContext(t.Context(), name, "-", "a\nprocess 1\n", "=== replssl end ===", `\n $x "y' *`, "", "\xff")
	input, err := cat.StdinPipe()
	must(t, err)
	must(t, cat.Start())
	defer func() {
		_ = input.Close()
		_ = cat.Wait()
	}()
	found, ok := look(t, byPID(t, cat.Process.Pid)).Get()
	args, _ := found.Args.Get()
	if !ok || found.PID != cat.Process.Pid || found.Effective.ID != os.Geteuid() || !slices.Equal(args, cat.Args) {
		t.Errorf("got %+v", found)
	}
}

func TestLookByPIDFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "my sqld.pid")
	if got := look(t, process.LookPIDFile(name, workingFolder(t), process.Process{})); !got.IsUnknown() || !strings.Contains(got.Why(), "No such file") {
		t.Errorf("without a file: %v", got)
	}
	must(t, os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600))
	if got, _ := look(t, process.LookPIDFile(name, workingFolder(t), process.Process{})).Get(); got.PID != os.Getpid() {
		t.Errorf("got %+v", got)
	}
	must(t, os.WriteFile(name, []byte("junk; id\n"), 0o600))
	if got := look(t, process.LookPIDFile(name, workingFolder(t), process.Process{})); !strings.Contains(got.Why(), "does not hold") {
		t.Errorf("with junk: %v", got)
	}
}

func TestAProcessThatHasEndedIsAbsent(t *testing.T) {
	ended := exec.Command("true")
	must(t, ended.Run())
	if got := look(t, byPID(t, ended.Process.Pid)); !got.IsAbsent() {
		t.Errorf("got %v", got)
	}
}

func TestAnotherUsersProcess(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs two users")
	}
	got, ok := look(t, byPID(t, os.Getpid()).AsUser("nobody")).Get()
	if !ok || !strings.Contains(got.Connections.Why(), "Permission denied") {
		t.Errorf("nobody sees the connections of root: %+v", got)
	}
	if name, _ := got.Effective.Name.Get(); name != "root" {
		t.Errorf("the user is %v", got.Effective)
	}
}

func TestSockets(t *testing.T) {
	folder, err := os.MkdirTemp("", "mysql")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	for _, name := range []string{"my sqld.sock", "mysqlx.sock", "other.sock"} {
		listener, err := net.Listen("unix", filepath.Join(folder, name))
		must(t, err)
		t.Cleanup(func() { _ = listener.Close() })
	}
	found, err := process.ParseSockets(run(t, process.Sockets()))
	must(t, err)
	paths, _ := found.Get()
	for name, want := range map[string]bool{"my sqld.sock": true, "other.sock": true, "mysqlx.sock": false} {
		if slices.Contains(paths, filepath.Join(folder, name)) != want {
			t.Errorf("%s is wrong in %v", name, paths)
		}
	}
}

func TestARelativePIDFileIsRefused(t *testing.T) {
	for _, paths := range [][2]string{{"x", "/"}, {"/x", "data"}, {"/x", ""}} {
		if line := process.LookPIDFile(paths[0], paths[1], process.Process{}); line.Err() == nil {
			t.Errorf("accepted: %s", line)
		}
	}
}

// TestAPIDFileThatNamesAnotherServer: two servers whose configuration gives them one PID file.
func TestAPIDFileThatNamesAnotherServer(t *testing.T) {
	name, folder := filepath.Join(t.TempDir(), "mysqld.pid"), t.TempDir()
	must(t, os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600))
	for _, elsewhere := range []string{folder, folder + "/nonexistent"} {
		got := look(t, process.LookPIDFile(name, elsewhere, process.Process{}))
		if want := fmt.Sprintf("%s names process %d, which does not work in %s", name, os.Getpid(), elsewhere); got.Why() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	must(t, os.Symlink(workingFolder(t), folder+"/link"))
	if got := look(t, process.LookPIDFile(name, folder+"/link/", process.Process{})); got.IsUnknown() {
		t.Errorf("by a link to its folder: %v", got)
	}
}
