package process_test

import (
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/replssl/replssl/remote/process"
)

// pretend runs a program of that name with those arguments, until the test ends.
func pretend(t *testing.T, name string, args ...string) (pid int) {
	t.Helper()
	pid, _ = begin(t, name, args...)
	return pid
}

// ended is the same that has ended, and is not collected before the test ends.
func ended(t *testing.T, name string) (pid int) {
	t.Helper()
	pid, end := begin(t, name)
	end()
	return pid
}

func begin(t *testing.T, name string, args ...string) (pid int, end func()) {
	t.Helper()
	shell, err := filepath.EvalSymlinks("/bin/sh")
	must(t, err)
	text, err := os.ReadFile(shell)
	must(t, err)
	program := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(program, text, 0o700))
	cmd := exec.CommandContext(t.Context(), program, append([]string{"-c", "echo runs; read -r end"}, args...)...)
	input, err := cmd.StdinPipe()
	must(t, err)
	output, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	if _, err := output.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, func() {
		must(t, input.Close())
		_, err := io.ReadAll(output) // to its end, which comes with that of the process
		must(t, err)
	}
}

func TestServersOfThisMachine(t *testing.T) {
	want := map[int][]string{
		pretend(t, "mysqld", "--defaults-file=/a b.cnf", "--port=1", "--defaults-group-suffix=.x\ny"): {"--defaults-file=/a b.cnf", "--defaults-group-suffix=.x\ny"},
		pretend(t, "mariadbd", "--no-defaults", "--no-defaultsx"):                                     {"--no-defaults"},
		pretend(t, "mysqld", "--user=mysql"):                                                          nil,
	}
	strangers := []int{
		pretend(t, "mysqld_exporter", "--defaults-file=/a"), pretend(t, "mariadbd", "--defaults-file=/a", "--help", "--verbose"),
		pretend(t, "mysqld", "--no-defaults", "--bootstrap"), ended(t, "mysqld"),
	}
	found, err := process.ParseServers(run(t, process.Servers()))
	must(t, err)
	servers, ok := found.Get()
	if !ok {
		t.Fatal(found)
	}
	seen := map[int]bool{}
	for _, server := range servers {
		seen[server.PID] = true
		if options, ours := want[server.PID]; ours && !slices.Equal(server.Options, options) || slices.Contains(strangers, server.PID) {
			t.Errorf("got %+v, want %q", server, options)
		}
	}
	for pid := range want {
		if !seen[pid] {
			t.Errorf("process %d is not among %v", pid, servers)
		}
	}
}

func TestAnswersAboutServers(t *testing.T) {
	options := func(text string) string { return "options " + base64.StdEncoding.EncodeToString([]byte(text)) + "\n" }
	for lines, want := range map[string]string{
		"":                 "[]",
		"server 7\n":       "[{7 []}]",
		"unknown wedged\n": "unknown (wedged)",
		"server 7\nserver 77\n" + options("/proc/77/cmdline:--defaults-file=/a:b\x00/proc/7/cmdline:--no-defaults\x00"): "[{7 [--no-defaults]} {77 [--defaults-file=/a:b]}]",
		"server 7\n" + options(""): "[{7 []}]",
	} {
		found, err := process.ParseServers([]byte("=== replssl begin ===\n" + lines + "=== replssl end ===\n"))
		if err != nil || found.String() != want {
			t.Errorf("%q gives %v, %v", lines, found, err)
		}
	}
	for _, lines := range []string{"server x\n", "hello\n", "options *\n"} {
		if found, err := process.ParseServers([]byte("=== replssl begin ===\n" + lines + "=== replssl end ===\n")); err == nil {
			t.Errorf("%q is accepted: %v", lines, found)
		}
	}
}
