package shell_test

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/replssl/replssl/remote/shell"
)

func TestASilentLineTellsItsStatusAndItsComplaints(t *testing.T) {
	line := shell.Script(`echo "$1"; echo "$2" >&2; exit 3`, "it's output", "it's a complaint").Silent()
	out, err := exec.Command("/bin/sh", "-c", line.String()).Output()
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if len(out) > 0 || string(failed.Stderr) != "it's a complaint\n" || failed.ExitCode() != 3 {
		t.Errorf("got %q, %q, %d", out, failed.Stderr, failed.ExitCode())
	}
	fault := errors.New("no")
	if err := shell.Refuse(fault).Silent().Err(); !errors.Is(err, fault) {
		t.Error(err)
	}
}
