package ui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
)

// Progress prints events as lines, each with its step.
type Progress struct {
	w     io.Writer
	steps int
	ended int
}

// NewProgress prints to w the events of a run of so many steps.
func NewProgress(w io.Writer, steps int) *Progress { return &Progress{w: w, steps: steps} }

// Show prints an event. Events that only the journal needs print nothing.
func (p *Progress) Show(r event.Record) {
	switch e := r.Event.(type) {
	case event.RunBegan:
		p.say("run", "%s: %s", e.Run, counted(e.Steps, "step"))
	case event.StepHeld:
		p.say(e.Step, "waits: %s", e.Why)
	case event.ActionIntended:
		p.say(e.Step, "%s%s", rescue(e.Rescue), e.Action)
	case event.ActionFailed:
		p.say(e.Step, "%sfailed: %s", rescue(e.Rescue), e.Error)
	case event.CommandLeft:
		p.say(string(e.Server), "%s", Left(e))
	case event.StepDone:
		p.end(e.Step, done(e))
	case event.StepFailed:
		p.end(e.Step, failed(e))
	case event.StepSkipped:
		p.end(e.Step, "not begun: "+e.Why)
	case event.Stopping:
		p.say("run", "stopping after the steps under way (%s); interrupt again to end at once", orNone(e.Underway))
	case event.RunEnded:
		p.say("run", "%s: %d done, %d failed, %d not begun", e.Outcome, e.Done, e.Failed, e.Skipped)
	case event.StepBegan, event.ThreadsFound, event.ActionDone, event.Statement, event.RequirementFound, event.PathsFound, event.RequirementDated,
		event.RequirementLifted, event.RequirementRestored, event.SetRead:
	}
}

// Left tells of a restart command that goes on.
func Left(e event.CommandLeft) string {
	return fmt.Sprintf("%s is up again, and its restart command goes on: %s; what that still does is not in the proof: look again by replssl verify when it has ended",
		e.Server, e.Command)
}

func (p *Progress) say(step, format string, args ...any) {
	fmt.Fprintf(p.w, "%-22s %s\n", step, fmt.Sprintf(format, args...))
}

func (p *Progress) end(step, text string) {
	p.ended++
	p.say(step, "[%d/%d] %s", p.ended, p.steps, text)
}

func orNone(steps []string) string {
	if len(steps) == 0 {
		return "none"
	}
	return strings.Join(steps, ", ")
}

func rescue(is bool) string {
	if is {
		return "taking back: "
	}
	return ""
}

func failed(e event.StepFailed) string {
	text := "FAILED: " + e.Error
	if e.Rescued != event.NotNeeded {
		text += " (" + string(e.Rescued) + ")"
	}
	if e.Hint != "" {
		text += "\nhint: " + e.Hint
	}
	return text
}

func done(e event.StepDone) string {
	if e.Unchanged {
		return "done already"
	}
	return "done in " + e.Took.Round(time.Millisecond).String()
}
