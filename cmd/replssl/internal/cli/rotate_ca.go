package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

type rotateCAFlags struct {
	planFlags
	changeFlags
	dryRun bool
	phase  string
	within age
}

func newRotateCA(s *settings) *cobra.Command {
	var flags rotateCAFlags
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Let another certificate authority take the place of the one that is there",
		Long: `Let another certificate authority take the place of the one that is there, in
three phases: every server trusts both; every server has a certificate of the
new one; every server trusts the new one alone. Each is proven on every server
before the next begins, so that at no moment two of them do not trust each
other. A server that cannot be reached holds the phase, and is named.

Between two phases the cluster may rest for days, and may go on from another
machine with the same inventory and pki folder. Meanwhile give applications
the folder's ca.pem, which holds both authorities.

Exit codes: those of apply.`,
		Example: `  replssl rotate ca -i orders.yaml
  replssl rotate ca --phase all
  replssl rotate ca --expiring-within 365d --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRotateCA(cmd, s, &flags) },
	}
	flags.planFlags.addPolicy(cmd)
	flags.changeFlags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&flags.dryRun, "dry-run", false, "show what the next phase would do, as plan does, and do nothing")
	f.StringVar(&flags.phase, "phase", "next", "carry out `next|all` of the phases that are left")
	f.Var(&flags.within, "expiring-within", "begin only if the authority expires within the `AGE`, such as 365d; go on in any case")
	completesValue(cmd, "phase",
		cobra.CompletionWithDesc("next", "one phase, and rest"),
		cobra.CompletionWithDesc("all", "one after the other, to the end"))
	return cmd
}

func runRotateCA(cmd *cobra.Command, s *settings, flags *rotateCAFlags) error {
	if flags.phase != "next" && flags.phase != "all" {
		return misuse(cmd, "--phase is %q; it may be next or all", flags.phase)
	}
	session, cluster, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if err := makesCertificates(cluster); err != nil {
		return err
	}
	options := flags.options()
	options.Succeed, options.SucceedWithin = true, time.Duration(flags.within)
	if flags.dryRun {
		return dryRun(cmd, s, session, options)
	}
	work := job{
		settings: s, session: session, cluster: cluster, changeFlags: flags.changeFlags,
		work: event.Succeed, again: "rotate ca", options: options,
		idle: func(cmd *cobra.Command, seen facts.Facts) error { return nothingDue(cmd, s, cluster, seen) },
	}
	for {
		p, err := work.run(cmd)
		if err != nil || p.Phase == plan.NoPhase {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: done\n", p.Phase)
		if p.Phase == plan.PhaseForget || flags.phase == "next" {
			return nil
		}
		work.yes, work.digest = true, "" // who said yes has said it to all of them
	}
}
