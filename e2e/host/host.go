// Package host boots whole machines for the suites: a real systemd, sshd, sudo and MariaDB, installed from Debian's packages, with a
// network, a name and host keys of their own.
//
// A cluster of them lives in namespaces that one process, the keeper, holds: its network, its mounts and its processes end with the
// keeper, which ends with the test's process, however that ends. Only names of control groups outlive a killed run; the next one
// removes them.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

const (
	patience = time.Minute // bounds every wait that the caller's context does not bound tighter
	booting  = 2 * time.Minute
)

// Host is one machine.
type Host struct {
	Name     string
	Number   int    // the last part of its addresses, and its server_id
	Address  string // its IPv4 address; empty where it has none
	Address6 string

	keeper *keeper
	unit   string // of its MariaDB; empty where it runs none

	mu     sync.Mutex
	nspawn *exec.Cmd
	ended  chan struct{} // closed when nspawn is gone
}

// Tree is the folder of the host's files as the suite sees them, before and after it booted.
func (h *Host) Tree() string { return h.keeper.path(h.tree()) }

// tree is the same folder as the keeper sees it.
func (h *Host) tree() string { return filepath.Join("/run/hosts", h.Name, "root") }

// WriteFile writes one of the host's files, given by its path there, as root's.
func (h *Host) WriteFile(path, content string, mode os.FileMode) error {
	file := filepath.Join(h.Tree(), path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	return os.Chmod(file, mode)
}

// Run runs a shell script on the host, as root and without any login, and returns what it printed. It needs no network.
func (h *Host) Run(ctx context.Context, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd, err := h.Command(ctx, "sh", "-eu", "-c", script)
	if err != nil {
		return "", err
	}
	return output(cmd, h.Name)
}

// Command is a command on the host, as root and without any login, with a clean environment.
func (h *Host) Command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	leader, err := h.leader()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "nsenter", append([]string{
		"-t", strconv.Itoa(leader), "-m", "-u", "-i", "-n", "-p", "-C", "--", "env", "-i", "-C", "/root",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
	}, args...)...), nil
}

// Reboot restarts the machine as `reboot` does, and waits until its services answer.
func (h *Host) Reboot(ctx context.Context) error { return h.reboot(ctx, "systemctl reboot") }

// Crash restarts the machine as a loss of power does, and waits until its services answer.
func (h *Host) Crash(ctx context.Context) error {
	return h.reboot(ctx, "systemctl reboot --force --force")
}

func (h *Host) reboot(ctx context.Context, command string) error {
	before, err := h.leader()
	if err != nil {
		return err
	}
	_, _ = h.Run(ctx, command) // it may not live to tell
	ctx, cancel := context.WithTimeout(ctx, booting)
	defer cancel()
	err = lab.Until(ctx, h.Name+": wait for the end of its first system", func() (bool, error) {
		now, err := h.leader()
		return err == nil && now != before, h.gone()
	})
	if err != nil {
		return err
	}
	return h.WaitServing(ctx)
}

// CutOff takes the host's cable out: nothing it is sent arrives, and nobody is told.
func (h *Host) CutOff(ctx context.Context) error { return h.cable(ctx, "down") }

// Rejoin puts the cable back, and waits until the machine is reached: neighbours that have looked for it in vain look again only after a while.
func (h *Host) Rejoin(ctx context.Context) error {
	if err := h.cable(ctx, "up"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, booting)
	defer cancel()
	return lab.Until(ctx, h.Name+": wait until it is reached again", func() (bool, error) {
		_, err := output(h.keeper.command(ctx, "bash", "-c", ": < /dev/tcp/"+h.Address+"/22"), h.Name)
		return err == nil, h.gone()
	})
}

func (h *Host) cable(ctx context.Context, state string) error {
	_, err := output(h.keeper.command(ctx, "ip", "link", "set", "vb-"+h.Name, state), h.Name)
	return err
}

// WaitServing waits until the machine's sshd and server are active.
func (h *Host) WaitServing(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, booting)
	defer cancel()
	said := ""
	err := lab.Until(ctx, h.Name+": wait until its services are active", func() (bool, error) {
		out, err := h.Run(ctx, h.serving())
		said = out
		return err == nil, h.gone()
	})
	if err != nil {
		return fmt.Errorf("%w: %s\nthe end of its console:\n%s", err, said, h.Console())
	}
	return nil
}

// serving is a script that fails until the services are active: by systemd, which lets users log in only when it is up, or by their init
// scripts where Prepare gave the host another init.
func (h *Host) serving() string {
	return `units="ssh.service ` + h.unit + `"
if [ "$(cat /proc/1/comm)" = init ]; then
	for unit in $units; do service "${unit%.service}" status; done
	exit
fi
systemctl is-active $units
case $(systemctl is-system-running || true) in running | degraded) ;; *) exit 1 ;; esac`
}

// Console is the end of what the machine printed while it booted.
func (h *Host) Console() string {
	text, err := os.ReadFile(h.keeper.path(h.console()))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func (h *Host) console() string { return filepath.Join("/run/hosts", h.Name, "console") }

// Log is the end of the machine's journal.
func (h *Host) Log(ctx context.Context) string {
	out, err := h.Run(ctx, "journalctl --no-pager -q -n 40 -o short-precise")
	return strings.Join([]string{out, errorText(err)}, "")
}

func (h *Host) gone() error {
	select {
	case <-h.ended:
		return fmt.Errorf("%s: the machine is gone; the end of its console:\n%s", h.Name, h.Console())
	default:
		return nil
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// output runs a command and tells what it said when it fails.
func output(cmd *exec.Cmd, who string) (string, error) {
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	text := strings.TrimRight(out.String(), "\n")
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return text, fmt.Errorf("%s: %s: %w: %s", who, cmd.Args[len(cmd.Args)-1], err, strings.TrimSpace(complaints.String()+"\n"+text))
	}
	if err != nil {
		return text, fmt.Errorf("%s: %w", who, err)
	}
	return text, nil
}
