package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

// broken is a stream that fails with an error of the operating system.
type broken struct{ errno syscall.Errno }

func (b broken) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: b.errno}
}

// unreached is an inventory whose servers nobody reaches: there is no key to log in with.
func unreached(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.yaml")
	text := "cluster: orders\nprimary: db1\nreplicas: [db2]\naccount: {user: repl}\nssh: {user: ops, identity_file: /nonexistent, known_hosts: /nonexistent}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestResultThatCannotBeWritten is a failure; one that a reader did not wait for is not.
func TestResultThatCannotBeWritten(t *testing.T) {
	const unwritten = "error: the result could not be written: no space left on device\n"
	inventory := unreached(t)
	for _, c := range []struct {
		line         string
		code, atPipe int
	}{
		{"status", 1, exitDone},
		{"status --json", 1, exitError},
		{"plan", 1, exitBlocked},
		{"plan --json", 1, exitError},
		{"verify", 1, exitUnproven},
		{"runbook", 1, exitError},
	} {
		args := append(strings.Fields(c.line), "-i", inventory)
		var said bytes.Buffer
		code := Main(t.Context(), World{Args: args, Stdout: broken{syscall.ENOSPC}, Stderr: &said, Getenv: func(string) string { return "" }})
		if code != c.code || said.String() != unwritten {
			t.Errorf("%s on a full disk: exit code %d\n%s", c.line, code, &said)
		}
		said.Reset()
		code = Main(t.Context(), World{Args: args, Stdout: broken{syscall.EPIPE}, Stderr: &said, Getenv: func(string) string { return "" }})
		if code != c.atPipe || strings.Contains(said.String(), "could not be written") {
			t.Errorf("%s into a closed pipe: exit code %d\n%s", c.line, code, &said)
		}
	}
}

// TestFailureKeepsItsExitCode when its result cannot be written either: that some steps are done is the worse news.
func TestFailureKeepsItsExitCode(t *testing.T) {
	full := &output{to: broken{syscall.ENOSPC}}
	_, wrote := fmt.Fprintln(full, "a report")
	partly := &codeError{code: exitPartly, text: "partly applied", hint: "mend what failed"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "the result could not be written: no space left on device"},
		{&codeError{code: exitPending}, "the result could not be written: no space left on device"},
		{fmt.Errorf("printing: %w", wrote), "the result could not be written: no space left on device"},
		{partly, "partly applied; the result could not be written: no space left on device"},
	} {
		if got := full.outcome(c.err); got.Error() != c.want || errors.Is(got, partly) != errors.Is(c.err, partly) {
			t.Errorf("%v comes to %q, want %q", c.err, got, c.want)
		}
	}
	for code, run := range map[int]event.RunEnded{exitPartly: {Outcome: event.Partly}, exitUnproven: {Outcome: event.Succeeded}} {
		var coded *codeError
		cmd := &cobra.Command{}
		cmd.SetOut(full)
		if err := (job{settings: &settings{json: true}}).conclude(cmd, plan.Plan{}, run, plan.Report{}); !errors.As(err, &coded) || coded.code != code {
			t.Errorf("%s: %v, want exit code %d", run.Outcome, err, code)
		}
	}
	if whole := (&output{}); whole.outcome(nil) != nil || !errors.Is(whole.outcome(partly), partly) || whole.outcome(partly).Error() != partly.text {
		t.Error("an output that took everything changes what a command comes to")
	}
}
