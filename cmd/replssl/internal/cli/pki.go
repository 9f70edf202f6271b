package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"
)

func newPKI(s *settings) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "pki",
		Short: "The certificate authority in the local folder",
		Long: `The certificates of the cluster are made on this machine and kept in a folder
beside the inventory. Whoever has ca-key.pem of that folder can impersonate
every server: guard it, and keep a copy.`,
		Example: "  replssl pki init -i orders.yaml",
	})
	cmd.AddCommand(s.local(newPKIInit(s)))
	return cmd
}

func newPKIInit(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Make the certificate authority of the cluster; apply does it too, where there is none",
		Long: `Make the certificate authority of the cluster, and nothing else: no host is
reached. apply does it too, where there is none; do it beforehand to keep the
folder elsewhere, or to have it backed up before the first change. One that is
there is left alone.

Exit codes: 0 made, 1 error, or there is one already.`,
		Example: `  replssl pki init -i orders.yaml
  replssl pki init --pki /secure/orders-pki`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			session, cluster, err := s.session()
			if err != nil {
				return err
			}
			defer func() { _ = session.Close() }()
			folder := s.beside(s.pki, "pki")
			err = session.CreateAuthority(cmd.Context())
			if errors.Is(err, fs.ErrExist) {
				return &codeError{code: exitError, text: fmt.Sprintf("%s has an authority already; nothing was changed", folder)}
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "made the certificate authority of cluster %s in %s\nkeep %s/ca-key.pem safe: who has it can impersonate every server\n", cluster.Name, folder, folder)
			return nil
		},
	}
}
