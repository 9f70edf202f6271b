package facts

import (
	"encoding/json"
	"fmt"
)

// Value is the outcome of one look: known with a value, absent (looked, and it is not there), or unknown (could not look, with
// the reason). The zero Value is unknown, so that what nobody looked at can never pass for absent.
type Value[T any] struct {
	state state
	value T
	why   string
	hint  string
}

type state uint8

const (
	unknown state = iota
	known
	absent
)

const notLooked = "it was not looked at"

// Known is a value that was seen.
func Known[T any](v T) Value[T] { return Value[T]{state: known, value: v} }

// Absent says that the look was made and found nothing there.
func Absent[T any]() Value[T] { return Value[T]{state: absent} }

// Unknown says why the look could not be made.
func Unknown[T any](why string) Value[T] { return Value[T]{why: why} }

// Unknownf is [Unknown] with a format.
func Unknownf[T any](format string, args ...any) Value[T] {
	return Unknown[T](fmt.Sprintf(format, args...))
}

// WithHint adds what a person can do about an unknown value.
func (v Value[T]) WithHint(hint string) Value[T] {
	v.hint = hint
	return v
}

// Hint is what a person can do about an unknown value; it may be empty.
func (v Value[T]) Hint() string { return v.hint }

// Get returns the value and whether it is known.
func (v Value[T]) Get() (T, bool) { return v.value, v.state == known }

// Or returns the value, or other when it is not known.
func (v Value[T]) Or(other T) T {
	if v.state == known {
		return v.value
	}
	return other
}

// IsKnown says that a value was seen.
func (v Value[T]) IsKnown() bool { return v.state == known }

// IsAbsent says that the look was made and found nothing.
func (v Value[T]) IsAbsent() bool { return v.state == absent }

// IsUnknown says that the look could not be made; [Value.Why] tells why.
func (v Value[T]) IsUnknown() bool { return v.state == unknown }

// Why is the reason of an unknown value, and empty for the others.
func (v Value[T]) Why() string {
	if v.state == unknown && v.why == "" {
		return notLooked
	}
	return v.why
}

// As carries the state and reason of a value that is not known over to another type; it must not be called on a known one,
// which it turns into unknown.
func As[U, T any](v Value[T]) Value[U] {
	if v.IsAbsent() {
		return Absent[U]()
	}
	return Unknown[U](v.Why()).WithHint(v.hint)
}

func (v Value[T]) String() string {
	switch v.state {
	case known:
		return fmt.Sprint(v.value)
	case absent:
		return "absent"
	case unknown:
	}
	return "unknown: " + v.Why()
}

// MarshalJSON renders a known value as itself, and the others as null: where the reason matters, the caller's own structure has
// a "why" beside it.
func (v Value[T]) MarshalJSON() ([]byte, error) {
	if v.state == known {
		return json.Marshal(v.value)
	}
	return []byte("null"), nil
}
