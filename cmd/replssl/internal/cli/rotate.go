package cli

import (
	"github.com/spf13/cobra"
)

func newRotate(s *settings) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "rotate",
		Short: "Renew certificates while replication goes on",
		Long: `Renew the certificates of a cluster that apply has secured, while replication
goes on. No option of a channel changes, and no applier pauses.`,
		Example: "  replssl rotate leaf --expiring-within 30d --yes",
	})
	cmd.AddCommand(s.printing(s.reaching(newRotateLeaf(s))), s.printing(s.reaching(newRotateCA(s))), s.timing(newRotateTimer(s)))
	return cmd
}
