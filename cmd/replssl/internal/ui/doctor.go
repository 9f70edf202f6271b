package ui

import (
	"fmt"
	"io"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Explained is what a text means that a person has pasted: schema 1. It has nothing of the text but the numbers: that may hold a statement, and
// with it a password.
type Explained struct {
	Schema   int                `json:"schema"`
	Failures []ExplainedFailure `json:"failures"`
}

// ExplainedFailure is one error.
type ExplainedFailure struct {
	Number int      `json:"number"`
	Family *string  `json:"family"` // of the server that told it; null where the text gives none away
	Known  bool     `json:"known"`
	Words  string   `json:"if_its_text_has,omitempty"` // where the text that was given does not tell: this is meant by one with these words
	Means  string   `json:"means,omitempty"`
	Do     []string `json:"do"`
}

// Explain makes it of the failures that a text tells, each meaning once.
func Explain(failures []dialect.Failure) Explained {
	explained := Explained{Schema: 1, Failures: []ExplainedFailure{}}
	told := map[string]bool{}
	for _, f := range failures {
		meaning, known := dialect.MeaningOf(f)
		meanings := []dialect.PossibleMeaning{{Meaning: meaning}}
		if possible := dialect.PossibleMeanings(f); !known && len(possible) > 0 {
			meanings, known = possible, true
		}
		for _, m := range meanings {
			if known && told[m.Means] {
				continue
			}
			told[m.Means] = true
			explained.Failures = append(explained.Failures, explainedFailure(f, known, m))
		}
	}
	return explained
}

func explainedFailure(f dialect.Failure, known bool, m dialect.PossibleMeaning) ExplainedFailure {
	one := ExplainedFailure{Number: f.Number, Known: known, Means: m.Means, Words: m.Words, Do: append([]string{}, m.Do...)}
	if family := string(f.Family); family != "" {
		one.Family = &family
	}
	return one
}

// Unknown are the numbers that nothing is known of.
func (e Explained) Unknown() (numbers []int) {
	for _, f := range e.Failures {
		if !f.Known {
			numbers = append(numbers, f.Number)
		}
	}
	return numbers
}

// Explanation prints what is known.
func Explanation(w io.Writer, e Explained) {
	for _, f := range e.Failures {
		if !f.Known {
			continue
		}
		of := ""
		if f.Family != nil {
			of = " of " + *f.Family
		}
		if f.Words != "" {
			of += fmt.Sprintf(", if its text has %q", f.Words)
		}
		fmt.Fprintf(w, "error %d%s: %s\n", f.Number, of, f.Means)
		for _, do := range f.Do {
			fmt.Fprintf(w, "  - %s\n", do)
		}
	}
}

// Diagnosis prints the errors of a cluster with their causes.
func Diagnosis(w io.Writer, d plan.Diagnosis) {
	for _, a := range d.Findings {
		fmt.Fprintf(w, "%s: the %s has error %d\n", a.ID(), a.Thread, a.Number)
		switch {
		case a.Cause != nil:
			fmt.Fprintf(w, "  cause  %s: %s\n", *a.At, *a.Cause)
		case a.Means != "":
			fmt.Fprintf(w, "  means  %s\n", a.Means)
		default:
			fmt.Fprintln(w, "  nothing is known here of this error")
		}
		for _, do := range a.Do {
			fmt.Fprintf(w, "  - %s\n", do)
		}
	}
	tellProblems(w, &hints{}, "problem: ", d.Problems)
	if d.OK {
		fmt.Fprintf(w, "no receiver and no applier has an error, of %s; what else may be wrong: replssl verify\n", strings.Join(d.Looked, ", "))
	}
}
