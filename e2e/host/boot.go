package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// mount lays the host's own folder over the tree that all share.
func (h *Host) mount(ctx context.Context, base string) error {
	const script = `mkdir -p "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"`
	_, err := output(h.keeper.command(ctx, "sh", "-eu", "-c", script, "mount", "/run/hosts/"+h.Name, base), h.Name+": its files")
	return err
}

// prepare runs a shell script in the files of the host, before it boots.
func (h *Host) prepare(ctx context.Context, script string) error {
	if script == "" {
		return nil
	}
	_, err := output(h.keeper.command(ctx, "chroot", h.tree(), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"sh", "-eu", "-c", script), h.Name+": prepare")
	return err
}

// boot starts the machine and waits until it serves.
func (h *Host) boot(ctx context.Context) error {
	h.ended = make(chan struct{})
	if err := h.powerOn(ctx); err != nil {
		return err
	}
	go h.tend(context.WithoutCancel(ctx))
	return h.WaitServing(ctx)
}

func (h *Host) powerOn(ctx context.Context) error {
	nspawn := h.keeper.inside(context.WithoutCancel(ctx), bootScript, "replssl-hosts-"+h.keeper.group+h.Name, h.Name)
	if err := nspawn.Start(); err != nil {
		return fmt.Errorf("%s: boot: %w", h.Name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nspawn = nspawn
	return nil
}

// tend starts the machine again as often as it ends for a restart.
func (h *Host) tend(ctx context.Context) {
	defer close(h.ended)
	const restart = 133 // by which systemd-nspawn asks whoever runs it
	for {
		nspawn := h.running()
		_ = nspawn.Wait() // the console tells why
		if nspawn.ProcessState.ExitCode() != restart || h.powerOn(ctx) != nil {
			return
		}
	}
}

func (h *Host) running() *exec.Cmd {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.nspawn
}

// machineID tells the machine from all others that this process and its like have booted.
func (h *Host) machineID() string {
	return fmt.Sprintf("%08x00004000a000%012x", h.keeper.cmd.Process.Pid, h.Number)
}

// leader is the machine's first process, as the suite numbers it: nsenter runs systemd-nspawn, which runs it.
func (h *Host) leader() (int, error) {
	running := h.running()
	if running == nil {
		return 0, fmt.Errorf("%s: %w", h.Name, errNotUp)
	}
	nspawn, err := onlyChild(running.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", h.Name, err)
	}
	leader, err := onlyChild(nspawn)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", h.Name, err)
	}
	return leader, nil
}

func onlyChild(parent int) (int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && parentOf(pid) == parent {
			return pid, nil
		}
	}
	return 0, errNotUp
}

var errNotUp = errors.New("it is not up")

func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it ended
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest) // state, parent
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
