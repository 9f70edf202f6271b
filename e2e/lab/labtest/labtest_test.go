package labtest_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

// TestLabEndsWithItsProcess kills a test in the middle of its work: this test again, in a process of its own.
func TestLabEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("LABTEST_VICTIM") != "" {
		victim(t)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLabEndsWithItsProcess$")
	cmd.Env = append(os.Environ(), "LABTEST_VICTIM=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir, ok := strings.CutPrefix(strings.TrimSpace(line), "lab in ")
	if err != nil || !ok {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	if _, err := lab.Open(dir); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	awaitNoFolder(t, dir)
}

func victim(t *testing.T) {
	t.Helper()
	l := labtest.Start(t, lab.Options{Replicas: -1})
	if _, err := os.Stdout.WriteString("lab in " + l.Dir + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Pause(); err != nil {
		t.Fatal(err)
	}
}

func awaitNoFolder(t *testing.T, dir string) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is still there", dir)
		case <-ticker.C:
		}
	}
}
