package lab

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProcessesAreToldApart(t *testing.T) {
	t.Parallel()
	s := newServer("/tmp/lab1", 0, nil)
	for _, c := range []struct {
		line         string // words separated by |
		server, sshd bool
	}{
		{"/usr/sbin/mariadbd|--defaults-file=/tmp/lab1/primary/my.cnf", true, false},
		{"/usr/sbin/mariadbd|--defaults-file=/tmp/lab1/primary/my.cnf|--help|--verbose", false, false},
		{"/usr/sbin/mariadbd|--defaults-file=/tmp/lab10/primary/my.cnf", false, false},
		{"/usr/sbin/mariadbd|--no-defaults", false, false},
		{"setsid|/usr/sbin/mariadbd|--defaults-file=/tmp/lab1/primary/my.cnf", false, false},
		{"vi|--defaults-file=/tmp/lab1/primary/my.cnf", false, false},
		{"/usr/sbin/sshd|-f|/tmp/lab1/primary/sshd_config|-E|/tmp/lab1/primary/sshd.log", false, true},
		{"sshd: /usr/sbin/sshd -f /tmp/lab1/primary/sshd_config -E /tmp/lab1/primary/sshd.log [listener] 0 of 10-100 startups", false, true},
		{"sshd: /usr/sbin/sshd -f /tmp/lab1/replica1/sshd_config [listener] 0 of 10-100 startups", false, false},
		{"sshd: root@notty", false, false},
		{"less|-f|/tmp/lab1/primary/sshd_config", false, false},
		{"", false, false},
	} {
		args := strings.Split(c.line, "|")
		if got := s.isServer(args); got != c.server {
			t.Errorf("%s: isServer is %v", c.line, got)
		}
		if got := s.isSSHD(args); got != c.sshd {
			t.Errorf("%s: isSSHD is %v", c.line, got)
		}
	}
}

// TestAServerThatIgnoresTheRequestIsEnded uses a shell in the server's place, since to bring the server into that state is luck.
func TestAServerThatIgnoresTheRequestIsEnded(t *testing.T) {
	t.Parallel()
	cmd, is := startDeaf(t)
	if err := stop(t.Context(), "deaf", is, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("got %v", err)
	}
}

// startDeaf starts a process that ignores SIGTERM, with the matcher for it alone.
func startDeaf(t *testing.T) (*exec.Cmd, matcher) {
	t.Helper()
	word := t.TempDir()
	cmd := exec.Command("sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done", word)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 1)) // the trap is set
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, func(args []string) bool { return slices.Contains(args, word) }
}
