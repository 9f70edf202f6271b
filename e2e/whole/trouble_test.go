package whole_test

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/host"
)

const three = "primary: db1\nreplicas: [db2, db3]\naccount: {user: repl}\n" + asRoot

// applyUntil runs apply, does something when a line of its progress begins so, and returns how the run ended.
func (s *site) applyUntil(begins string, do func(context.Context) error) outcome {
	s.t.Helper()
	cmd := s.from(s.t.Context(), "apply", "--yes", "--allow-restart")
	progress, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	text, done := strings.Builder{}, false
	for lines := bufio.NewScanner(io.TeeReader(progress, &text)); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), begins) && !done {
			done = true
			s.do(do)
		}
	}
	_ = cmd.Wait() // the exit code tells
	s.printed.WriteString(out.String() + text.String())
	o := outcome{cmd.ProcessState.ExitCode(), out.String(), text.String()}
	if !done {
		s.t.Fatalf("no line begins with %q: %s", begins, o)
	}
	return o
}

func TestReplicaThatLosesPowerInTheMiddle(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, three)
	o := s.applyUntil("change/db2", s.Host("db3").Crash)
	t.Logf("the run that met it: %s", o)
	s.want(0, "apply", "--yes", "--allow-restart")
	s.proven()
}

func TestPrimaryThatRebootsInTheMiddle(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, three)
	o := s.applyUntil("change/db2", s.Host("db1").Reboot)
	t.Logf("the run that met it: %s", o)
	s.want(0, "apply", "--yes", "--allow-restart")
	s.proven()
}

func TestNetworkCutInTheMiddle(t *testing.T) {
	s := start(t, host.Options{Replicas: 2}, three)
	began := time.Now()
	o := s.applyUntil("change/db2", s.Host("db3").CutOff)
	t.Logf("the run that met it took %s: %s", time.Since(began).Round(time.Second), o)
	if o.code != 4 {
		t.Errorf("want exit code 4: %s", o)
	}
	if row := s.slaveStatus("db2"); row["Master_SSL_Allowed"] != "Yes" || row["Slave_IO_Running"] != "Yes" {
		t.Errorf("the replica that was reached is not changed: %v", row)
	}
	if row := s.slaveStatus("db3"); row["Slave_SQL_Running"] != "Yes" {
		t.Errorf("the applier of the replica that was cut off does not run: %v", row)
	}
	if required, err := s.Value(t.Context(), "db1", "SELECT Priv LIKE '%ssl_type%' FROM mysql.global_priv WHERE User = 'repl'"); required != "0" {
		t.Errorf("TLS is required while a replica could not be looked at: %s %v", required, err)
	}
	s.do(s.Host("db3").Rejoin)
	s.want(0, "apply", "--yes", "--allow-restart")
	s.proven()
}
