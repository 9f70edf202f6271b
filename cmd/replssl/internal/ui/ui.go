// Package ui shows plans, events and judgements: as text for a person, as JSON for a program.
//
// It derives every sentence from what it shows; it has no sentences about actions of its own.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// JSON prints a result as one indented object.
func JSON(w io.Writer, result any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(result)
}

// JSONLine prints a result as one line.
func JSONLine(w io.Writer, result any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(result)
}

// Plan prints a plan in full: every step with its reason, guards, actions and goal, and the impact.
func Plan(w io.Writer, p plan.Plan) { show(w, p, step) }

// Brief prints what a person has to say yes to: the titles of the steps, and the impact.
func Brief(w io.Writer, p plan.Plan) {
	show(w, p, func(w io.Writer, number int, s plan.Step) { fmt.Fprintf(w, "%3d. %s\n", number, s.Title) })
}

func show(w io.Writer, p plan.Plan, step func(io.Writer, int, plan.Step)) {
	tellBlocked(w, &hints{}, p.Blocked)
	tellWarnings(w, p.Warnings)
	switch {
	case len(p.Blocked) > 0:
		fmt.Fprintf(w, "\nCluster %s: %s the plan; nothing is done.\n", p.Cluster, blocking(len(p.Blocked)))
		return
	case len(p.Steps) == 0:
		fmt.Fprintf(w, "Cluster %s: nothing to do.\n", p.Cluster)
		return
	}
	fmt.Fprintf(w, "Cluster %s: %s, plan %s\n\n", p.Cluster, counted(len(p.Steps), "step"), p.Digest())
	for i, s := range p.Steps {
		step(w, i+1, s)
	}
	impact(w, p)
	if len(p.Left) > 0 {
		fmt.Fprintf(w, "\nLeft for another run, and with them the requirement: %s\n", orNone(namesOf(p.Left)))
	}
}

func namesOf[S ~string](servers []S) []string {
	names := make([]string, len(servers))
	for i, server := range servers {
		names[i] = string(server)
	}
	return names
}

// counted is a number of things, by the word for one of them.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func blocking(n int) string {
	if n == 1 {
		return "1 thing blocks"
	}
	return counted(n, "thing") + " block"
}

func tellBlocked(w io.Writer, h *hints, blocked []plan.Blocked) {
	for _, b := range blocked {
		fmt.Fprintf(w, "blocked: %s: %s\n", plan.TargetName(b.Target), text(plan.Problem{Server: b.Target, Why: b.Why}))
		h.print(w, b.Hint)
	}
}

func tellWarnings(w io.Writer, warnings []plan.Warning) {
	for _, warning := range warnings {
		fmt.Fprintf(w, "warning: %s: %s\n", plan.TargetName(warning.Target), warning.Text)
	}
}

func step(w io.Writer, number int, s plan.Step) {
	fmt.Fprintf(w, "%3d. %s  [%s]\n", number, s.Title, s.ID)
	fmt.Fprintf(w, "       why     %s\n", s.Reason)
	for _, g := range s.Guards {
		fmt.Fprintf(w, "       guard   %s\n", g.Condition)
	}
	for _, a := range s.Actions {
		fmt.Fprintf(w, "       do      %s\n", a)
	}
	fmt.Fprintf(w, "       expect  %s\n", s.Goal)
}

func impact(w io.Writer, p plan.Plan) {
	fmt.Fprintln(w, "\nImpact:")
	none := true
	for _, s := range p.Steps {
		if s.Impact != "" {
			fmt.Fprintf(w, "  - %s\n", s.Impact)
			none = false
		}
	}
	if none {
		fmt.Fprintln(w, "  - none")
	}
}

// Report prints the judgement of a cluster.
func Report(w io.Writer, r plan.Report) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHANNEL\tENCRYPTED\tPROOF\tCHECKED\tRECEIVER\tAPPLIER\tLAG\tPLAINTEXT LOGIN")
	for i, c := range r.Replicas {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", channelName(c), yesNo(c.Encrypted), c.Proof, c.Verified, c.Receiver, c.Applier,
			seconds(c.Lag), r.Plaintext[i].Result)
	}
	_ = table.Flush()
	explain(w, r.Replicas)
	for _, a := range r.Accounts {
		fmt.Fprintf(w, "account %s@%s on %s requires: %s%s\n", a.User, a.Host, a.Server, a.Require, partsOf(a))
	}
	problems := tellProblems(w, &hints{}, "problem: ", r.Problems)
	if r.OK {
		fmt.Fprintf(w, "proven: replication of cluster %s is encrypted, enforced and running%s\n", r.Cluster, keptStopped(r.Replicas))
		return
	}
	fmt.Fprintf(w, "not proven: %d problem(s) in cluster %s\n", problems, r.Cluster)
}

// keptStopped names the threads that do not run, and are not to.
func keptStopped(channels []plan.ReplicaReport) string {
	var stopped []string
	for _, c := range channels {
		for _, thread := range []struct {
			name  string
			state facts.ThreadState
		}{{"receiver", c.Receiver}, {"applier", c.Applier}} {
			if thread.state == facts.No {
				stopped = append(stopped, fmt.Sprintf("the %s of %s", thread.name, channelName(c)))
			}
		}
	}
	if len(stopped) == 0 {
		return ""
	}
	return ", but for what is kept stopped: " + strings.Join(stopped, ", ")
}

// partsOf are the issuer, subject and cipher that a row demands.
func partsOf(a plan.AccountReport) string {
	parts := ""
	for _, part := range []struct{ word, value string }{{"ISSUER", a.Issuer}, {"SUBJECT", a.Subject}, {"CIPHER", a.Cipher}} {
		if part.value != "" {
			parts += fmt.Sprintf(", %s %s", part.word, part.value)
		}
	}
	return parts
}

// explain tells what each proof rests on; channels of which the same is to be said share the line. Why a channel was not seen is told among
// the problems.
func explain(w io.Writer, channels []plan.ReplicaReport) {
	var said together
	for _, c := range channels {
		if !c.Unseen() {
			said.say(channelName(c), c.Why)
		}
	}
	said.print(w, "")
}

// together are lines about things; those of which the same is to be said share one.
type together struct {
	texts []string
	names map[string][]string // by text
}

func (t *together) say(name, text string) {
	if t.names == nil {
		t.names = map[string][]string{}
	}
	if t.names[text] == nil {
		t.texts = append(t.texts, text)
	}
	t.names[text] = append(t.names[text], name)
}

func (t *together) print(w io.Writer, prefix string) {
	for _, text := range t.texts {
		fmt.Fprintf(w, "%s%s: %s\n", prefix, strings.Join(t.names[text], ", "), text)
	}
}

func channelName(c plan.ReplicaReport) string {
	return facts.ChannelID{Server: c.Server, Name: c.Channel}.String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func seconds(v facts.Value[float64]) string {
	if s, ok := v.Get(); ok {
		return fmt.Sprintf("%.0fs", s)
	}
	return "?"
}

// or is a value in a table: a question mark for what could not be looked at, a dash for what is not there.
func or[T any](v facts.Value[T]) string {
	switch {
	case v.IsAbsent():
		return "-"
	case !v.IsKnown():
		return "?"
	}
	return v.String()
}
