package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/secret"
)

func newPKIInit(s *settings) *cobra.Command {
	var algorithm string
	var seal bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the certificate authority of the cluster; apply does it too, where there is none",
		Long: `Make the certificate authority of the cluster, and nothing else: no host is
reached. apply does it too, where there is none; do it beforehand to keep the
folder elsewhere, to seal the key, or to have it backed up before the first
change. One that is there is left alone.

Its key is of the kind --algorithm, else of tls.algorithm of the inventory, else
RSA 3072, which every server reads. With --seal it never lies on the disk
without its passphrase; so it is where the inventory or a flag says where the
passphrase is.

Exit codes: 0 made, 1 error, or there is one already.`,
		Example: `  replssl pki init -i orders.yaml
  replssl pki init --seal --passphrase-command 'pass show orders-ca'
  replssl pki init --pki /secure/orders-pki --algorithm ecdsa-p256`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPKIInit(cmd, s, algorithm, seal) },
	}
	f := cmd.Flags()
	f.StringVar(&algorithm, "algorithm", "", "the `KIND` of its key: "+strings.Join(algorithms(), ", "))
	f.BoolVar(&seal, "seal", false, "seal its key with a passphrase")
	completesValue(cmd, "algorithm", algorithms()...)
	return cmd
}

func runPKIInit(cmd *cobra.Command, s *settings, algorithm string, seal bool) error {
	kind, err := kindOf(algorithm)
	if err != nil {
		return err
	}
	session, cluster, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if err := makesCertificates(cluster); err != nil {
		return err
	}
	folder := s.folder()
	if session.Folder().CA.Bundle != nil {
		return hasAuthority(folder)
	}
	var passphrase secret.Text
	if seal || !s.sourceOf(cluster).IsZero() {
		if passphrase, err = s.newPassphrase(cmd.Context(), cluster, s.sealedKey()); err != nil {
			return err
		}
	}
	err = session.CreateAuthority(cmd.Context(), kind, passphrase)
	if errors.Is(err, fs.ErrExist) {
		return hasAuthority(folder)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "made the certificate authority of cluster %s in %s\n", cluster.Name, folder)
	if session.Folder().CAKey.Sealed {
		fmt.Fprintf(cmd.OutOrStdout(), "keep %s and its passphrase safe, apart from each other: without either nobody can issue\n", s.sealedKey())
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "keep %s/ca-key.pem safe: who has it can impersonate every server\n", folder)
	return nil
}

func hasAuthority(folder string) error {
	return &codeError{code: exitError, text: fmt.Sprintf("%s has an authority already; nothing was changed", folder)}
}

// makesCertificates refuses where the inventory has the certificates from somebody else.
func makesCertificates(cluster topology.Cluster) error {
	if cluster.TLS.Source != topology.SourceFiles {
		return nil
	}
	return &codeError{
		code: exitError, text: "the inventory takes the certificates from files (tls.source: files), and none are made here",
		hint: "look at them by replssl pki list, and judge them by replssl pki lint",
	}
}
