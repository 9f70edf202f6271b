// Package seen holds what was looked for on a host: it is there, it is not there, or nobody could look.
//
// The third answer is a type of its own because "could not look" taken for "absent" is how a tool overwrites what it should
// have kept.
package seen

import "fmt"

type answer uint8

const (
	unknown answer = iota // the zero Value, so that a fact nobody set is never read as absence
	known
	absent
)

// Value is the answer to one look. The zero Value is unknown.
type Value[T any] struct {
	answer answer
	value  T
	why    string
}

// Known is an answer that was seen.
func Known[T any](value T) Value[T] { return Value[T]{answer: known, value: value} }

// Absent is the answer that it was looked for and is not there.
func Absent[T any]() Value[T] { return Value[T]{answer: absent} }

// Unknown is the answer that it could not be looked at, and why.
func Unknown[T any](why string) Value[T] { return Value[T]{why: why} }

// Get gives the value, and whether it is known.
func (v Value[T]) Get() (T, bool) { return v.value, v.answer == known }

// IsAbsent tells that somebody looked and it was not there.
func (v Value[T]) IsAbsent() bool { return v.answer == absent }

// IsUnknown tells that nobody could look; Why has the reason.
func (v Value[T]) IsUnknown() bool { return v.answer == unknown }

// Why is the reason of an unknown value, and empty for the others.
func (v Value[T]) Why() string {
	if v.answer == unknown && v.why == "" {
		return "nobody looked"
	}
	return v.why
}

// String is for messages of tests and developers.
func (v Value[T]) String() string {
	switch v.answer {
	case known:
		return fmt.Sprint(v.value)
	case absent:
		return "absent"
	default:
		return "unknown (" + v.Why() + ")"
	}
}
