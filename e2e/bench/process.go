package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// usage is what a finished process took.
type usage struct {
	wall time.Duration
	peak int64 // bytes of memory at most
}

// measure runs a command to its end. What it prints is kept for its failure.
func measure(cmd *exec.Cmd) (usage, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(began)}
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, said.String())
	}
	if rusage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = rusage.Maxrss << 10
	}
	return u, nil
}

// applyCommand is replssl for the cluster of an inventory, ready to run.
func (w *workshop) applyCommand(ctx context.Context, inventory string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.replssl, "apply", "--yes", "--allow-restart", "--inventory", inventory)
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK=")
	return cmd
}

func (w *workshop) apply(ctx context.Context, inventory string) (usage, error) {
	return measure(w.applyCommand(ctx, inventory))
}

// ownPeak is the memory that this process has had at most. A child's figure is never below it: the kernel counts from the moment before
// the child becomes another program.
func ownPeak() (int64, error) {
	var rusage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &rusage); err != nil {
		return 0, err
	}
	return rusage.Maxrss << 10, nil
}
