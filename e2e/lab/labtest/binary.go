package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RunWithBinary builds replssl with the race detector, from the package in that folder, tells where it is, and runs the tests. Where REPLSSL_BIN
// names one that is built, as for an OS user without Go, that is taken.
func RunWithBinary(m *testing.M, source string, binary *string) int {
	if given := os.Getenv("REPLSSL_BIN"); given != "" {
		*binary = given
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "replssl-suite")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	*binary = filepath.Join(dir, "replssl")
	if out, err := exec.Command("go", "build", "-race", "-o", *binary, source).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building replssl: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
