package run

import (
	"errors"
	"fmt"
	"testing"
)

// hinted is an error with something to say.
type hinted struct{ hint string }

func (e hinted) Error() string { return "it failed" }
func (e hinted) Hint() string  { return e.hint }

func TestTheHintOfAnActionIsFound(t *testing.T) {
	mute := errors.New("the journal is full")
	for name, err := range map[string]error{
		"itself":       hinted{"look there"},
		"wrapped":      fmt.Errorf("restart db1: %w", hinted{"look there"}),
		"joined":       errors.Join(fmt.Errorf("restart db1: %w", hinted{"look there"}), nil),
		"behind":       errors.Join(mute, fmt.Errorf("%w; %w", mute, hinted{"look there"})),
		"behind empty": errors.Join(hinted{}, hinted{"look there"}),
		"of the step":  &stepError{err: errors.Join(hinted{"look there"})},
	} {
		if got := hintOf(err); got != "look there" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for _, err := range []error{nil, mute, errors.Join(mute, hinted{}), &stepError{err: mute}} {
		if got := hintOf(err); got != "" {
			t.Errorf("%v: got %q", err, got)
		}
	}
}

func TestAMessageIsOneLine(t *testing.T) {
	if got := inOneLine(errors.Join(errors.New("a"), errors.New("b"))); got != "a; b" {
		t.Errorf("%q", got)
	}
}
