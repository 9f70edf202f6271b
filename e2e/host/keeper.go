package host

import (
	"bufio"
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

var (
	//go:embed keeper.sh
	keeperScript string
	//go:embed boot.sh
	bootScript string
	//go:embed sweep.sh
	sweepScript string
)

// keeper is the process that holds the namespaces of a cluster: the kernel ends and unmounts what is in them when it ends.
type keeper struct {
	cmd   *exec.Cmd
	input io.Closer
	group string // begins the names of the cluster's control groups
}

// keep starts a keeper, whose own addresses on the bridge are the clients'.
func keep(ctx context.Context, addresses ...string) (*keeper, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", append([]string{"-c", keeperScript, "keeper"}, addresses...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("hosts: namespaces of their own: %w", err)
	}
	k := &keeper{cmd: cmd, input: input, group: fmt.Sprintf("%d-%d-", os.Getpid(), cmd.Process.Pid)}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		return nil, errors.Join(fmt.Errorf("hosts: set up their namespaces: %w: %s", err, strings.TrimSpace(complaints.String())), k.end(ctx))
	}
	return k, nil
}

// end ends everything in the namespaces and waits for it.
func (k *keeper) end(ctx context.Context) error {
	_ = k.cmd.Process.Kill() // with the first process of a namespace the kernel ends all
	_ = k.input.Close()
	_ = k.cmd.Wait() // it was killed
	return sweep(ctx, k.group)
}

// sweep removes the control groups whose names begin so, or those that killed runs have left.
func sweep(ctx context.Context, prefix ...string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var why error
	err := lab.Until(ctx, "hosts: remove their control groups", func() (bool, error) {
		cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", sweepScript, "sweep"}, prefix...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		_, why = output(cmd, "sweep")
		return why == nil, nil
	})
	if err != nil {
		return errors.Join(err, why)
	}
	return nil
}

// path is where the suite finds a file of the keeper's mounts.
func (k *keeper) path(file string) string {
	return filepath.Join("/proc", strconv.Itoa(k.cmd.Process.Pid), "root", file)
}

// command runs in the keeper's network and mounts; its process is the caller's.
func (k *keeper) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(k.cmd.Process.Pid), "-m", "-n", "--", name}, args...)...)
}

// inside runs a script where it ends with the keeper.
func (k *keeper) inside(ctx context.Context, script string, args ...string) *exec.Cmd {
	pid := strconv.Itoa(k.cmd.Process.Pid)
	return exec.CommandContext(ctx, "nsenter", append([]string{
		"-t", pid, "-m", "-n", "-p", "--", "unshare", "-m", "sh", "-c", script, "host",
	}, args...)...)
}
