package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/inspect"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

type inspectFlags struct {
	ca   string
	name string
}

func newPKIInspect(s *settings) *cobra.Command {
	var flags inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect FILE|HOST:PORT|SERVER",
		Short: "Show what a file holds, or what a server shows in a TLS handshake",
		Long: `Show what a file holds: every certificate, key and list of revoked certificates
in it, and nothing of the keys themselves. The subject is shown exactly as
REQUIRE SUBJECT compares it.

For HOST:PORT, show what the database server there shows in a TLS handshake,
from this machine. --ca FILE also checks the chain and the name, as a replica
does. The server sees a login without a password as replssl-looks, which it
refuses and does not count as an aborted connection.

For SERVER of the inventory, show what lies in the TLS dir of its host beside
what it serves, and whether they are the same. A file of that name needs a /.

Exit codes: 0 shown, 1 error, 3 what --ca checks does not hold, or a server
serves another certificate than that in use, 130 interrupted.`,
		Example: `  replssl pki inspect server.pem
  replssl pki inspect db1.example.com:3306 --ca ca.pem
  replssl pki inspect db2 -i orders.yaml`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error { return runPKIInspect(cmd, s, &flags, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.ca, "ca", "", "the bundle `FILE` of the authorities that the chain must lead to")
	f.StringVar(&flags.name, "name", "", "the `NAME` that the certificate must be for (default: the host of HOST:PORT)")
	completesFile(cmd, "ca", "pem", "crt", "key")
	return cmd
}

func oneArgument(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &codeError{code: exitError, text: "name one FILE, HOST:PORT or SERVER"}
	}
	return nil
}

// runPKIInspect takes a name without a slash and a dot for a server where the inventory has it.
func runPKIInspect(cmd *cobra.Command, s *settings, flags *inspectFlags, what string) error {
	data, err := readNamed(what)
	var isFolder *fs.PathError
	switch {
	case err == nil:
		return inspectFile(cmd, s, what, data)
	case !errors.Is(err, fs.ErrNotExist) && errors.As(err, &isFolder):
		return &codeError{code: exitError, text: fmt.Sprintf("%s cannot be read: %v", what, isFolder.Err)}
	}
	if host, _, err := net.SplitHostPort(what); err == nil && host != "" {
		return inspectAddress(cmd, s, flags, what, host)
	}
	if strings.ContainsAny(what, "/.") {
		return &codeError{code: exitError, text: fmt.Sprintf("there is no file %s", what), hint: "name a file, HOST:PORT, or a server of the inventory"}
	}
	return inspectServer(cmd, s, what)
}

func inspectFile(cmd *cobra.Command, s *settings, path string, data []byte) error {
	seen := ui.InspectedFile{Schema: 1, File: path, Parts: inspect.File(data, time.Now())}
	return show(cmd, s, seen, func() { ui.Inspected(cmd.OutOrStdout(), seen) })
}

func inspectAddress(cmd *cobra.Command, s *settings, flags *inspectFlags, address, host string) error {
	var bundle []*x509.Certificate
	if flags.ca != "" {
		data, err := readNamed(flags.ca)
		if err == nil {
			bundle, err = pki.ParseBundle(data)
		}
		if err != nil {
			return fmt.Errorf("--ca %s: %w", flags.ca, err)
		}
	}
	served, chain, err := access.ServedAt(cmd.Context(), address)
	switch {
	case cmd.Context().Err() != nil:
		return &codeError{code: exitInterrupted, text: "interrupted"}
	case errors.Is(err, access.ErrNoTLS):
		return &codeError{code: exitError, text: address + ": " + err.Error(), hint: "see SHOW VARIABLES LIKE 'have_ssl' and ssl_cert there; replssl plan tells what it takes"}
	case err != nil:
		return err
	}
	now := time.Now()
	seen := ui.InspectedAddress{Schema: 1, Address: address, Version: served.Version, Cipher: served.Cipher, Chain: []inspect.Certificate{}}
	for _, cert := range chain {
		seen.Chain = append(seen.Chain, inspect.Of(cert, now))
	}
	if flags.ca != "" {
		if flags.name != "" {
			host = flags.name
		}
		seen.Check(host, pki.VerifyServed(chain, bundle, host, now))
	}
	if err := show(cmd, s, seen, func() { ui.InspectedServer(cmd.OutOrStdout(), seen) }); err != nil {
		return err
	}
	if seen.Trusted != nil && !*seen.Trusted {
		return &codeError{code: exitBlocked}
	}
	return nil
}

func inspectServer(cmd *cobra.Command, s *settings, name string) error {
	session, cluster, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	server, ok := cluster.Server(topology.ServerName(name))
	if !ok {
		return noServer(cluster, name)
	}
	held, err := session.Inspect(cmd.Context(), server)
	if errors.Is(err, context.Canceled) || cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted"}
	}
	if err != nil {
		return err
	}
	if err := show(cmd, s, held, func() { ui.Held(cmd.OutOrStdout(), held) }); err != nil {
		return err
	}
	switch {
	case held.Why != "":
		return &codeError{code: exitError, text: held.Why, hint: held.Hint}
	case held.Same != nil && !*held.Same:
		return &codeError{code: exitBlocked}
	}
	return nil
}
