package remotetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/shell"
)

// patience is how long the suite waits for what has to happen.
const patience = 20 * time.Second

// promptly is how soon a call has to return after its context has ended.
const promptly = 5 * time.Second

// Conformance is what every remote.Host has to do. The host must be this machine, with a POSIX shell, under a fresh connection
// for each call of open, which the suite closes.
func Conformance(t *testing.T, open func(t *testing.T) remote.Host) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, remote.Host){
		"a name":                                  hasName,
		"output and success":                      runs,
		"exit codes":                              exitCodes,
		"death by a signal":                       diesBySignal,
		"both streams of a failure":               failureKeepsOutput,
		"a large stdin":                           largeStdin,
		"a stdin nobody reads":                    unreadStdin,
		"a stdin that never ends":                 endlessStdin,
		"no stdin":                                noStdin,
		"a confidential failure":                  confidential,
		"too much output":                         tooMuch,
		"a line that must not run":                badLine,
		"a cancel while running":                  cancelWhileRunning,
		"a deadline while hanging":                deadlineWhileHanging,
		"a context that ended before":             endedContext,
		"many at once":                            manyAtOnce,
		"Close ends what is pending":              closeEndsPending,
		"calls after Close":                       callsAfterClose,
		"an echo over a unix socket":              echoUnix,
		"an echo over TCP":                        echoTCP,
		"a read deadline loses nothing":           readDeadline,
		"a write deadline":                        writeDeadline,
		"a half-closed connection":                halfClose,
		"what is written before Close arrives":    writeThenClose,
		"an opened command":                       openEchoes,
		"an opened command's input ends":          openHalfClose,
		"an opened command that fails":            openFails,
		"an opened command that complains a lot":  openComplaintsAreBounded,
		"an opened command's read deadline":       openReadDeadline,
		"an opened command's write deadline":      openWriteDeadline,
		"what an opened command is told arrives":  openWriteThenClose,
		"Close ends an opened command":            openCloseEndsCommand,
		"Close ends an opened command's read":     openHostCloseEndsRead,
		"its Close ends an opened command's read": openCloseEndsRead,
		"a connection that is refused":            refused,
		"a socket that is not there":              noSocket,
		"a network it does not know":              badNetwork,
		"Close ends a blocked read":               closeEndsRead,
		"the connection's Close ends a read too":  connCloseEndsRead,
	} {
		t.Run(name, func(t *testing.T) {
			host := open(t)
			defer func() { _ = host.Close() }()
			check(t, host)
		})
	}
}

func run(t *testing.T, host remote.Host, cmd remote.Command) (remote.Output, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return host.Run(ctx, cmd)
}

func script(text string, args ...string) remote.Command {
	return remote.Command{Line: shell.Script(text, args...)}
}

// names checks that an error tells which host it is about.
func names(t *testing.T, host remote.Host, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), host.Name()) {
		t.Errorf("the error %v does not name the host %s", err, host.Name())
	}
}

func hasName(t *testing.T, host remote.Host) {
	if host.Name() == "" {
		t.Error("the host has no name")
	}
}

func runs(t *testing.T, host remote.Host) {
	out, err := run(t, host, script(`printf '%s' "$1"; printf err >&2`, "a 'b' $c \\\n*"))
	if err != nil || string(out.Stdout) != "a 'b' $c \\\n*" || string(out.Stderr) != "err" {
		t.Errorf("got %q and %q, %v", out.Stdout, out.Stderr, err)
	}
}

func exitCodes(t *testing.T, host remote.Host) {
	for _, code := range []int{1, 3, 127, 255} {
		_, err := run(t, host, script(`exit "$1"`, fmt.Sprint(code)))
		var failed *remote.ExitError
		if !errors.As(err, &failed) || failed.Code != code || failed.Host != host.Name() {
			t.Errorf("exit %d gives %v", code, err)
		}
	}
}

func diesBySignal(t *testing.T, host remote.Host) {
	_, err := run(t, host, script(`kill -TERM $$`))
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Code != 128+15 {
		t.Errorf("got %v, want exit status 143", err)
	}
}

func failureKeepsOutput(t *testing.T, host remote.Host) {
	out, err := run(t, host, script(`echo out; echo no such luck >&2; exit 4`))
	names(t, host, err)
	if string(out.Stdout) != "out\n" || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("got %q, %v", out.Stdout, err)
	}
}

func largeStdin(t *testing.T, host remote.Host) {
	data := bytes.Repeat([]byte("0123456789abcde\n"), 5<<20/16)
	cmd := script("cat")
	cmd.Stdin = bytes.NewReader(data)
	if out, err := run(t, host, cmd); err != nil || !bytes.Equal(out.Stdout, data) {
		t.Errorf("%d of %d bytes came back, %v", len(out.Stdout), len(data), err)
	}
}

func unreadStdin(t *testing.T, host remote.Host) {
	cmd := script("exec <&-; echo done")
	cmd.Stdin = bytes.NewReader(make([]byte, 5<<20))
	if out, err := run(t, host, cmd); err != nil || string(out.Stdout) != "done\n" {
		t.Errorf("got %q, %v", out.Stdout, err)
	}
}

func endlessStdin(t *testing.T, host remote.Host) {
	gate := newGate()
	defer gate.Close()
	cmd := script("exit 7")
	cmd.Stdin = gate
	_, err := run(t, host, cmd)
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Code != 7 {
		t.Errorf("got %v", err)
	}
}

func noStdin(t *testing.T, host remote.Host) {
	if out, err := run(t, host, script("wc -c")); err != nil || strings.TrimSpace(string(out.Stdout)) != "0" {
		t.Errorf("read %q, %v", out.Stdout, err)
	}
}

func confidential(t *testing.T, host remote.Host) {
	cmd := script("echo hunter2; echo hunter2 >&2; exit 3")
	cmd.Confidential = true
	_, err := run(t, host, cmd)
	names(t, host, err)
	if shown := fmt.Sprintf("%v %+v", err, err); strings.Contains(shown, "hunter2") {
		t.Errorf("the error quotes the secret: %s", shown)
	}
	var failed *remote.ExitError
	if !errors.As(err, &failed) || failed.Code != 3 || failed.Stderr != "" {
		t.Errorf("got %#v", failed)
	}
}

func tooMuch(t *testing.T, host remote.Host) {
	_, err := run(t, host, script("exec cat /dev/zero"))
	var over *remote.TooMuchError
	if !errors.As(err, &over) {
		t.Errorf("got %v", err)
	}
	names(t, host, err)
}

func badLine(t *testing.T, host remote.Host) {
	bad := shell.Words("echo", "\x00")
	_, err := run(t, host, remote.Command{Line: bad})
	names(t, host, err)
	_, err = host.Open(t.Context(), bad)
	names(t, host, err)
}

func manyAtOnce(t *testing.T, host remote.Host) {
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			want := fmt.Sprint("call ", i)
			if out, err := run(t, host, script(`sleep 0.1; printf %s "$1"`, want)); err != nil || string(out.Stdout) != want {
				t.Errorf("%s: got %q, %v", want, out.Stdout, err)
			}
		})
	}
	all.Wait()
}
