package ui

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// RunList is `journal list`: the runs of a cluster, oldest first.
type RunList struct {
	Schema int       `json:"schema"`
	Folder string    `json:"folder"`
	Runs   []RunLine `json:"runs"`
}

// RunLine is one run. What it has not written is null.
type RunLine struct {
	Run     string         `json:"run"`
	Began   *time.Time     `json:"began"`
	Ended   *time.Time     `json:"ended"`
	Who     string         `json:"who"`
	Work    event.Work     `json:"work"`
	Phase   int            `json:"phase,omitempty"`
	Version string         `json:"version"`
	Digest  string         `json:"digest"`
	Steps   int            `json:"steps"`
	Done    int            `json:"done"`
	Failed  int            `json:"failed"`
	Skipped int            `json:"skipped"`
	Outcome *event.Outcome `json:"outcome"`       // null: it was killed, or is at work
	Why     string         `json:"why,omitempty"` // why it cannot be read
}

// LineOf sums a run up.
func LineOf(run string, records []event.Record, err error) RunLine {
	line := RunLine{Run: run}
	if err != nil {
		line.Why = err.Error()
	}
	for _, r := range records {
		at := r.At
		switch e := r.Event.(type) {
		case event.RunBegan:
			line.Began, line.Who, line.Work, line.Phase, line.Version, line.Digest, line.Steps = &at, e.Who, e.Work, e.Phase, e.Version, e.Digest, e.Steps
			if e.Work == "" {
				line.Work = event.Apply
			}
		case event.StepDone:
			line.Done++
		case event.StepFailed:
			line.Failed++
		case event.StepSkipped:
			line.Skipped++
		case event.RunEnded:
			line.Ended, line.Outcome = &at, &e.Outcome
			line.Done, line.Failed, line.Skipped = e.Done, e.Failed, e.Skipped
		}
	}
	return line
}

func (l RunLine) work() string {
	if l.Phase > 0 {
		return fmt.Sprintf("%s, phase %d", l.Work, l.Phase)
	}
	return string(l.Work)
}

func (l RunLine) outcome() string {
	switch {
	case l.Why != "":
		return "cannot be read: " + l.Why
	case l.Outcome == nil:
		return "not ended"
	}
	return string(*l.Outcome)
}

// Runs prints the list as a table.
func Runs(w io.Writer, list RunList) {
	if len(list.Runs) == 0 {
		fmt.Fprintf(w, "%s has no runs.\n", list.Folder)
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tWORK\tWHO\tSTEPS\tDONE\tFAILED\tOUTCOME")
	for _, l := range list.Runs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", l.Run, l.work(), l.Who, l.Steps, l.Done, l.Failed, l.outcome())
	}
	_ = table.Flush() // the writer below remembers what failed
}

// Run prints everything that a run has written, each event with its time: who did what to which server, statement by statement.
func Run(w io.Writer, line RunLine, records []event.Record) {
	fmt.Fprintf(w, "run      %s\nwork     %s\nwho      %s\nreplssl  %s\nplan     %s, %s\noutcome  %s\n\n",
		line.Run, line.work(), line.Who, line.Version, line.Digest, counted(line.Steps, "step"), line.outcome())
	for _, r := range records {
		text := Tell(r.Event)
		fmt.Fprintf(w, "%s  %s\n", r.At.UTC().Format("2006-01-02T15:04:05.000Z"), strings.ReplaceAll(text, "\n", "\n                          "))
	}
}

// Tell is an event as one sentence.
func Tell(e event.Event) string {
	switch e := e.(type) {
	case event.RunBegan:
		return fmt.Sprintf("the run began: %s by %s", counted(e.Steps, "step"), e.Who)
	case event.StepBegan:
		return fmt.Sprintf("%s: %s", e.Step, e.Title)
	case event.StepHeld:
		return fmt.Sprintf("%s: waits: %s", e.Step, e.Why)
	case event.ThreadsFound:
		return fmt.Sprintf("%s: channel %s was found with its receiver %s and its applier %s", e.Step, facts.ChannelID{Server: e.Server, Name: e.Channel}, running(e.Receiver), running(e.Applier))
	case event.ActionIntended:
		return fmt.Sprintf("%s: %s, is about to: %s%s", e.Step, plan.TargetName(e.Target), rescue(e.Rescue), e.Action)
	case event.ActionDone:
		return fmt.Sprintf("%s: did: %s%s", e.Step, rescue(e.Rescue), e.Action)
	case event.ActionFailed:
		return fmt.Sprintf("%s: %sfailed: %s", e.Step, rescue(e.Rescue), e.Error)
	case event.Statement:
		return fmt.Sprintf("%s: sends: %s", e.Server, e.SQL)
	case event.RequirementFound:
		return fmt.Sprintf("%s: the row of host %s was found to demand: %s", e.Server, e.Host, e.Former())
	case event.PathsFound:
		return fmt.Sprintf("%s: its TLS files were found to be: %s", e.Server, paths(e.Read))
	case event.RequirementDated:
		return fmt.Sprintf("%s: connection %d sets what the account has to present", e.Server, e.Connection)
	case event.RequirementLifted:
		return fmt.Sprintf("%s: what the account has to present is about to be lifted", e.Server)
	case event.RequirementRestored:
		return fmt.Sprintf("%s: the account's rows demand what they did before", e.Server)
	case event.SetRead:
		return fmt.Sprintf("%s: has read the certificate set of its TLS dir", e.Server)
	case event.CommandLeft:
		return Left(e)
	case event.StepDone:
		return fmt.Sprintf("%s: %s", e.Step, done(e))
	case event.StepFailed:
		return fmt.Sprintf("%s: %s", e.Step, failed(e))
	case event.StepSkipped:
		return fmt.Sprintf("%s: not begun: %s", e.Step, e.Why)
	case event.Stopping:
		return fmt.Sprintf("somebody asked to stop; under way: %s", orNone(e.Underway))
	case event.RunEnded:
		return fmt.Sprintf("the run ended: %s: %d done, %d failed, %d not begun", e.Outcome, e.Done, e.Failed, e.Skipped)
	}
	return event.Kind(e)
}

func running(is bool) string {
	if is {
		return "running"
	}
	return "stopped"
}

func paths(p event.Paths) string {
	var list []string
	for _, path := range []string{p.CA, p.Cert, p.Key, p.CRL} {
		if path != "" {
			list = append(list, path)
		}
	}
	return orNone(list)
}
