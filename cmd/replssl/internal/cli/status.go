package cli

import (
	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/plan"
)

func newStatus(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show in one table how things are, and what apply would do",
		Long: `Show one line a channel: server, role, proof of encryption, whether it runs and
how far it is behind, what the account's rows there require, the certificate
and the days that it has left, and what apply would do. Below stand the reasons
of what is unknown (?), fails or is in the way, with what helps. Nothing is
written anywhere, and the replication account does not log in; status also
shows a cluster that replssl did not set up.

Exit codes: 0 shown, however things are, 1 error, 130 interrupted. To judge,
use verify.`,
		Example: `  replssl status -i orders.yaml
  replssl status --json | jq -r '.channels[] | [.server, .proof] | @tsv'`,
		Args: noArgs,
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
