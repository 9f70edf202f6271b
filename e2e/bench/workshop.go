package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/replssl/replssl/e2e/lab"
)

// workshop is the folder that everything is measured in, with the built replssl and the script.
type workshop struct {
	dir     string
	replssl string
	byHand  string
	labs    int
}

// inWorkshop builds replssl unless a built one is given, lets work run, and removes everything.
func inWorkshop(ctx context.Context, built string, work func(*workshop) error) (err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // the servers' OS user has to come through
		return err
	}
	w := &workshop{dir: dir, replssl: built, byHand: filepath.Join(dir, "byhand.sh")}
	if err := os.WriteFile(w.byHand, []byte(byHandScript), 0o755); err != nil {
		return err
	}
	if built == "" {
		w.replssl = filepath.Join(dir, "replssl")
		if err := build(ctx, w.replssl); err != nil {
			return err
		}
	}
	return work(w)
}

func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/replssl/replssl/cmd/replssl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build replssl: %w\n%s", err, said)
	}
	return nil
}

// onFreshLab lets work run on a cluster in plaintext that nothing was done to, and removes it.
func (w *workshop) onFreshLab(ctx context.Context, replicas int, work func(*lab.Lab) error) (err error) {
	w.labs++
	l, err := lab.Up(ctx, lab.Options{Dir: filepath.Join(w.dir, "lab"+strconv.Itoa(w.labs)), Replicas: replicas})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Remove(context.WithoutCancel(ctx))) }()
	return work(l)
}
