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

type applyFlags struct {
	planFlags
	yes    bool
	dryRun bool
	digest string
	wait   time.Duration
}

func newApply(s *settings) *cobra.Command {
	var flags applyFlags
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the changes that plan shows, and prove the result",
		Long: `Plan afresh, show the plan and who notices, ask once, carry it out, and prove
the result. What is done is not done twice: after a failure or an interruption,
mend what it tells and run apply again. Ctrl-C ends the run after the steps
under way; a second Ctrl-C ends it at once.

Exit codes: 0 done or nothing to do, 1 error or declined, 3 blocked or another
plan than approved, 4 partly applied, 5 applied but not proven, 11 another run
is at work, 130 interrupted.`,
		Example: `  replssl apply -i orders.yaml
  replssl apply --yes --digest 4f1c09aa73d1`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.dryRun {
				return runPlan(cmd, s, &flags.planFlags)
			}
			return runApply(cmd, s, &flags)
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&flags.dryRun, "dry-run", false, "the same as plan")
	f.StringVar(&flags.digest, "digest", "", "refuse unless the plan has the `DIGEST` that was approved")
	f.DurationVar(&flags.wait, "wait", 30*time.Second, "the `TIME` to wait at the end for the replicas to reach the primary")
	return cmd
}

func runApply(cmd *cobra.Command, s *settings, flags *applyFlags) error {
	session, cluster, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	run, err := session.Begin()
	if orchestrate.IsLocked(err) {
		return &codeError{code: exitLocked, text: err.Error(), hint: "wait for it to end; the lock goes with its process"}
	}
	if err != nil {
		return err
	}
	defer func() { _ = run.Close() }()
	p, seen, err := approve(cmd, s, flags, session)
	if err != nil {
		return err
	}
	if err := unlock(cmd, session, p); err != nil {
		return err
	}
	ended, err := carryOut(cmd, s, cluster, run, p)
	if err != nil {
		return err
	}
	report, err := prove(cmd, flags, session, p, seen)
	if err != nil {
		return err
	}
	return conclude(cmd, s, flags, ended, report)
}

// approve plans, and gives the plan and what it was made of when it may be carried out.
func approve(cmd *cobra.Command, s *settings, flags *applyFlags, session *session) (plan.Plan, facts.Facts, error) {
	p, seen, err := session.Plan(cmd.Context(), flags.options())
	if err != nil {
		return p, seen, err
	}
	if cmd.Context().Err() != nil {
		return p, seen, &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	if !s.json || len(p.Blocked) > 0 {
		ui.Brief(cmd.ErrOrStderr(), p)
	}
	switch {
	case len(p.Blocked) > 0:
		return p, seen, &codeError{code: exitBlocked}
	case flags.digest != "" && flags.digest != p.Digest():
		return p, seen, &codeError{
			code: exitBlocked, text: fmt.Sprintf("the plan is %s now, and %s was approved", p.Digest(), flags.digest),
			hint: "something has changed since: read the plan again, and approve the new one",
		}
	case len(p.Steps) == 0 || flags.yes:
		return p, seen, nil
	}
	return p, seen, ask(cmd, s)
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
func unlock(cmd *cobra.Command, session *session, p plan.Plan) error {
	err := session.Unlock(cmd.Context(), p)
	if err != nil && cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	return err
}

// carryOut lets a person or a program watch while the plan is carried out.
func carryOut(cmd *cobra.Command, s *settings, cluster topology.Cluster, run *orchestrate.Run, p plan.Plan) (event.RunEnded, error) {
	watch, leave := func(event.Record) {}, func() {}
	if len(p.Steps) > 0 {
		watch, leave = watcher(cmd, s, cluster, p)
	}
	ended, err := run.Apply(cmd.Context(), p, watch)
	leave()
	switch {
	case err != nil:
		return ended, &codeError{code: exitPartly, text: plain.Cause(err), hint: "run apply again when that is mended"}
	case ended.Outcome == event.Interrupted:
		return ended, &codeError{
			code: exitInterrupted, text: fmt.Sprintf("interrupted: %d of %d steps are done", ended.Done, len(p.Steps)),
			hint: "run apply again to go on",
		}
	}
	return ended, nil
}

// prove looks at everything anew, unless nothing was done since the plan was made.
func prove(cmd *cobra.Command, flags *applyFlags, session *session, p plan.Plan, seen facts.Facts) (plan.Report, error) {
	ctx := context.WithoutCancel(cmd.Context())
	if len(p.Steps) == 0 {
		return session.VerifyThese(ctx, seen, flags.options(), flags.wait), nil
	}
	return session.VerifyAfter(ctx, seen, flags.options(), flags.wait)
}

// conclude says what the run and its proof come to, also where the proof could not be printed.
func conclude(cmd *cobra.Command, s *settings, flags *applyFlags, ended event.RunEnded, report plan.Report) error {
	told := tell(cmd, s, report)
	switch {
	case ended.Outcome == event.Partly:
		return &codeError{
			code: exitPartly, text: fmt.Sprintf("partly applied: %d done, %d failed, %d not begun", ended.Done, ended.Failed, ended.Skipped),
			hint: "mend what failed and run apply again: what is done is not done twice",
		}
	case !report.OK:
		return &codeError{code: exitUnproven, text: "applied, but not proven", hint: "mend the problems above, and look again by replssl verify" + flags.kept()}
	}
	return told
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
