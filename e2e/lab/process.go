package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pollEvery is how often something is asked that cannot be waited for.
const pollEvery = 10 * time.Millisecond

// patience bounds every wait that the caller's context does not bound tighter. An applier of MySQL that is stopped in the middle of a transaction, of
// which the receiver has not got the rest, waits for that: for more than a minute once (seen on 8.0.33).
const patience = 2 * time.Minute

// grace is what a process that was asked to end is given for it.
const grace = 15 * time.Second

// matcher recognises a process by its command line.
type matcher func(args []string) bool

// isServer accepts the server itself, and not a command that merely reads the same file, as a check of the configuration does.
func (s Server) isServer(args []string) bool {
	return slices.Contains([]string{"mariadbd", "mysqld"}, programName(args)) && slices.Equal(args[1:], s.arguments())
}

// isSSHD accepts the listener, which rewrites its command line into one word once it listens, and not its sessions, which
// rewrite theirs into the name of the user.
func (s Server) isSSHD(args []string) bool {
	line := strings.Join(args, " ") + " "
	return strings.HasPrefix(programName(args), "sshd") && strings.Contains(line, " -f "+s.SSHConfigFile+" ")
}

// programName is the name of what runs, in a rewritten command line as well.
func programName(args []string) string {
	path, _, _ := strings.Cut(args[0], ":")
	return filepath.Base(path)
}

func commandLine(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return []string{""} // it ended
	}
	return strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
}

// processes lists the pids that a matcher accepts. A process that ended and was not yet collected has no command line.
func processes(is matcher) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("lab: list the processes: %w", err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && is(commandLine(pid)) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// stop asks all that match to end, and ends those that do not: MariaDB 10.11 hangs for good when it is asked in the first
// tenth of a second of its start.
func stop(ctx context.Context, who string, is matcher, grace time.Duration) error {
	polite, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := end(polite, who, is, syscall.SIGTERM)
	if polite.Err() == nil || ctx.Err() != nil {
		return err
	}
	return end(ctx, who, is, syscall.SIGKILL)
}

// end sends a signal to all that match, also to those that appear meanwhile, and waits until none is left.
func end(ctx context.Context, who string, is matcher, signal os.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent := map[int]bool{}
	return Until(ctx, who+": wait for the end of its process", func() (bool, error) {
		pids, err := processes(is)
		for _, pid := range pids {
			if !sent[pid] {
				err = errors.Join(err, send(pid, is, signal))
				sent[pid] = true
			}
		}
		return len(pids) == 0, err
	})
}

// send holds the process before it looks at the command line again, so that a pid that was given to another in between is
// left alone.
func send(pid int, is matcher, signal os.Signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	defer func() { _ = process.Release() }()
	if !is(commandLine(pid)) {
		return nil
	}
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	return nil
}

// sessionsOf lists the sshd processes below a listener: one or two for each connection.
func sessionsOf(listeners []int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("lab: list the processes: %w", err)
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if name, parent := status(pid); strings.HasPrefix(name, "sshd") {
			children[parent] = append(children[parent], pid)
		}
	}
	var found []int
	for next := listeners; len(next) > 0; next = next[1:] {
		found = append(found, children[next[0]]...)
		next = append(next, children[next[0]]...)
	}
	return found, nil
}

func status(pid int) (name string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "", 0
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "Name":
			name = strings.TrimSpace(value)
		case "PPid":
			parent, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
	return name, parent
}

// Until asks again and again until the answer is yes, an error, or the end of the context, whose cause it tells.
func Until(ctx context.Context, what string, done func() (bool, error)) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}
