package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/plan"
)

func newVerify(s *settings) *cobra.Command {
	var wait time.Duration
	var options plan.Options
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that replication is encrypted, enforced and running",
		Long: `Prove on fresh facts that every channel is encrypted, that the account is
refused without TLS, and that receivers and appliers run and have reached the
primary. For this the replication account logs in from each replica's host,
with TLS and without. Nothing is written anywhere; verify also judges a cluster
that replssl did not set up. With --keep-stopped a thread that is stopped, and
not by an error, is as it should be; of a receiver its options then have to
refuse plaintext.

Exit codes: 0 proven, 1 error, 5 not proven, 130 interrupted.`,
		Example: `  replssl verify -i orders.yaml
  replssl verify --json | jq .ok`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd, s, options, wait) },
	}
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "the `TIME` to wait for the replicas to reach the primary's position of now")
	cmd.Flags().BoolVar(&options.KeepStopped, "keep-stopped", false, "threads that are stopped, and not by an error, are to be so")
	return cmd
}

func runVerify(cmd *cobra.Command, s *settings, options plan.Options, wait time.Duration) error {
	session, _, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	report, err := session.Verify(cmd.Context(), options, wait)
	if err != nil {
		return err
	}
	if cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted; nothing is proven"}
	}
	if err := show(cmd, s, report, func() { ui.Report(cmd.OutOrStdout(), report) }); err != nil {
		return err
	}
	if !report.OK {
		return &codeError{code: exitUnproven}
	}
	return nil
}
