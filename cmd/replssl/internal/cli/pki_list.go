package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/inspect"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
)

func newPKIList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the certificates in the local folder, or the files that the inventory names",
		Long: `List the authority and every set of every server in the local folder: serial
number, subject, names, kind of key, and until when. Of certificates that others
make (tls.source: files) list the same of the files that the inventory names for
each server. No host is reached; what is wrong with them, pki lint tells.

Exit codes: 0 listed, 1 error.`,
		Example: `  replssl pki list -i orders.yaml
  replssl pki list --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			session, cluster, err := s.session()
			if err != nil {
				return err
			}
			defer func() { _ = session.Close() }()
			list := listOf(s.folder(), session.Folder(), time.Now())
			if cluster.TLS.Source == topology.SourceFiles {
				list = listOfFiles(cluster.Servers, time.Now())
			}
			return show(cmd, s, list, func() { ui.Certificates(cmd.OutOrStdout(), list) })
		},
	}
}

func listOf(folder string, state pkistore.State, now time.Time) ui.CertificateList {
	list := ui.CertificateList{
		Schema: 1, Source: topology.SourceBuiltin, Folder: folder, Authorities: []inspect.Certificate{}, Key: keyState(state.CAKey), Sets: []ui.ListedSet{}, Why: state.Why,
	}
	if list.Why == "" {
		list.Why = state.CA.Why
	}
	for _, cert := range state.CA.Bundle {
		list.Authorities = append(list.Authorities, inspect.Of(cert, now))
	}
	for _, server := range state.Servers {
		for i, version := range server.Versions {
			set := ui.ListedSet{
				Server: server.Name, Version: version.Number, Newest: i == len(server.Versions)-1, Why: version.Why,
				File: filepath.Join(folder, server.Name, strconv.Itoa(version.Number), pki.FileCert),
			}
			if version.Cert != nil {
				described := inspect.Of(version.Cert, now)
				set.Certificate = &described
			}
			list.Sets = append(list.Sets, set)
		}
	}
	return list
}

// listOfFiles lists what the inventory names for each server, each authority once.
func listOfFiles(servers []topology.Server, now time.Time) ui.CertificateList {
	list := ui.CertificateList{Schema: 1, Source: topology.SourceFiles, Authorities: []inspect.Certificate{}, Key: "absent", Sets: []ui.ListedSet{}}
	for _, server := range servers {
		for _, ca := range certificatesIn(server.Given.CA, now) {
			if !slices.ContainsFunc(list.Authorities, func(have inspect.Certificate) bool { return have.SHA256 == ca.SHA256 }) {
				list.Authorities = append(list.Authorities, ca)
			}
		}
		set := ui.ListedSet{Server: string(server.Name), File: server.Given.Cert, Newest: true}
		if certs := certificatesIn(server.Given.Cert, now); len(certs) > 0 {
			set.Certificate = &certs[0]
		}
		if _, err := pkistore.ReadOwn(server.Given); err != nil {
			set.Why = err.Error()
		}
		list.Sets = append(list.Sets, set)
	}
	return list
}

// certificatesIn are those of a file; none where it cannot be read, which whoever reads the whole set tells.
func certificatesIn(path string, now time.Time) []inspect.Certificate {
	data, err := readNamed(path)
	if err != nil {
		return nil
	}
	certs, err := pki.ParseBundle(data)
	if err != nil {
		return nil
	}
	described := make([]inspect.Certificate, len(certs))
	for i, cert := range certs {
		described[i] = inspect.Of(cert, now)
	}
	return described
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
