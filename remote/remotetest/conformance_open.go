package remotetest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// openCommand opens a script, whose connection has a deadline.
func openCommand(t *testing.T, host remote.Host, text string, args ...string) net.Conn {
	t.Helper()
	conn, err := host.Open(t.Context(), shell.Script(text, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func endInput(t *testing.T, conn net.Conn) {
	t.Helper()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection cannot be half closed")
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func openEchoes(t *testing.T, host remote.Host) {
	echoesOver(t, openCommand(t, host, "exec cat"))
}

func openHalfClose(t *testing.T, host remote.Host) {
	conn := openCommand(t, host, `cat; printf '%s' "$1"; echo all is well >&2`, "a 'b' $c")
	if _, err := conn.Write([]byte("hello ")); err != nil {
		t.Fatal(err)
	}
	endInput(t, conn)
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello a 'b' $c" {
		t.Errorf("got %q, %v", got, err)
	}
}

func openFails(t *testing.T, host remote.Host) {
	conn := openCommand(t, host, `echo out; echo no such luck >&2; exit 4`)
	got, err := io.ReadAll(conn)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Code != 4 || failed.Host != host.Name() || failed.Stderr != "no such luck\n" {
		t.Errorf("got %v", err)
	}
	if string(got) != "out\n" {
		t.Errorf("got %q", got)
	}
	names(t, host, err)
}

func openComplaintsAreBounded(t *testing.T, host remote.Host) {
	conn := openCommand(t, host, `echo the first >&2; head -c 3000000 /dev/zero | tr '\0' x >&2; echo the last >&2; exit 3`)
	_, err := io.ReadAll(conn)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Stderr, "the first") || !strings.HasSuffix(failed.Stderr, "the last\n") {
		t.Fatalf("got %v", err)
	}
	if len(failed.Stderr) > 3*remote.MaxComplaint {
		t.Errorf("%d bytes are kept", len(failed.Stderr))
	}
}

func openReadDeadline(t *testing.T, host remote.Host) {
	conn := openCommand(t, host, `read -r line; printf '%s but whole' "$line"`)
	for range 3 {
		missesDeadline(t, conn)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte("late\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "late but whole" {
		t.Errorf("got %q, %v", got, err)
	}
}

func openWriteDeadline(t *testing.T, host remote.Host) {
	writesUntilLate(t, openCommand(t, host, "exec sleep 10"))
}

func openWriteThenClose(t *testing.T, host remote.Host) {
	file := t.TempDir() + "/arrived"
	conn := openCommand(t, host, `exec cat >"$1"`, file)
	if _, err := conn.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was written arrives", func() bool {
		info, err := os.Stat(file)
		return err == nil && info.Size() == 1<<20
	})
}

func openCloseEndsCommand(t *testing.T, host remote.Host) {
	conn := openCommand(t, host, `echo $$; exec cat`)
	pid := readPID(t, conn)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the command is ended", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	runs(t, host) // the host is still of use
}

func readPID(t *testing.T, conn net.Conn) int {
	t.Helper()
	var line []byte
	for one := make([]byte, 1); !bytes.HasSuffix(line, []byte("\n")); {
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatal(err)
		}
		line = append(line, one...)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func openHostCloseEndsRead(t *testing.T, host remote.Host) {
	openBlockedRead(t, host, func(net.Conn) { _ = host.Close() })
}

func openCloseEndsRead(t *testing.T, host remote.Host) {
	openBlockedRead(t, host, func(conn net.Conn) { _ = conn.Close() })
}

func openBlockedRead(t *testing.T, host remote.Host, end func(net.Conn)) {
	t.Helper()
	endsRead(t, openCommand(t, host, "printf x; exec cat"), end)
}

// eventually waits for what has to become true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("within %s not: %s", patience, what)
		}
	}
}
