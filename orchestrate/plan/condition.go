package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Condition is a pure predicate over facts; goals and guards are conditions. The set is closed: only this package can make one.
//
// Its String is what a person would expect to see when it holds.
type Condition interface {
	fmt.Stringer

	// Holds judges the facts.
	Holds(f facts.Facts) Verdict

	// Look is what has to be looked at to judge.
	Look() facts.Look

	condition()
}

// Quick is a condition that costs less to look at and fails as long as c fails for the reason that most often keeps one waiting; nil where
// there is none. Whoever waits for c waits for it first.
func Quick(c Condition) Condition {
	if staged, ok := c.(interface{ Quick() Condition }); ok {
		return staged.Quick()
	}
	return nil
}

// both is the conjunction of conditions.
type both []Condition

// All holds when each of the conditions holds.
func All(conditions ...Condition) Condition { return both(conditions) }

// Parts are the conditions that a conjunction is made of; any other condition is its own only part.
func Parts(c Condition) []Condition {
	conjunction, ok := c.(both)
	if !ok {
		return []Condition{c}
	}
	var parts []Condition
	for _, part := range conjunction {
		parts = append(parts, Parts(part)...)
	}
	return parts
}

func (both) condition() {}

func (b both) Holds(f facts.Facts) Verdict {
	verdicts := make([]Verdict, len(b))
	for i, c := range b {
		verdicts[i] = c.Holds(f)
	}
	return all(verdicts...)
}

func (b both) Look() facts.Look {
	look := facts.Look{}
	for _, c := range b {
		look.Merge(c.Look())
	}
	return look
}

func (b both) String() string {
	text := ""
	for i, c := range b {
		if i > 0 {
			text += "; "
		}
		text += c.String()
	}
	return text
}

func lookAt(name topology.ServerName, parts facts.Part) facts.Look { return facts.Look{name: parts} }

// lookAtLink is what it takes to see both ends of a channel.
func lookAtLink(l Link) facts.Look {
	look := facts.Look{}
	look.Add(l.Channel.Server, facts.PartInstance|facts.PartChannels|facts.PartProcess)
	look.Add(l.Source, facts.PartInstance|facts.PartSessions|facts.PartProcess|facts.PartAccounts)
	return look
}
