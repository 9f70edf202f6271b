package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/inspect"
	"github.com/replssl/replssl/orchestrate/pkistore"
)

func newPKIList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the certificates in the local folder",
		Long: `List the authority and every set of every server in the local folder: serial
number, names, kind of key, and until when. No host is reached. Of certificates
that others make (tls.source: files), pki lint --offline tells.

Exit codes: 0 listed, 1 error.`,
		Example: `  replssl pki list -i orders.yaml
  replssl pki list --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			session, _, err := s.session()
			if err != nil {
				return err
			}
			defer func() { _ = session.Close() }()
			list := listOf(s.folder(), session.Folder(), time.Now())
			return show(cmd, s, list, func() { ui.Certificates(cmd.OutOrStdout(), list) })
		},
	}
}

func listOf(folder string, state pkistore.State, now time.Time) ui.CertificateList {
	list := ui.CertificateList{
		Schema: 1, Folder: folder, Authorities: []inspect.Certificate{}, Key: keyState(state.CAKey), Sets: []ui.ListedSet{}, Why: state.Why,
	}
	if list.Why == "" {
		list.Why = state.CA.Why
	}
	for _, cert := range state.CA.Bundle {
		list.Authorities = append(list.Authorities, inspect.Of(cert, now))
	}
	for _, server := range state.Servers {
		for i, version := range server.Versions {
			set := ui.ListedSet{Server: server.Name, Version: version.Number, Newest: i == len(server.Versions)-1, Why: version.Why}
			if version.Cert != nil {
				described := inspect.Of(version.Cert, now)
				set.Certificate = &described
			}
			list.Sets = append(list.Sets, set)
		}
	}
	return list
}

func keyState(key pkistore.CAKey) string {
	switch {
	case key.Presence == pkistore.Absent:
		return "absent"
	case key.Presence == pkistore.Unknown:
		return "unusable: " + key.Why
	case key.Sealed:
		return "sealed"
	case key.Rest:
		return "unsealed, and sealed beside it"
	}
	return "unsealed"
}
