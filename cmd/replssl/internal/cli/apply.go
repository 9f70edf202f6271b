package cli

import (
	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/event"
)

type applyFlags struct {
	planFlags
	changeFlags
	dryRun bool
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
	flags.planFlags.add(cmd)
	flags.changeFlags.add(cmd)
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "the same as plan")
	return cmd
}

func runApply(cmd *cobra.Command, s *settings, flags *applyFlags) error {
	session, cluster, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	_, err = job{
		settings: s, session: session, cluster: cluster, changeFlags: flags.changeFlags,
		work: event.Apply, again: "apply", options: flags.options(),
	}.run(cmd)
	return err
}
