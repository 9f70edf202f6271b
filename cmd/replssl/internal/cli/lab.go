package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/e2e/lab"
)

// newLab is `replssl lab`: real servers on this machine to try everything else on.
func newLab() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Run a small plaintext MariaDB cluster on this machine, to try replssl on",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newLabUp(), newLabDown(), newLabSQL())
	return cmd
}

func newLabUp() *cobra.Command {
	var o lab.Options
	var account string
	cmd := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Start a primary and its replicas, an sshd beside each, and write their inventory",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Account = lab.AccountMode(account)
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
	cmd.Flags().IntVar(&o.Replicas, "replicas", 2, "how many replicas to start")
	cmd.Flags().StringVar(&account, "account", string(lab.AccountPrimaryOnly),
		"where the replication account is: primary, some (replica1 as well) or all")
	cmd.Flags().StringToStringVar(&o.ReplicatesFrom, "source", nil,
		"a replica's source when it is not the primary, as in replica2=replica1")
	return cmd
}

func newLabDown() *cobra.Command {
	var dir string
	var remove bool
	cmd := &cobra.Command{
		Use:   "down --dir DIR",
		Short: "End exactly what `lab up` started",
		Args:  cobra.NoArgs,
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
		Use:     "sql --dir DIR SERVER SQL",
		Short:   "Run statements on a server of the lab and print the rows",
		Example: "  replssl lab sql --dir DIR replica1 'SELECT * FROM shop.orders'",
		Args:    cobra.ExactArgs(2),
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
	cmd.Flags().StringVar(dir, "dir", "", "folder of the lab")
	if err := cmd.MarkFlagRequired("dir"); err != nil {
		panic(err) // the flag was added one line above
	}
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
