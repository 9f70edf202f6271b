package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/ssh"
)

func readInventory(inventory string) (topology.Cluster, error) {
	text, err := os.ReadFile(inventory)
	if err != nil {
		return topology.Cluster{}, err
	}
	me, err := user.Current()
	if err != nil {
		return topology.Cluster{}, err
	}
	return topology.Parse(inventory, text, topology.Defaults{User: me.Username, Home: me.HomeDir, Dir: filepath.Dir(inventory)})
}

// openTraced begins a session in this process, on the cluster of an inventory, whose waits are noted.
func openTraced(inventory string, r *recorder) (*orchestrate.Session, error) {
	cluster, err := readInventory(inventory)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(inventory)
	return orchestrate.Open(orchestrate.Config{
		Cluster: cluster, Dial: traced(r, access.Over(&ssh.Dialer{})), PKI: filepath.Join(dir, "pki"), Journal: filepath.Join(dir, "journal"),
		Who: "bench", Version: "bench", Now: time.Now,
	}), nil
}

// applyTraced does in this process what `replssl apply` does.
func applyTraced(ctx context.Context, inventory string, r *recorder) (err error) {
	session, err := openTraced(inventory, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.phase("close", session.Close)) }()
	run, err := session.Begin(ctx, event.Apply)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	var p plan.Plan
	err = r.phase("plan", func() (err error) {
		p, _, err = session.Plan(ctx, plan.Options{})
		return err
	})
	if err != nil || len(p.Blocked) > 0 {
		return errors.Join(err, blocked(p))
	}
	if err := r.phase("apply", func() error { return carryOut(ctx, run, p, r) }); err != nil {
		return err
	}
	return r.phase("verify", func() error { return prove(ctx, session) })
}

func blocked(p plan.Plan) error {
	var errs []error
	for _, b := range p.Blocked {
		errs = append(errs, fmt.Errorf("%+v", b))
	}
	return errors.Join(errs...)
}

func carryOut(ctx context.Context, run *orchestrate.Run, p plan.Plan, r *recorder) error {
	ended, err := run.Apply(ctx, p, r.watch)
	if err == nil && ended.Outcome != event.Succeeded {
		return fmt.Errorf("the run ended %+v", ended)
	}
	return err
}

func prove(ctx context.Context, session *orchestrate.Session) error {
	report, err := session.Verify(ctx, plan.Options{}, 30*time.Second)
	if err == nil && !report.OK {
		return fmt.Errorf("applied, but not proven: %+v", report.Problems)
	}
	return err
}
