package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/cmd/replssl/internal/ui/live"
	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

// changeFlags are those of every command that changes a cluster.
type changeFlags struct {
	yes    bool
	digest string
	wait   time.Duration
}

func (c *changeFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	f.StringVar(&c.digest, "digest", "", "refuse unless the plan has the `DIGEST` that was approved")
	f.DurationVar(&c.wait, "wait", 30*time.Second, "the `TIME` to wait at the end for the replicas to reach the primary")
}

// job is work that changes a cluster: lock, plan, leave of a person, run, proof.
type job struct {
	changeFlags
	settings *settings
	session  *session
	cluster  topology.Cluster

	work    event.Work
	again   string // the subcommand that goes on
	options plan.Options

	idle func(cmd *cobra.Command, seen facts.Facts) error // says that nothing is to do; nil: the proof does
}

// run gives the plan that was carried out.
func (j job) run(cmd *cobra.Command) (plan.Plan, error) {
	run, err := j.session.Begin(cmd.Context(), j.work)
	if orchestrate.IsLocked(err) {
		return plan.Plan{}, &codeError{code: exitLocked, text: plain.Cause(err), hint: "wait for it to end; the lock goes with its process"}
	}
	if err != nil {
		return plan.Plan{}, err
	}
	defer func() { _ = run.Close() }()
	p, seen, err := j.approve(cmd)
	if err != nil {
		return p, err
	}
	if err := run.Ready(p); err != nil {
		return p, err
	}
	if err := j.unlock(cmd, p); err != nil {
		return p, err
	}
	ended, err := j.carryOut(cmd, run, p)
	if err != nil {
		return p, err
	}
	if j.isIdle(p) {
		return p, j.idle(cmd, seen)
	}
	report, err := j.prove(cmd, p, seen)
	if err != nil {
		return p, err
	}
	return p, j.conclude(cmd, p, ended, report)
}

func (j job) isIdle(p plan.Plan) bool { return j.idle != nil && len(p.Steps)+len(p.Blocked) == 0 }

