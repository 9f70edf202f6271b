package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// meddler does something right before actions, and gives the context in which they are done.
type meddler struct {
	run.Executor

	before meddling
}

type meddling func(ctx context.Context, first plan.Action) context.Context

func (m meddler) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (int, error) {
	return m.Executor.DoAll(m.before(ctx, batch[0]), batch, note)
}

// beforeReload does something right before a server is to read its files again.
func beforeReload(meddle func()) meddling {
	return func(ctx context.Context, first plan.Action) context.Context {
		if _, ok := first.(plan.ReloadTLS); ok {
			meddle()
		}
		return ctx
	}
}

func untouched(ctx context.Context, _ plan.Action) context.Context { return ctx }

// hastily applies with deadlines that a test can wait for, and gives the steps that failed.
func (c *cluster) hastily(pace run.Pace, before meddling) []event.StepFailed {
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
		Observer: servers.observer, Executor: meddler{servers.executor, before}, Journal: book, Ledger: event.NewLedger(records), Pace: pace, Now: time.Now,
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

// TestReloadThatHangs: a client that begins a handshake and goes on no further keeps the server from reading its files again. Both reloads, also that
// of the way back, wait until it goes: by then the former set is the one in use.
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
	c.takenBack(c.hastily(pace, untouched), "let primary read its certificate files again")
	c.usesFirstSet()
	if waiting := c.waitingReloads(); waiting != "2" {
		t.Errorf("%s reloads wait on the server, not both", waiting)
	}
	release()
	c.await("the reloads that waited are over", func() bool { return c.waitingReloads() == "0" })
	c.serves(before)
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// waitingReloads is the number of statements by which the primary is told to read its files, and which have not come to an end.
func (c *cluster) waitingReloads() string {
	c.t.Helper()
	count, err := c.Value(c.t.Context(), "primary", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'FLUSH LOCAL SSL%'")
	must(c.t, err)
	return count
}

// TestRestartCommandThatHangs does so before it stops the server.
func TestRestartCommandThatHangs(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.restartBy(c.hangs() + `exec "$restart"`)
	c.takenBack(c.hastily(run.DefaultPace(), c.overOnceItHangs()), "the restart command has not restarted it yet")
	c.asBefore()
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestRestartCommandThatNeverEnds has restarted the server: what counts is that it is up, and how the command ends does not. A server that is
// started by the command itself keeps the output open, also when the command has ended.
func TestRestartCommandThatNeverEnds(t *testing.T) {
	for name, then := range map[string]string{"it goes on": "", "its output stays open": "(%s) & exit 0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, lab.Options{})
			allArrived := c.write()
			hangs := c.hangs()
			if then != "" {
				hangs = fmt.Sprintf(then, hangs)
			}
			c.restartBy(`"$restart"; ` + hangs)
			began := time.Now()
			if failed := c.hastily(run.DefaultPace(), untouched); len(failed) > 0 {
				t.Errorf("%+v", failed)
			}
			if took := time.Since(began); took > 10*time.Minute { // where 20 would have been waited for its end
				t.Errorf("it took %s", took)
			}
			if told := c.journalText(); !strings.Contains(told, `"command-left"`) {
				t.Error("that the command goes on is not told")
			}
			if !c.hanging() {
				t.Error("the command was ended, which may end a server that it has started")
			}
			c.proven()
			allArrived()
		})
	}
}

// overOnceItHangs lets the time for the first restart be over when its command is seen to hang.
func (c *cluster) overOnceItHangs() meddling {
	first := true
	return func(ctx context.Context, action plan.Action) context.Context {
		if _, ok := action.(plan.Restart); !ok || !first {
			return ctx
		}
		first = false
		ctx, over := context.WithCancel(ctx)
		go func() {
			defer over()
			ticker := time.NewTicker(20 * time.Millisecond)
			defer ticker.Stop()
			for !c.hanging() {
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return
				}
			}
		}()
		return ctx
	}
}

// hanging says that the command which hangs is there.
func (c *cluster) hanging() bool {
	text, err := os.ReadFile(filepath.Join(c.Dir, "hangs.pid"))
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && syscall.Kill(pid, 0) == nil
}

// hangs is the part of a script that hangs once, until the end of the test.
func (c *cluster) hangs() string {
	c.t.Helper()
	once := filepath.Join(c.Dir, "hangs")
	must(c.t, os.WriteFile(once, nil, 0o600))
	c.t.Cleanup(func() { endAll(c.t, once+".pid") })
	return `if [ -e '` + once + `' ]; then rm '` + once + `'; sleep 3600 & echo $! >'` + once + `.pid'; wait $! || exit 1; fi; `
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
