package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
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
		Long: `Plan afresh, show the plan and its impact, ask once, carry it out, and prove the result.

Ctrl-C ends the run after the steps under way; run apply again to go on. A second Ctrl-C ends at once.
Exit codes: 0 done or nothing to do, 1 error or declined, 3 blocked or another plan than approved, 4 partly
applied, 5 applied but not proven, 11 another run is at work, 130 interrupted.`,
		Example: `  replssl apply -i orders.yaml
  replssl apply --yes --digest 4f1c09aa73d1`,
		Args: cobra.NoArgs,
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
	f.StringVar(&flags.digest, "digest", "", "refuse unless the plan has this digest")
	f.DurationVar(&flags.wait, "wait", 30*time.Second, "how long to wait for the replicas to reach the primary at the end")
	return cmd
}

func runApply(cmd *cobra.Command, s *settings, flags *applyFlags) error {
	session, _, err := flags.session(s)
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
	p, err := approve(cmd, s, flags, session)
	if err != nil {
		return err
	}
	return carryOut(cmd, s, flags, session, run, p)
}

// approve plans, and gives the plan when it may be carried out.
func approve(cmd *cobra.Command, s *settings, flags *applyFlags, session *orchestrate.Session) (plan.Plan, error) {
	p, _, err := session.Plan(cmd.Context(), flags.options())
	if err != nil {
		return p, err
	}
	if cmd.Context().Err() != nil {
		return p, &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	if !s.json || len(p.Blocked) > 0 {
		ui.Brief(cmd.ErrOrStderr(), p)
	}
	switch {
	case len(p.Blocked) > 0:
		return p, &codeError{code: exitBlocked}
	case flags.digest != "" && flags.digest != p.Digest():
		return p, &codeError{
			code: exitBlocked, text: fmt.Sprintf("the plan of now is %s, not the approved %s", p.Digest(), flags.digest),
			hint: "something changed since it was approved: read the plan again",
		}
	case len(p.Steps) == 0 || flags.yes:
		return p, nil
	}
	return p, ask(cmd, s)
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

func carryOut(cmd *cobra.Command, s *settings, flags *applyFlags, session *orchestrate.Session, run *orchestrate.Run, p plan.Plan) error {
	ended := event.RunEnded{Outcome: event.Succeeded}
	if len(p.Steps) > 0 {
		var err error
		if ended, err = run.Apply(cmd.Context(), p, watcher(cmd, s, p)); err != nil {
			return &codeError{code: exitPartly, text: err.Error(), hint: "run apply again when that is mended"}
		}
	}
	if ended.Outcome == event.Interrupted {
		return &codeError{
			code: exitInterrupted, text: fmt.Sprintf("interrupted: %d of %d steps are done", ended.Done, len(p.Steps)),
			hint: "run apply again to go on",
		}
	}
	report, err := session.Verify(context.WithoutCancel(cmd.Context()), flags.wait)
	if err != nil {
		return err
	}
	if err := tell(cmd, s, report); err != nil {
		return err
	}
	switch {
	case ended.Outcome == event.Partly:
		return &codeError{
			code: exitPartly, text: fmt.Sprintf("partly applied: %d done, %d failed, %d not begun", ended.Done, ended.Failed, ended.Skipped),
			hint: "mend what failed and run apply again: what is done is not done twice",
		}
	case !report.OK:
		return &codeError{code: exitUnproven, text: "applied, but not proven"}
	}
	return nil
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

func watcher(cmd *cobra.Command, s *settings, p plan.Plan) func(event.Record) {
	if s.json {
		return func(r event.Record) { _ = ui.JSONLine(cmd.OutOrStdout(), r) }
	}
	progress := ui.NewProgress(cmd.ErrOrStderr(), len(p.Steps))
	return progress.Show
}
