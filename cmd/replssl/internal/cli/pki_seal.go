package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/pkistore"
)

func newPKISeal(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "seal",
		Short: "Put the authority's key under a passphrase",
		Long: `Put the authority's key under a passphrase: ca-key.pem becomes
ca-key.pem.age, which age opens too (age -d). At every moment one of the two is
there, and ca-key.pem goes only when the sealed file is on disk and was opened
once. Called again it ends what was cut short. Copies elsewhere stay as they
are.

From then on pki issue needs the passphrase, and apply where it issues: they
ask, or take it from where the inventory or the flags say.

Exit codes: 0 sealed, 1 error, or it was sealed already.`,
		Example: `  replssl pki seal -i orders.yaml
  replssl pki seal --passphrase-file /run/secrets/orders-ca`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPKISeal(cmd, s) },
	}
}

func runPKISeal(cmd *cobra.Command, s *settings) error {
	session, cluster, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	key := session.Folder().CAKey
	switch {
	case key.Presence == pkistore.Absent:
		return s.noKey(nil)
	case key.Sealed:
		return &codeError{code: exitError, text: fmt.Sprintf("%s is sealed already; nothing was changed", s.sealedKey())}
	case key.Why != "" && !key.Rest:
		return errors.New(key.Why)
	}
	passphrase, err := s.newPassphrase(cmd.Context(), cluster, s.sealedKey())
	if err != nil {
		return err
	}
	if err := session.Seal(passphrase); err != nil {
		return withHintAtRest(err, key)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "sealed: %s\nkeep the passphrase: without it nobody can issue; replssl pki unseal takes it off\n", s.sealedKey())
	return nil
}

func (s *settings) noKey(err error) error {
	return &passphraseError{
		text: fmt.Sprintf("there is no key of an authority in %s", s.folder()), err: err,
		hint: "name the folder by --pki DIR, bring the key back if it is kept elsewhere, or make an authority by replssl pki init --seal",
	}
}

// withHintAtRest helps where a sealed file of a former passphrase lies beside the key.
func withHintAtRest(err error, key pkistore.CAKey) error {
	if !key.Rest || !errors.Is(err, pkistore.ErrWrongPassphrase) {
		return err
	}
	return &passphraseError{
		text: err.Error(), err: err,
		hint: "a run was cut short with another passphrase: give that one, or move the .age file away, since ca-key.pem is there too",
	}
}

func newPKIUnseal(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "unseal",
		Short: "Take the passphrase off the authority's key",
		Long: `Take the passphrase off the authority's key: ca-key.pem.age becomes ca-key.pem.
At every moment one of the two is there. To change the passphrase, unseal and
seal again.

Exit codes: 0 unsealed, 1 error, or it was not sealed.`,
		Example: `  replssl pki unseal -i orders.yaml`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPKIUnseal(cmd, s) },
	}
}

func runPKIUnseal(cmd *cobra.Command, s *settings) error {
	session, _, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	err = session.Unseal(cmd.Context())
	switch {
	case errors.Is(err, fs.ErrNotExist) && session.Folder().CAKey.Presence == pkistore.Known:
		return &codeError{code: exitError, text: fmt.Sprintf("%s is not sealed; nothing was changed", filepath.Join(s.folder(), "ca-key.pem"))}
	case errors.Is(err, fs.ErrNotExist):
		return s.noKey(err)
	case err != nil:
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "unsealed: %s\nkeep it safe: who has it can impersonate every server\n", filepath.Join(s.folder(), "ca-key.pem"))
	return nil
}
