package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// describeMachine tells what the figures were measured on.
func describeMachine(ctx context.Context, out io.Writer) error {
	server, err := exec.CommandContext(ctx, "mariadb", "--version").Output()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s, %d CPUs, load average %s, %s, %s\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		system(), runtime.NumCPU(), loadAverage(), strings.TrimSpace(string(server)), runtime.Version())
	return nil
}

func system() string {
	text, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"`)
		}
	}
	return runtime.GOOS
}

// loadAverage is that of the last minute: a figure that was measured on a busy machine says little.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(text), " ")
	return load
}
