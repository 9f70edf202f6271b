package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate"
	"github.com/replssl/replssl/orchestrate/topology"
)

type issueFlags struct {
	all   bool
	days  int
	names []string
}

func newPKIIssue(s *settings) *cobra.Command {
	var flags issueFlags
	cmd := &cobra.Command{
		Use:   "issue [SERVER...]",
		Short: "Make the next certificate of servers in the local folder; nothing is copied",
		Long: `Make the next certificate of these servers in the local folder. No host is
reached and nothing is copied: the next apply lays the newest of them down, in
the place of the set that is in use, good or not, and plan shows it before.

The certificate carries the address that the inventory has, and the names that
you add. Where a replica calls its source by another name, add that: plan and
lint, which look, tell it.

Exit codes: 0 made, 1 error.`,
		Example: `  replssl pki issue db2 -i orders.yaml
  replssl pki issue --all --days 365
  replssl pki issue db1 --name db1.example.com --name 192.0.2.1`,
		RunE: func(cmd *cobra.Command, args []string) error { return runPKIIssue(cmd, s, &flags, args) },
	}
	f := cmd.Flags()
	f.BoolVar(&flags.all, "all", false, "all servers of the inventory")
	f.IntVar(&flags.days, "days", 0, "how many `DAYS` they are valid (default: 730, and never longer than the authority)")
	f.StringArrayVar(&flags.names, "name", nil, "one more `NAME` or address for the certificate; may be given again")
	return cmd
}

func runPKIIssue(cmd *cobra.Command, s *settings, flags *issueFlags, args []string) error {
	session, cluster, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if err := makesCertificates(cluster); err != nil {
		return err
	}
	order, err := flags.order(cluster, args)
	if err != nil {
		return err
	}
	if session.Folder().CA.Bundle == nil {
		return &codeError{code: exitError, text: fmt.Sprintf("%s has no authority", s.folder()), hint: "make one by replssl pki init, or name the folder by --pki DIR"}
	}
	made, err := session.Issue(cmd.Context(), order)
	for _, one := range made {
		fmt.Fprintf(cmd.OutOrStdout(), "made set %d of %s in %s: %s, valid until %s, for %s\n", one.Version, one.Server, one.Folder, one.Kind,
			one.Until.UTC().Format(time.DateOnly), strings.Join(one.Names, ", "))
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "nothing was copied: the next apply lays it down in the place of the set in use; plan shows it")
	return nil
}

// order refuses what would be a slip: no server, one that is not there, names that several servers would share.
func (f *issueFlags) order(cluster topology.Cluster, args []string) (orchestrate.Order, error) {
	order := orchestrate.Order{Names: f.names, Life: time.Duration(f.days) * 24 * time.Hour}
	switch {
	case f.all == (len(args) > 0):
		return order, &codeError{code: exitError, text: "give the names of servers, or --all"}
	case f.days < 0 || f.days > maxDays:
		return order, &codeError{code: exitError, text: fmt.Sprintf("--days is %d; it may be 1 to %d", f.days, maxDays)}
	case f.all:
		order.Servers = cluster.Servers
	}
	for _, name := range args {
		server, ok := cluster.Server(topology.ServerName(name))
		if !ok {
			return order, noServer(cluster, name)
		}
		order.Servers = append(order.Servers, server)
	}
	if len(f.names) > 0 && len(order.Servers) > 1 {
		return order, &codeError{code: exitError, text: "--name is for one server: a certificate with the name of two lets each pass for the other"}
	}
	return order, nil
}

// maxDays is twenty years, twice the life of an authority.
const maxDays = 7300

func noServer(cluster topology.Cluster, name string) error {
	var names []string
	for _, server := range cluster.Servers {
		names = append(names, string(server.Name))
	}
	return &codeError{code: exitError, text: fmt.Sprintf("the inventory has no server %q; it has %s", name, strings.Join(names, ", "))}
}