// approve plans, and gives the plan and what it was made of when it may be carried out.
func (j job) approve(cmd *cobra.Command) (plan.Plan, facts.Facts, error) {
	p, seen, err := j.session.Plan(cmd.Context(), j.options)
	if err != nil {
		return p, seen, err
	}
	if cmd.Context().Err() != nil {
		return p, seen, &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	if !j.settings.json && !j.isIdle(p) || len(p.Blocked) > 0 {
		ui.Brief(cmd.ErrOrStderr(), p)
	}
	switch {
	case len(p.Blocked) > 0:
		return p, seen, &codeError{code: exitBlocked}
	case j.digest != "" && j.digest != p.Digest():
		return p, seen, &codeError{
			code: exitBlocked, text: fmt.Sprintf("the plan is %s now, and %s was approved", p.Digest(), j.digest),
			hint: "something has changed since: read the plan again, and approve the new one",
		}
	case len(p.Steps) == 0 || j.yes:
		return p, seen, nil
	}
	return p, seen, ask(cmd, j.settings)
}

func ask(cmd *cobra.Command, s *settings) error {
	if !isTerminal(s.world.Stdin) {
		return &codeError{code: exitError, text: "there is no terminal to ask at", hint: "--yes carries the plan out without asking"}
	}
	fmt.Fprint(cmd.ErrOrStderr(), "Carry this out? Only yes is taken as yes: ")
	answer, _ := bufio.NewReader(s.world.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return &codeError{code: exitError, text: "declined; nothing was changed"}
	}
	return nil
}

// unlock asks while the person who said yes is still there: nobody is asked in the middle of a run.
func (j job) unlock(cmd *cobra.Command, p plan.Plan) error {
	err := j.session.Unlock(cmd.Context(), p)
	if err != nil && cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	return err
}

// carryOut lets a person or a program watch while the plan is carried out.
func (j job) carryOut(cmd *cobra.Command, run *orchestrate.Run, p plan.Plan) (event.RunEnded, error) {
	watch, leave := func(event.Record) {}, func() {}
	if len(p.Steps) > 0 {
		watch, leave = watcher(cmd, j.settings, j.cluster, p)
	}
	ended, err := run.Apply(cmd.Context(), p, watch)
	leave()
	switch {
	case err != nil:
		return ended, &codeError{code: exitPartly, text: plain.Cause(err), hint: "run " + j.again + " again when that is mended"}
	case ended.Outcome == event.Interrupted:
		return ended, &codeError{
			code: exitInterrupted, text: fmt.Sprintf("interrupted: %d of %d steps are done", ended.Done, len(p.Steps)),
			hint: "run " + j.again + " again to go on",
		}
	}
	return ended, nil
}

// prove looks at everything anew, unless nothing was done since the plan was made.
func (j job) prove(cmd *cobra.Command, p plan.Plan, seen facts.Facts) (plan.Report, error) {
	ctx := context.WithoutCancel(cmd.Context())
	if len(p.Steps) == 0 {
		return j.session.VerifyThese(ctx, seen, j.options, j.wait), nil
	}
	return j.session.VerifyAfter(ctx, seen, j.options, j.wait)
}

// conclude says what the run and its proof come to, also where the proof could not be printed.
func (j job) conclude(cmd *cobra.Command, p plan.Plan, ended event.RunEnded, report plan.Report) error {
	told := tell(cmd, j.settings, report)
	switch {
	case ended.Outcome == event.Partly:
		return &codeError{
			code: exitPartly, text: fmt.Sprintf("partly applied: %d done, %d failed, %d not begun", ended.Done, ended.Failed, ended.Skipped),
			hint: "mend what failed and run " + j.again + " again: what is done is not done twice",
		}
	case !report.OK && len(p.Left) > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "left for another run: %s\n", namesOf(p.Left))
	case !report.OK:
		return &codeError{code: exitUnproven, text: "applied, but not proven", hint: "mend the problems above, and look again by replssl verify" + kept(j.options)}
	}
	return told
}

func namesOf(servers []topology.ServerName) string {
	names := make([]string, len(servers))
	for i, server := range servers {
		names[i] = string(server)
	}
	return strings.Join(names, ", ")
}

// tell prints the judgement after the events: with --json as one more line.
func tell(cmd *cobra.Command, s *settings, report plan.Report) error {
	if !s.json {
		ui.Report(cmd.OutOrStdout(), report)
		return nil
	}
	return ui.JSONLine(cmd.OutOrStdout(), struct {
		Event string      `json:"event"`
		Data  plan.Report `json:"data"`
	}{"verified", report})
}

// watcher tells of the events as it suits whoever is there, and leaves when the run is over.
func watcher(cmd *cobra.Command, s *settings, cluster topology.Cluster, p plan.Plan) (watch func(event.Record), leave func()) {
	if s.json {
		return func(r event.Record) { _ = ui.JSONLine(cmd.OutOrStdout(), r) }, func() {}
	}
	terminal, ok := live.TerminalOf(s.world.Stderr, s.world.Getenv)
	if !ok {
		return ui.NewProgress(cmd.ErrOrStderr(), len(p.Steps)).Show, func() {}
	}
	view := live.Open(live.Config{
		Terminal: terminal, Scene: live.NewScene(cluster, p, live.SignsFor(s.world.Getenv)),
		Now: time.Now, Interrupted: cmd.Context().Err() != nil,
	})
	var left []event.CommandLeft
	watch = func(r event.Record) {
		if e, goesOn := r.Event.(event.CommandLeft); goesOn {
			left = append(left, e)
		}
		view.Show(r)
	}
	return watch, func() {
		view.Close()
		for _, e := range left {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", ui.Left(e))
		}
	}
}
