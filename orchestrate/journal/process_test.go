package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
)

const roleVariable = "JOURNAL_TEST_ROLE"

// TestMain lets this binary play another process.
func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, os.Args[len(os.Args)-1]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func play(role, folder string) error {
	switch role {
	case "holder":
		return hold(folder)
	case "other":
		return tryToBegin(folder)
	case "nobody":
		return asNobody(folder)
	case "limited":
		return onAFullDisk(folder)
	}
	return errors.New("no such role: " + role)
}

// hold takes the lock, writes without waiting for the disk, and waits to be killed.
func hold(folder string) error {
	j, err := journal.Begin(folder, "holder@process "+strconv.Itoa(os.Getpid()), time.Now)
	if err != nil {
		return err
	}
	if _, err := j.Write(event.StepBegan{Step: "x"}); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, j.Close())
}

func tryToBegin(folder string) error {
	j, err := journal.Begin(folder, "other@process", time.Now)
	var locked *journal.LockedError
	if errors.As(err, &locked) {
		fmt.Println("locked:", locked.Holder)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println("begun")
	return j.Close()
}

// asNobody gives up root, to which no folder is read-only.
func asNobody(folder string) error {
	if os.Getuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	return tryToBegin(folder)
}

// onAFullDisk writes until the limit of a file's size is met, goes on, and writes again after the limit is gone.
func onAFullDisk(folder string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	j, err := journal.Begin(folder, "limited", time.Now)
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: limit.Max}); err != nil {
		return err
	}
	kept := 0
	for ; kept < 100; kept++ {
		if _, err = keep(j, event.StepDone{Step: "step " + strconv.Itoa(kept)}); err != nil {
			break
		}
	}
	if err == nil {
		return errors.New("the limit was never met")
	}
	fmt.Println("kept", kept, err)
	if _, again := keep(j, event.StepFailed{Step: "too long for what is left", Error: strings.Repeat("x", 200)}); again == nil {
		return errors.New("an event past the limit was kept")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if _, err := keep(j, event.StepFailed{Step: "after", Error: "there is room again"}); err != nil {
		return err
	}
	return j.Close()
}

// child starts this binary in a role; its standard input stays open until the test is over.
func child(t *testing.T, role, folder string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, folder)
	command.Env = append(os.Environ(), roleVariable+"="+role)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command, bufio.NewReader(output)
}

func line(t *testing.T, output *bufio.Reader) string {
	t.Helper()
	text, err := output.ReadString('\n')
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return strings.TrimSpace(text)
}

func TestAnotherProcessFindsTheFolderLocked(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, night)
	_, output := child(t, "other", folder)
	if got := line(t, output); got != "locked: ops@desk, since 2026-11-22T03:00:00Z" {
		t.Errorf("%q", got)
	}
	closed(t, j)
	_, output = child(t, "other", folder)
	if got := line(t, output); got != "begun" {
		t.Errorf("%q", got)
	}
}

func TestTheLockOfAProcessThatIsKilledIsFree(t *testing.T) {
	folder := t.TempDir()
	holder, output := child(t, "holder", folder)
	if got := line(t, output); got != "held" {
		t.Fatalf("%q", got)
	}
	_, err := journal.Begin(folder, "ops", time.Now)
	var locked *journal.LockedError
	if !errors.As(err, &locked) || !strings.Contains(locked.Holder, "holder@process "+strconv.Itoa(holder.Process.Pid)) {
		t.Fatalf("%v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	j := begin(t, folder, time.Now().Add(time.Hour))
	defer closed(t, j)
	if records := read(t, folder); len(records) != 1 {
		t.Errorf("what the killed process wrote is lost: %v", records)
	}
}

// TestAChildProcessDoesNotKeepTheLock: a command that outlives a run must not lock out the next one.
func TestAChildProcessDoesNotKeepTheLock(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, night)
	keepAll(t, j, step(1))
	sleeper := exec.CommandContext(t.Context(), "sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleeper.Process.Kill()
		_ = sleeper.Wait()
	})
	closed(t, j)
	closed(t, begin(t, folder, night.Add(time.Hour)))
}

func TestAReadOnlyFolderIsAnError(t *testing.T) {
	base, err := os.MkdirTemp("", "journal") // not t.TempDir: another user must be able to walk to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	folder := filepath.Join(base, "journal")
	if err := errors.Join(os.Chmod(base, 0o755), os.Mkdir(folder, 0o755), os.Chmod(folder, 0o555)); err != nil {
		t.Fatal(err)
	}
	_, output := child(t, "nobody", folder)
	if got := line(t, output); !strings.Contains(got, "permission denied") || !strings.Contains(got, folder) || !strings.HasPrefix(got, "error: journal: ") {
		t.Errorf("%q", got)
	}
}

// TestAFullDiskLosesTheEventAndNothingElse: what was kept before is read, what did not fit is no event, and what is kept once there
// is room again is read as well.
func TestAFullDiskLosesTheEventAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	command, output := child(t, "limited", folder)
	var kept int
	if _, err := fmt.Sscanf(line(t, output), "kept %d", &kept); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(output); len(rest) > 0 {
		t.Fatalf("%s", rest)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	records := read(t, folder)
	if len(records) != kept+1 {
		t.Fatalf("%d events of %d", len(records), kept+1)
	}
	for i, r := range records {
		if r.Seq != i+1 {
			t.Errorf("event %d has the number %d", i+1, r.Seq)
		}
	}
	if last, ok := records[kept].Event.(event.StepFailed); !ok || last.Step != "after" {
		t.Errorf("%+v", records[kept])
	}
}
