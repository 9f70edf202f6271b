package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/runbook"
)

func newRunbook(s *settings) *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:   "runbook",
		Short: "Print the plan as a runbook to carry out by hand, in Markdown",
		Long: `Print the same plan that apply carries out, as exact commands and SQL: with
why, what to expect, and how to take it back. The commands use ssh, install,
tar, openssl and the server's own client. Nothing is changed by printing it.

Exit codes: 0 printed, 1 error, 3 blocked; then the text says by what.`,
		Example: "  replssl runbook -i orders.yaml > orders.md",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRunbook(cmd, s, &flags) },
	}
	flags.add(cmd)
	return cmd
}

func runRunbook(cmd *cobra.Command, s *settings, flags *planFlags) error {
	session, cluster, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	p, f, err := session.Plan(cmd.Context(), flags.options())
	if err != nil {
		return err
	}
	text, err := runbook.Render(p, cluster, f)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
		return err
	}
	if len(p.Blocked) > 0 {
		return &codeError{code: exitBlocked}
	}
	return nil
}
