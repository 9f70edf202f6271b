package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what lets a shell complete the commands and flags of replssl",
		Long: `Print a script for a shell, after which the tab key completes the subcommands,
flags, inventories and folders of replssl. Completing reads files of this
machine at most; it reaches no host. bash needs its package bash-completion.`,
		Example: `  # for the shell of now
  source <(replssl completion bash)

  # for every new one
  replssl completion bash > ~/.local/share/bash-completion/completions/replssl
  replssl completion zsh > /usr/local/share/zsh/site-functions/_replssl
  replssl completion fish > ~/.config/fish/completions/replssl.fish`,
		Args:      oneOf("bash", "zsh", "fish"),
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return fmt.Errorf("there is no completion for %s", args[0])
		},
	}
}

// completesFile lets a flag complete to files with these endings.
func completesFile(cmd *cobra.Command, flag string, endings ...string) {
	must(cmd.MarkFlagFilename(flag, endings...))
}

// completesFolder lets a flag complete to folders.
func completesFolder(cmd *cobra.Command, flag string) { must(cmd.MarkFlagDirname(flag)) }

// completesValue lets a flag complete to one of the values.
func completesValue(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// must is for what only a flag that was never added can make fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// plainUsages takes the marks from the usages of all flags that set the name of the value apart. Help needs them; a shell would show them.
func plainUsages(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
	for _, sub := range cmd.Commands() {
		plainUsages(sub)
	}
}

// isCompleting says that a shell asks what may come next.
func isCompleting(args []string) bool { return len(args) > 0 && args[0] == cobra.ShellCompRequestCmd }

// completesNothingElse keeps shells from offering files where the command takes none.
func completesNothingElse(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		_, values := cmd.GetFlagCompletionFunc(f.Name)
		_, files := f.Annotations[cobra.BashCompFilenameExt]
		_, folders := f.Annotations[cobra.BashCompSubdirsInDir]
		if !values && !files && !folders {
			must(cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions))
		}
	})
	for _, sub := range cmd.Commands() {
		completesNothingElse(sub)
	}
}
