package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Verdict is the answer of a condition: it holds, it fails, or nothing can tell; the last two with a reason.
// The zero Verdict cannot tell.
type Verdict struct {
	answer answer
	why    string
	final  bool
	hint   string
}

type answer uint8

const (
	cannotTell answer = iota
	holds
	fails
)

func yes() Verdict { return Verdict{answer: holds} }

func no(format string, args ...any) Verdict {
	return Verdict{answer: fails, why: fmt.Sprintf(format, args...)}
}

// finally says no, and that waiting would not help: a receiver that met an error tries again only after its Connect_Retry.
func finally(format string, args ...any) Verdict {
	v := no(format, args...)
	v.final = true
	return v
}

func unclear(format string, args ...any) Verdict {
	return Verdict{answer: cannotTell, why: fmt.Sprintf(format, args...)}
}

// notSeen is unclear for the reason why something could not be looked at, and has its hint. A server that it names is not named again.
func notSeen[T any](v facts.Value[T], format string, args ...any) Verdict {
	why := v.Why()
	for _, arg := range args {
		why = strings.TrimPrefix(why, fmt.Sprint(arg)+": ")
	}
	return unclear("%s: %s", fmt.Sprintf(format, args...), why).hinting(v.Hint())
}

// Holds says that the condition is seen to be true. Neither a failing condition nor one that nothing can tell of holds.
func (v Verdict) Holds() bool { return v.answer == holds }

// Fails says that the condition is seen to be false.
func (v Verdict) Fails() bool { return v.answer == fails }

// Unclear says that nothing can tell.
func (v Verdict) Unclear() bool { return v.answer == cannotTell }

// Final says that waiting is of no use.
func (v Verdict) Final() bool { return v.final }

// Hint is what a person can do about it; it may be empty.
func (v Verdict) Hint() string { return v.hint }

func (v Verdict) hinting(hint string) Verdict {
	v.hint = hint
	return v
}

// explaining is [Verdict.hinting] for one that does not hold; an empty hint leaves the one that it has.
func (v Verdict) explaining(hint string) Verdict {
	if hint != "" && !v.Holds() {
		v.hint = hint
	}
	return v
}

// Why is the reason why a condition does not hold.
func (v Verdict) Why() string { return v.why }

func (v Verdict) String() string {
	switch v.answer {
	case holds:
		return "holds"
	case fails:
		return v.why
	case cannotTell:
	}
	return "cannot tell: " + v.why
}

// all holds when every verdict holds; a failing one outweighs an unclear one.
func all(verdicts ...Verdict) Verdict {
	sum := yes()
	var reasons []string
	for _, v := range verdicts {
		if v.Holds() {
			continue
		}
		if sum.answer != fails {
			sum.answer = v.answer
		}
		sum.final = sum.final || v.final
		if sum.hint == "" {
			sum.hint = v.hint
		}
		reasons = append(reasons, v.why)
	}
	sum.why = strings.Join(reasons, "; ")
	return sum
}
