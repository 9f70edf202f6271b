// Package cli is the command line: one file a subcommand, from flags over a call of the library to an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/replssl/replssl/remote/plain"
)

// World is what the process has from outside.
type World struct {
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// The exit codes. They are part of the interface: scripts rest on them.
const (
	exitDone        = 0
	exitError       = 1
	exitPending     = 2   // plan: there are changes to make
	exitBlocked     = 3   // something blocks the plan, or it is not the one that was approved
	exitPartly      = 4   // some steps are done, some are not
	exitUnproven    = 5   // verify, or applied and not proven
	exitLocked      = 11  // another run is at work
	exitInterrupted = 130 // a person stopped it
)

// codeError ends the process with a code. Its text may be empty, where the output has said everything already.
type codeError struct {
	code int
	text string
	hint string
}

func (e *codeError) Error() string { return e.text }

// Hint is what a person can do; it may be empty.
func (e *codeError) Hint() string { return e.hint }

// Main runs the command line and gives the exit code.
func Main(ctx context.Context, w World) int {
	root := Root(w)
	if isCompleting(w.Args) {
		plainUsages(root)
	}
	root.SetArgs(w.Args)
	root.SetIn(w.Stdin)
	out := &output{to: w.Stdout}
	root.SetOut(out)
	root.SetErr(w.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	err = out.outcome(err)
	if err == nil {
		return exitDone
	}
	if text := plain.Cause(err); text != "" {
		fmt.Fprintf(w.Stderr, "error: %s\n", text)
	}
	if hint := hintOf(cmd, err); hint != "" {
		fmt.Fprintf(w.Stderr, "hint: %s\n", hint)
	}
	var coded *codeError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitError
}

// hintOf is what a person can do about the error of a command.
func hintOf(cmd *cobra.Command, err error) string {
	var hinted interface{ Hint() string }
	switch {
	case errors.As(err, &hinted):
		return hinted.Hint()
	case isMisuse(err):
		return howTo(cmd)
	}
	return ""
}

// Root is the command with all its subcommands.
func Root(w World) *cobra.Command {
	root := &cobra.Command{
		Use:   "replssl",
		Short: "Encrypt MariaDB replication, enforce it, and prove it",
		Long: `replssl takes a MariaDB primary and its replicas from plaintext replication to
encrypted, enforced and proven replication, over SSH. Begin with "replssl
plan": it looks and changes nothing.

Exit codes: 0 done or nothing to do, 1 error, 2 changes pending (plan), 3
blocked, 4 partly applied, 5 not proven, 11 another run is at work, 130
interrupted.`,
		Example:       "  replssl plan -i orders.yaml",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagMisuse)
	root.CompletionOptions.DisableDefaultCmd = true // ours says how to install it here
	s := &settings{world: w}
	root.AddCommand(
		newInit(s),
		s.printing(s.reaching(newPlan(s))),
		s.printing(s.reaching(newApply(s))),
		s.printing(s.reaching(newVerify(s))),
		newRotate(s),
		s.printing(s.reaching(newStatus(s))),
		s.printing(s.reaching(newDoctor(s))),
		s.reaching(newRunbook(s)),
		newPKI(s), newJournal(s), newLab(), newCompletion(), newVersion(),
	)
	completesNothingElse(root)
	return root
}

// group is a command that only has subcommands. Alone it shows its help; what is none of them is refused.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// isTerminal says that a person sits at a stream.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
