package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planFlags are the operator's answers that a plan depends on.
type planFlags struct {
	allowRestart bool
	keepStopped  bool
	enforce      string
	only         []string
	limit        int
}

func (p *planFlags) add(cmd *cobra.Command) {
	p.addPolicy(cmd)
	f := cmd.Flags()
	f.StringVar(&p.enforce, "enforce", "", "require TLS of the account `last|first` (default: policy.enforce)")
	f.StringSliceVar(&p.only, "only", nil, "touch these replicas alone: `NAMES`, with commas or given again")
	f.IntVar(&p.limit, "limit", 0, "touch `N` replicas at most, of those that have something to be done")
	completesValue(cmd, "enforce",
		cobra.CompletionWithDesc(string(topology.EnforceLast), "when every channel is proven"),
		cobra.CompletionWithDesc(string(topology.EnforceFirst), "before the channels are changed"))
}

// addPolicy adds those of work that leaves the account alone, too.
func (p *planFlags) addPolicy(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.allowRestart, "allow-restart", false, "let a server be restarted where it cannot load its TLS settings otherwise")
	f.BoolVar(&p.keepStopped, "keep-stopped", false, "leave an applier that is stopped as it is")
}

// change lets the flags have the last word on the policy.
func (p *planFlags) change(cluster *topology.Cluster) error {
	cluster.Policy.AllowRestart = cluster.Policy.AllowRestart || p.allowRestart
	switch enforce := topology.Enforce(p.enforce); enforce {
	case "":
	case topology.EnforceFirst, topology.EnforceLast:
		cluster.Policy.Enforce = enforce
	default:
		return fmt.Errorf("--enforce is %q; it may be first or last", p.enforce)
	}
	return nil
}

// session loads the inventory, lets the flags have their word, and begins a session on the cluster.
func (p *planFlags) session(s *settings) (*session, topology.Cluster, error) {
	cluster, err := s.load()
	if err == nil {
		err = p.change(&cluster)
	}
	if err == nil {
		err = p.checkScope(cluster)
	}
	if err != nil {
		return nil, cluster, err
	}
	return s.open(cluster), cluster, nil
}

// kept is the flag by which verify judges as these options do.
func kept(options plan.Options) string {
	if options.KeepStopped {
		return " --keep-stopped"
	}
	return ""
}

// checkScope knows the replicas that are named.
func (p *planFlags) checkScope(cluster topology.Cluster) error {
	if p.limit < 0 {
		return fmt.Errorf("--limit is %d; it must be 1 or more", p.limit)
	}
	for _, name := range p.only {
		server, ok := cluster.Server(topology.ServerName(name))
		if !ok {
			return noServer(cluster, name)
		}
		if server.Source == "" {
			return &codeError{code: exitError, text: fmt.Sprintf("--only names replicas, and %s is the primary, which is prepared for any of them", name)}
		}
	}
	return nil
}

func (p *planFlags) options() plan.Options {
	options := plan.Options{KeepStopped: p.keepStopped, Scope: plan.Scope{Limit: p.limit}}
	for _, name := range p.only {
		options.Scope.Only = append(options.Scope.Only, topology.ServerName(name))
	}
	return options
}

func newPlan(s *settings) *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do; look at everything, change nothing",
		Long: `Look at every server, and show step by step what apply would do: why, what is
checked before, what is done, what to expect, and who notices. Nothing is
written anywhere, and the replication account does not log in. Whatever is in
the way or could not be looked at blocks the plan, and is told with what helps.

Exit codes: 0 nothing to do, 1 error, 2 changes pending, 3 blocked, 130
interrupted.`,
		Example: `  replssl plan -i orders.yaml
  replssl plan --json | jq -r .digest`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd, s, &flags) },
	}
	flags.add(cmd)
	return cmd
}

func runPlan(cmd *cobra.Command, s *settings, flags *planFlags) error {
	session, _, err := flags.session(s)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	return dryRun(cmd, s, session, flags.options())
}

// dryRun shows a plan, and tells by the exit code whether there is something to do.
func dryRun(cmd *cobra.Command, s *settings, session *session, options plan.Options) error {
	p, _, err := session.Plan(cmd.Context(), options)
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		return &codeError{code: exitInterrupted, text: "interrupted; nothing was changed"}
	}
	if err := show(cmd, s, p, func() { ui.Plan(cmd.OutOrStdout(), p) }); err != nil {
		return err
	}
	switch {
	case len(p.Blocked) > 0:
		return &codeError{code: exitBlocked}
	case len(p.Steps) > 0:
		return &codeError{code: exitPending}
	}
	return nil
}

// show prints a result as JSON, or as text.
func show(cmd *cobra.Command, s *settings, result any, text func()) error {
	if s.json {
		return ui.JSON(cmd.OutOrStdout(), result)
	}
	text()
	return nil
}
