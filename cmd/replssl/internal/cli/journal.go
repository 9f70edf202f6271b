package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
)

func newJournal(s *settings) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "journal",
		Short: "Look at what runs have done: who, when, and each statement",
		Long: `Look at what runs have done, long after: who, when, to which server, and each
statement. A journal holds no password and no key. No host is reached.`,
		Example: "  replssl journal list -i orders.yaml",
	})
	cmd.AddCommand(s.printing(s.journals(newJournalList(s))), s.printing(s.journals(newJournalShow(s))))
	return cmd
}

func newJournalList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the runs, oldest first",
		Long: `List the runs of a cluster, oldest first: what for, by whom, and how each ended.
One that did not end was killed, or is at work.

Exit codes: 0 listed, 1 error.`,
		Example: `  replssl journal list -i orders.yaml
  replssl journal list --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			runs, err := journal.Runs(s.beside(s.journal, "journal"))
			if err != nil {
				return err
			}
			list := ui.RunList{Schema: 1, Folder: s.beside(s.journal, "journal"), Runs: []ui.RunLine{}}
			for _, run := range runs {
				list.Runs = append(list.Runs, ui.LineOf(run.Name, run.Records, run.Err))
			}
			return show(cmd, s, list, func() { ui.Runs(cmd.OutOrStdout(), list) })
		},
	}
}

func newJournalShow(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show a run, statement by statement",
		Long: `Show everything that a run has written, the last one where none is named: what
was found, each action and each statement before it was begun, and what came of
it. The beginning of a run's name will do.

Exit codes: 0 shown, 1 error.`,
		Example: `  replssl journal show -i orders.yaml
  replssl journal show 20261123T1502 --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := journal.Runs(s.beside(s.journal, "journal"))
			if err != nil {
				return err
			}
			run, err := runOf(runs, s.beside(s.journal, "journal"), args)
			if err != nil {
				return err
			}
			if run.Err != nil {
				return run.Err
			}
			return show(cmd, s, shownRun{1, run.Name, run.Records}, func() {
				ui.Run(cmd.OutOrStdout(), ui.LineOf(run.Name, run.Records, nil), run.Records)
			})
		},
	}
}

// shownRun is a run as JSON: its events are as its journal has them.
type shownRun struct {
	Schema int            `json:"schema"`
	Run    string         `json:"run"`
	Events []event.Record `json:"events"`
}

// runOf is the run whose name begins so, or the last one.
func runOf(runs []journal.Run, folder string, args []string) (journal.Run, error) {
	if len(runs) == 0 {
		return journal.Run{}, &codeError{code: exitError, text: folder + " has no runs", hint: "name the folder of the journals: --journal DIR"}
	}
	if len(args) == 0 {
		return runs[len(runs)-1], nil
	}
	var found []journal.Run
	for _, run := range runs {
		if strings.HasPrefix(run.Name, args[0]) {
			found = append(found, run)
		}
	}
	if len(found) != 1 {
		return journal.Run{}, &codeError{
			code: exitError, text: fmt.Sprintf("%d runs of %s have a name that begins with %q", len(found), folder, args[0]), hint: "replssl journal list tells their names",
		}
	}
	return found[0], nil
}
