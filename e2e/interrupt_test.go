package e2e_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

func TestInterruptInTheMiddle(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "a terminal that hangs up": syscall.SIGHUP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			interruptInTheMiddle(t, signal)
		})
	}
}

// TestReaderThatGoesAway: whoever reads the progress leaves while the threads of a replica are stopped.
func TestReaderThatGoesAway(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	cmd := c.command("apply", "--yes")
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "change/replica1 ") {
	}
	must(t, stderr.Close())
	if err := cmd.Wait(); err != nil {
		t.Fatalf("apply ended with %v", err)
	}
	c.proven()
}

func interruptInTheMiddle(t *testing.T, signal syscall.Signal) {
	t.Helper()
	c := start(t, lab.Options{})
	allArrived := c.write()
	o := c.signalAt("change/replica1", signal)
	if o.code != 130 {
		t.Fatalf("exit code %d\n%s", o.code, o.stderr)
	}
	o.says(t, "interrupted", "hint: run apply again")
	for _, s := range c.Replicas() {
		status, err := c.SlaveStatus(t.Context(), s.Name)
		must(t, err)
		if status["Slave_IO_Running"] != "Yes" || status["Slave_SQL_Running"] != "Yes" {
			t.Errorf("%s was left stopped: %v", s.Name, status)
		}
	}
	if journal := c.journalText(); !strings.Contains(journal, `"stopping"`) || !strings.Contains(journal, `"interrupted"`) {
		t.Errorf("the journal does not say where it ended:\n%s", journal)
	}
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestKillBetweenStopAndStart: the run dies while the server waits for its applier to stop. The server has the rest of the packet already,
// and starts the threads again though nobody is there to hear of it.
//
// Then the threads are stopped all the same, as where a server dies too. The states that the dead run found are in its journal: with it a
// second run converges; without it nothing tells who stopped the threads.
func TestKillBetweenStopAndStart(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	slow := c.behindSlowLine("replica1", 150*time.Millisecond)
	locked := make(chan error, 1)
	o := slow.applyWith("set all TLS options of channel replica1", func(p *os.Process) {
		go func() {
			_, err := c.SQL(t.Context(), "replica1", "LOCK TABLES shop.orders WRITE; SELECT SLEEP(3); UNLOCK TABLES")
			locked <- err
		}()
		c.await("STOP SLAVE waits for the applier", func() bool { return c.stops("replica1") })
		must(t, p.Kill())
	})
	if o.code == 0 {
		t.Fatal("it was not killed")
	}
	must(t, <-locked)
	c.await("the server starts both threads again", func() bool {
		status, err := c.SlaveStatus(t.Context(), "replica1")
		must(t, err)
		return status["Slave_IO_Running"] == "Yes" && status["Slave_SQL_Running"] == "Yes" && status["Master_SSL_Allowed"] == "Yes"
	})

	_, err := c.SQL(t.Context(), "replica1", "STOP SLAVE")
	must(t, err)
	c.want(3, "plan", "--journal", filepath.Join(t.TempDir(), "none")).says(t, "blocked: replica1", "no journal here tells who stopped it", "hint:")
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
	assertNothingMoves(t, c)
}

// stops says that a STOP SLAVE is at work.
func (c *cluster) stops(server string) bool {
	c.t.Helper()
	n, err := c.Value(c.t.Context(), server, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'STOP SLAVE%'")
	must(c.t, err)
	return n != "0"
}

func TestSecondRunIsToldWhoIsAtWork(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	slow := c.behindSlowLine("replica1", 80*time.Millisecond)
	first := slow.command("apply", "--yes")
	stderr, err := first.StderrPipe()
	must(t, err)
	must(t, first.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "files/replica1") {
	}
	c.want(11, "apply", "--yes").says(t, "locked by another run", "since")
	_, _ = io.Copy(io.Discard, stderr)
	must(t, first.Wait())
	c.proven()
}

// signalAt applies, and sends a signal when a line of the progress has the text.
func (c *cluster) signalAt(text string, signal syscall.Signal) outcome {
	c.t.Helper()
	return c.applyWith(text, func(p *os.Process) { must(c.t, p.Signal(signal)) })
}

// applyWith applies, and does something once, when a line of the progress has the text.
func (c *cluster) applyWith(text string, do func(*os.Process)) outcome {
	c.t.Helper()
	cmd := c.command("apply", "--yes")
	stderr, err := cmd.StderrPipe()
	must(c.t, err)
	must(c.t, cmd.Start())
	var seen strings.Builder
	lines, met := bufio.NewScanner(stderr), false
	began := false // the plan comes first, and has the same words
	for lines.Scan() {
		seen.WriteString(lines.Text() + "\n")
		began = began || strings.HasPrefix(lines.Text(), "run ")
		if began && !met && strings.Contains(lines.Text(), text) {
			do(cmd.Process)
			met = true
		}
	}
	if !met {
		c.t.Fatalf("%q was never printed:\n%s", text, seen.String())
	}
	_ = cmd.Wait()
	return outcome{code: cmd.ProcessState.ExitCode(), stderr: seen.String()}
}

func (c *cluster) journalText() string {
	var text strings.Builder
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(c.inventory), "journal", "*.jsonl"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(c.t, err)
		text.Write(content)
	}
	return text.String()
}

// behindSlowLine lets the SSH connection to one host run through a line of the given delay each way; the journal and the
// certificates stay those of the lab.
func (c *cluster) behindSlowLine(name string, delay time.Duration) *cluster {
	c.t.Helper()
	server, err := c.Server(name)
	must(c.t, err)
	address := slowLine(c.t, server.SSHAddress(), delay)
	slow := c.with(c.t)
	hosts := filepath.Join(c.t.TempDir(), "known_hosts")
	text, err := os.ReadFile(c.KnownHostsFile())
	must(c.t, err)
	old := "[" + server.Address + "]:" + port(server.SSHAddress())
	must(c.t, os.WriteFile(hosts, []byte(strings.ReplaceAll(string(text), old, "[127.0.0.1]:"+port(address))), 0o600))
	slow.edit(`known_hosts: \S+known_hosts`, "known_hosts: "+hosts)
	slow.edit(`(`+name+`: \{.*ssh: \{)port: \d+`, "${1}address: 127.0.0.1, port: "+port(address))
	must(c.t, os.Rename(slow.inventory, filepath.Join(filepath.Dir(c.inventory), "slow.yaml")))
	slow.inventory = filepath.Join(filepath.Dir(c.inventory), "slow.yaml")
	return slow
}

// slowLine forwards to an address, each piece later by the delay.
func slowLine(t *testing.T, to string, delay time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go forward(near, to, delay)
		}
	}()
	return listener.Addr().String()
}

func forward(near net.Conn, to string, delay time.Duration) {
	far, err := net.Dial("tcp", to)
	if err != nil {
		_ = near.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { late(far, near, delay) })
	both.Go(func() { late(near, far, delay) })
	both.Wait()
}

type piece struct {
	data []byte
	due  time.Time
}

func late(to, from net.Conn, delay time.Duration) {
	pieces := make(chan piece, 10000)
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				pieces <- piece{buffer[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		<-time.After(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
}

// TestARunFromAnotherMachine: it has no folder in common with this one, and is told by the primary who is at work, and since when.
func TestARunFromAnotherMachine(t *testing.T) {
	t.Parallel()
	c := startMySQL(t, lab.Options{Replicas: 1}) // which is not restarted meanwhile
	slow := c.behindSlowLine("primary", 300*time.Millisecond)
	var other outcome
	slow.applyWith("copy certificate set 1 to replica1", func(*os.Process) {
		other = c.run("apply", "--yes", "--journal", t.TempDir(), "--pki", t.TempDir())
	}).exits(t, 0)
	other.exits(t, 11)
	other.says(t, "another run is at work on primary: apply by ", ", since 20")
	c.proven()
}
