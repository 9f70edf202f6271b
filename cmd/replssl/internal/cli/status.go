package cli

import (
	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/plan"
)

func newStatus(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show servers and channels as they are; no login of the replication account, nothing written",
		Example: `  replssl status -i orders.yaml
  replssl status --json | jq '.channels[] | {server, proof}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			session, _, err := s.session()
			if err != nil {
				return err
			}
			defer func() { _ = session.Close() }()
			status, err := session.Status(cmd.Context(), plan.Options{})
			if err != nil {
				return err
			}
			if cmd.Context().Err() != nil {
				return &codeError{code: exitInterrupted, text: "interrupted; what was seen is not whole"}
			}
			return show(cmd, s, status, func() { ui.Status(cmd.OutOrStdout(), status) })
		},
	}
}
