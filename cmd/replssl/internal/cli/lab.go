package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/e2e/lab"
)

// newLab is `replssl lab`: real servers on this machine to try everything else on.
func newLab() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "lab",
		Short: "Run a small plaintext MariaDB or MySQL cluster on this machine, to try replssl on",
		Long: `Run real servers on loopback addresses of this machine, with an sshd beside
each, to try everything else on. It needs mariadbd, mariadb, sshd and ssh.
Other servers of this machine are not touched.`,
		Example: `  replssl lab up --dir /tmp/lab
  replssl plan -i /tmp/lab/replssl.yaml
  replssl lab down --dir /tmp/lab --remove`,
	})
	cmd.AddCommand(newLabUp(), newLabDown(), newLabSQL())
	return cmd
}

func newLabUp() *cobra.Command {
	var o lab.Options
	var account string
	var servers []string
	cmd := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Start a primary and its replicas, an sshd beside each, and write their inventory",
		Long: `Start a primary and its replicas in a new folder, in plaintext and with some
rows in them, and an sshd beside each; write their inventory, DIR/replssl.yaml,
and print how they are reached. They go on running when the command has ended:
lab down ends them.`,
		Example: `  replssl lab up --dir /tmp/lab
  replssl lab up --dir /tmp/chain --replicas 3 --source replica3=replica2 --account all
  replssl lab up --dir /tmp/upgrade --server mysql-5.7 --server replica1=mysql-8.0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Account = lab.AccountMode(account)
			o.Server, o.Servers = labTrees(servers)
			if o.Replicas == 0 {
				o.Replicas = -1
			}
			l, err := lab.Up(cmd.Context(), o)
			if err != nil {
				return err
			}
			return printLab(cmd.OutOrStdout(), l)
		},
	}
	addLabDir(cmd, &o.Dir)
	cmd.Flags().IntVar(&o.Replicas, "replicas", 2, "start `N` replicas")
	cmd.Flags().StringVar(&account, "account", string(lab.AccountPrimaryOnly),
		"servers that have the replication account: `primary|some|all`; some is the primary and replica1")
	cmd.Flags().StringArrayVar(&servers, "server", nil,
		"an unpacked server in place of this machine's MariaDB: the name that scripts/servers.sh has for it, or its folder; for one host alone `[HOST=]TREE`")
	cmd.Flags().StringToStringVar(&o.ReplicatesFrom, "source", nil,
		"a replica's source when it is not the primary: `REPLICA=SOURCE`")
	must(cmd.RegisterFlagCompletionFunc("server", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return lab.Trees(), cobra.ShellCompDirectiveDefault // which completes to folders, too
	}))
	completesValue(cmd, "account",
		cobra.CompletionWithDesc(string(lab.AccountPrimaryOnly), "only where others replicate from"),
		cobra.CompletionWithDesc(string(lab.AccountSome), "on replica1 as well"),
		cobra.CompletionWithDesc(string(lab.AccountEverywhere), "on every server"))
	return cmd
}

// labTrees tells the tree of one host from that of all.
func labTrees(values []string) (all string, of map[string]string) {
	of = map[string]string{}
	for _, value := range values {
		if host, tree, one := strings.Cut(value, "="); one && !strings.Contains(host, "/") {
			of[host] = tree
		} else {
			all = value
		}
	}
	return all, of
}

func newLabDown() *cobra.Command {
	var dir string
	var remove bool
	cmd := &cobra.Command{
		Use:   "down --dir DIR",
		Short: "End exactly what lab up started",
		Long: `End the servers and sshds of the lab in the folder, and wait until they are
gone. The folder stays, with everything in it, unless it is to be removed.`,
		Example: "  replssl lab down --dir /tmp/lab --remove",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open(dir)
			if err != nil {
				return err
			}
			if remove {
				return l.Remove(cmd.Context())
			}
			return l.Down(cmd.Context())
		},
	}
	addLabDir(cmd, &dir)
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the folder with everything in it")
	return cmd
}

func newLabSQL() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "sql --dir DIR SERVER SQL",
		Short: "Run statements on a server of the lab and print the rows",
		Long: `Run statements on a server of the lab, as its administrator, and print the rows
of each. The servers are primary, replica1, replica2 and so on.`,
		Example: `  replssl lab sql --dir /tmp/lab replica1 'SHOW SLAVE STATUS'
  replssl lab sql --dir /tmp/lab primary "INSERT INTO shop.orders (note) VALUES ('tea')"`,
		Args: theseArgs("SERVER", "SQL"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return labServers(dir, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(dir)
			if err != nil {
				return err
			}
			tables, err := l.SQL(cmd.Context(), args[0], args[1])
			for _, table := range tables {
				fmt.Fprint(cmd.OutOrStdout(), table)
			}
			return err
		},
	}
	addLabDir(cmd, &dir)
	return cmd
}

func addLabDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "folder `DIR` of the lab")
	must(cmd.MarkFlagRequired("dir"))
	completesFolder(cmd, "dir")
}

// labServers are the servers that a first argument may name, as the folder of the lab tells them.
func labServers(dir string, args []string) []string {
	if len(args) > 0 {
		return nil
	}
	l, err := lab.Open(dir)
	if err != nil {
		return nil
	}
	names := make([]string, len(l.Servers))
	for i, s := range l.Servers {
		names[i] = s.Name
	}
	return names
}

func printLab(out io.Writer, l *lab.Lab) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\tdatabase\tssh\treplicates from")
	for _, s := range l.Servers {
		source := s.ReplicatesFrom
		if source == "" {
			source = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.MySQLAddress(), s.SSHAddress(), source)
	}
	fmt.Fprintf(w, "\ninventory: %s\nend it:    replssl lab down --dir %s --remove\n", l.Inventory(), l.Dir)
	return w.Flush()
}
