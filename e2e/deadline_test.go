package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/run"
)

// meddler does something right before a server is to read its files again.
type meddler struct {
	run.Executor

	meddle func()
}

func (m meddler) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (int, error) {
	if _, ok := batch[0].(plan.ReloadTLS); ok {
		m.meddle()
	}
	return m.Executor.DoAll(ctx, batch, note)
}

// hastily applies with deadlines that a test can wait for, and gives the steps that failed.
func (c *cluster) hastily(pace run.Pace, beforeReload func()) []event.StepFailed {
	c.t.Helper()
	desired := reach.Cluster(c.t, c.Lab)
	servers := connect(c.t, desired, filepath.Join(c.Dir, "pki"))
	folder := filepath.Join(filepath.Dir(c.inventory), "journal")
	book, err := journal.Begin(folder, "the test", time.Now)
	must(c.t, err)
	defer func() { must(c.t, book.Close()) }()
	records, err := journal.Read(folder)
	must(c.t, err)
	f := servers.observer.Observe(c.t.Context(), plan.LookToPlan(desired))
	f.Marks = event.NewLedger(records).Marks()
	p := plan.Build(desired, f, plan.Options{})
	if len(p.Blocked) > 0 {
		c.t.Fatalf("%+v", p.Blocked)
	}
	var failed []event.StepFailed
	engine := &run.Engine{
		Observer: servers.observer, Executor: meddler{servers.executor, beforeReload}, Journal: book, Ledger: event.NewLedger(records), Pace: pace, Now: time.Now,
		Watch: func(r event.Record) {
			if f, ok := r.Event.(event.StepFailed); ok {
				failed = append(failed, f)
			}
		},
	}
	_, err = engine.Run(c.t.Context(), p, event.RunBegan{Run: book.Run(), Cluster: p.Cluster, Digest: p.Digest(), Steps: len(p.Steps)})
	must(c.t, err)
	return failed
}

// takenBack asserts that the primary's step alone failed, since it hung, and was taken back.
func (c *cluster) takenBack(failed []event.StepFailed, why string) {
	c.t.Helper()
	if len(failed) != 1 || failed[0].Step != "serve/primary" || failed[0].Rescued != event.TakenBack || !strings.Contains(failed[0].Error, why) {
		c.t.Errorf("%+v", failed)
	}
}

// TestReloadThatHangs: a client that begins a handshake and goes on no further keeps the server from reading its files again.
func TestReloadThatHangs(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.want(0, "apply", "--yes")
	c.renewPrimary()
	before := c.served()
	release := c.holdHandshake()
	pace := run.DefaultPace()
	pace.Reload = 2 * time.Second
	c.takenBack(c.hastily(pace, func() {}), "let primary read its certificate files again")
	if link, err := os.Readlink(filepath.Join(c.Primary().TLSDir, "current")); err != nil || filepath.Base(link) != "1" {
		t.Errorf("the set in use is %s: %v", link, err)
	}
	release()
	if now := c.served(); now != before {
		t.Errorf("it served %s, and serves %s", before, now)
	}
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestRestartCommandThatHangs does so before it stops the server.
func TestRestartCommandThatHangs(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.restartBy(c.hangs() + `exec "$restart"`)
	c.takenBack(c.hastily(hastyRestart(), nil), "the restart command has not restarted it yet")
	c.asBefore()
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestRestartCommandThatNeverEnds has restarted the server: what counts is that it is up, and how the command ends does not.
func TestRestartCommandThatNeverEnds(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.restartBy(`"$restart"; ` + c.hangs())
	if failed := c.hastily(hastyRestart(), nil); len(failed) > 0 {
		t.Errorf("%+v", failed)
	}
	c.proven()
	allArrived()
}

// hastyRestart leaves time for a restart that does not hang.
func hastyRestart() run.Pace {
	pace := run.DefaultPace()
	pace.Restart = 8 * time.Second
	return pace
}

// hangs is the part of a script that hangs once, until the end of the test.
func (c *cluster) hangs() string {
	c.t.Helper()
	once := filepath.Join(c.Dir, "hangs")
	must(c.t, os.WriteFile(once, nil, 0o600))
	c.t.Cleanup(func() { endAll(c.t, once+".pid") })
	return `if [ -e '` + once + `' ]; then rm '` + once + `'; sleep 3600 & echo $! >'` + once + `.pid'; wait; fi; `
}

// endAll ends the process whose id a file holds, if there is one.
func endAll(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Error(err)
	}
}

// renewPrimary lets the primary serve a certificate of our authority that receivers accept, and that is no good for its own receiver, so that it
// is to be replaced. A handshake may take five minutes from now on.
func (c *cluster) renewPrimary() {
	c.t.Helper()
	p := c.Primary()
	script := `set -e; cd "$1/current/"; umask 022
openssl req -new -key key.pem -subj "/CN=for servers alone" -out "$3/req.pem"
printf 'subjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n' "$4" >"$3/ext"
openssl x509 -req -in "$3/req.pem" -CA "$2/ca.pem" -CAkey "$2/ca-key.pem" -set_serial 4711 -extfile "$3/ext" -days 300 -out "$3/cert.pem" 2>/dev/null
cat "$3/cert.pem" >cert.pem`
	out, err := exec.CommandContext(c.t.Context(), "sh", "-c", script, "sh", p.TLSDir, filepath.Join(c.Dir, "pki"), c.t.TempDir(), p.Address).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	c.sql("primary", "FLUSH LOCAL SSL")
	c.sql("primary", "SET GLOBAL connect_timeout = 300")
}

// holdHandshake begins a TLS handshake with the primary and stays silent until it is released.
func (c *cluster) holdHandshake() (release func()) {
	c.t.Helper()
	p := c.Primary()
	conn, err := net.Dial("tcp", net.JoinHostPort(p.Address, strconv.Itoa(p.Port)))
	must(c.t, err)
	c.t.Cleanup(func() { _ = conn.Close() })
	greeting := make([]byte, 4096)
	_, err = conn.Read(greeting)
	must(c.t, err)
	request := append([]byte{32, 0, 0, 1, 0x00, 0x8a, 0x08, 0x00}, bytes.Repeat([]byte{0}, 28)...)
	_, err = conn.Write(request)
	must(c.t, err)
	return func() { _ = conn.Close() }
}
