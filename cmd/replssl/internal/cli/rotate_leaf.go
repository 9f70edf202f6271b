package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

type rotateLeafFlags struct {
	planFlags
	changeFlags
	dryRun  bool
	all     bool
	servers []string
	within  age
}

func newRotateLeaf(s *settings) *cobra.Command {
	var flags rotateLeafFlags
	cmd := &cobra.Command{
		Use:   "leaf --all | --server NAME | --expiring-within AGE",
		Short: "Give servers new certificates by the authority that is there",
		Long: `Give servers new certificates with new keys, by the authority that is there. A
server reads its own anew without a restart, where its version can; a receiver
connects again once, with its applier going on. Each new certificate is seen in
use, by a handshake or a login, before the next server has its turn and before
old ones are removed. With tls.source: files it lays down what the files of the
inventory say by now.

Where nothing is due it says nothing and ends with 0, as a timer likes it. It
does no other work: where apply has something to do, it is blocked. After a
failure or an interruption run it again: what has been renewed is not renewed
twice.

Exit codes: those of apply.`,
		Example: `  replssl rotate leaf --all -i orders.yaml
  replssl rotate leaf --server db2 --dry-run
  replssl rotate leaf --expiring-within 30d --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRotateLeaf(cmd, s, &flags) },
	}
	flags.planFlags.addPolicy(cmd)
	flags.changeFlags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&flags.dryRun, "dry-run", false, "show what would be done, as plan does, and do nothing")
	f.BoolVar(&flags.all, "all", false, "all servers of the inventory")
	f.StringArrayVar(&flags.servers, "server", nil, "the server `NAME`; may be given again")
	f.Var(&flags.within, "expiring-within", "those whose certificate expires within the `AGE`, such as 30d")
	return cmd
}

func runRotateLeaf(cmd *cobra.Command, s *settings, flags *rotateLeafFlags) error {
	if flags.all && len(flags.servers) > 0 || !flags.all && len(flags.servers) == 0 && flags.within == 0 {
		return misuse(cmd, "say whose certificates: --all, --server NAME, or --expiring-within AGE")
	}
	session, cluster, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	renewal, err := flags.renewal(cluster)
	if err != nil {
		return err
	}
	options := flags.options()
	options.Renewal = renewal
	if flags.dryRun {
		return dryRun(cmd, s, session, options)
	}
	_, err = job{
		settings: s, session: session, cluster: cluster, changeFlags: flags.changeFlags,
		work: event.RenewLeaves, again: "rotate leaf", options: options,
		idle: func(cmd *cobra.Command, seen facts.Facts) error { return nothingDue(cmd, s, cluster, seen) },
	}.run(cmd)
	return err
}

func (f *rotateLeafFlags) renewal(cluster topology.Cluster) (plan.Renewal, error) {
	renewal := plan.Renewal{Within: time.Duration(f.within)}
	for _, name := range f.servers {
		server, ok := cluster.Server(topology.ServerName(name))
		if !ok {
			return renewal, noServer(cluster, name)
		}
		renewal.Servers = append(renewal.Servers, server.Name)
	}
	if len(f.servers) == 0 {
		for _, server := range cluster.Servers {
			renewal.Servers = append(renewal.Servers, server.Name)
		}
	}
	return renewal, nil
}

// nothingDue tells a program when there will be something to do, and a person nothing.
func nothingDue(cmd *cobra.Command, s *settings, cluster topology.Cluster, seen facts.Facts) error {
	if !s.json {
		return nil
	}
	next := plan.NextToExpire(cluster, seen)
	return ui.JSONLine(cmd.OutOrStdout(), struct {
		Event string `json:"event"`
		Data  any    `json:"data"`
	}{"nothing-due", struct {
		Schema  int          `json:"schema"`
		Cluster string       `json:"cluster"`
		Next    *plan.Expiry `json:"next"`
	}{1, cluster.Name, next}})
}
