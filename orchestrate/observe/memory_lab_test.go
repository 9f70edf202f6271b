package observe

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
)

// TestWhatIsRememberedIsNoFact: a look that begins with what was never true, or is no longer, finds what is.
func TestWhatIsRememberedIsNoFact(t *testing.T) {
	l := labtest.Start(t, lab.Options{Replicas: 1, PerformanceSchema: true})
	c := reach.Cluster(t, l)
	servers := access.New(c, reach.Dial)
	t.Cleanup(func() { _ = servers.Close() })
	layDown(t, l.Servers[1].TLSDir)
	const parts = facts.PartsQuiet &^ facts.PartServed
	look := func(o *Observer) facts.Server {
		t.Helper()
		s := o.Observe(t.Context(), facts.Look{"replica1": parts}).Server("replica1")
		if s.Process.IsUnknown() || s.Instance.IsUnknown() || s.TLSDir.IsUnknown() || s.ConfigCheck.IsUnknown() {
			t.Fatalf("not seen: %v %v %v %v", s.Instance, s.Process, s.TLSDir, s.ConfigCheck)
		}
		return s
	}
	observer := New(c, servers, pkistore.Open(t.TempDir()), time.Now)
	want := digest(look(observer))
	right := observer.memory.of("replica1")
	elsewhere := t.TempDir()
	for name, spoil := range map[string]func(*remembered){
		"nothing":               func(r *remembered) { *r = remembered{hosts: map[string][]string{}} },
		"another version":       func(r *remembered) { r.version.Text = "10.11.0-MariaDB" },
		"no performance_schema": func(r *remembered) { r.perfSchema = false },
		"rows that are gone":    func(r *remembered) { r.hosts = map[string][]string{"repl": {"gone.example.com"}} },
		"another PID file":      func(r *remembered) { r.place.pidFile = elsewhere + "/mysqld.pid" },
		"another data folder":   func(r *remembered) { r.place.dataDir = elsewhere },
		"another OS user":       func(r *remembered) { r.place.osUser = "nobody" },
		"another process":       func(r *remembered) { r.process.Start++; r.process.Args = seen.Known([]string{"/bin/false"}) },
		"other arguments": func(r *remembered) {
			args, _ := r.process.Args.Get()
			r.process = process.Process{PID: r.process.PID + 1, Start: 1, Args: seen.Known(append(slices.Clone(args), "--no-such-option=1"))}
		},
		"other option files": func(r *remembered) { r.optionFiles = nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := New(c, servers, pkistore.Open(t.TempDir()), time.Now)
			o.memory.keep("replica1", func(r *remembered) {
				*r = right
				spoil(r)
			})
			if got := digest(look(o)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if again := o.memory.of("replica1"); again.place != right.place || again.version != right.version || again.process.Start != right.process.Start {
				t.Errorf("what is wrong stays remembered: %+v", again)
			}
		})
	}
}

// digest is what does not change from look to look.
func digest(s facts.Server) string {
	var text strings.Builder
	say := func(parts ...any) {
		for _, part := range parts {
			text.WriteString(fmt.Sprint(part) + "\n")
		}
	}
	process := s.Process.Or(facts.Process{})
	threads := s.DumpThreads.Or(nil)
	set := s.TLSDir.Or(facts.TLSDir{}).Sets[1]
	say(s.Instance, process.PID, process.OSUser, process.Start, len(threads), s.Accounts, s.Password, s.Config, s.ConfigCheck, set.Readable, set.Faults)
	for _, session := range s.Sessions.Or(nil) {
		say(session.User)
	}
	return text.String()
}

// layDown makes a set that the server's OS user can read and nobody else's can.
func layDown(t *testing.T, dir string) {
	t.Helper()
	version := filepath.Join(dir, "versions", "1")
	if err := os.MkdirAll(version, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if err := os.WriteFile(filepath.Join(version, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 {
			give(t, filepath.Join(version, name))
		}
	}
}

func give(t *testing.T, name string) {
	t.Helper()
	server, err := user.Lookup("mysql")
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.Atoi(server.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(name, id, -1); err != nil {
		t.Fatal(err)
	}
}
