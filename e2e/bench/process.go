package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"time"
)

// usage is what a finished process took.
type usage struct {
	wall  time.Duration
	peak  int64 // bytes of memory at most
	floor int64 // what this program had when it started the process: the kernel counts from then, and shows no less
}

// measure runs a command to its end. What it prints is kept for its failure.
func measure(cmd *exec.Cmd) (usage, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	debug.FreeOSMemory()
	floor, err := resident()
	if err != nil {
		return usage{}, err
	}
	began := time.Now()
	err = cmd.Run()
	u := usage{wall: time.Since(began), floor: floor}
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, said.String())
	}
	if rusage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = rusage.Maxrss << 10
	}
	return u, nil
}

// resident is the memory that this process has.
func resident() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, fmt.Errorf("/proc/self/statm: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
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
