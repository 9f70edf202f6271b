package main

import (
	"slices"
	"testing"
)

func TestChangedNamesWhatDiffersGoesAndComes(t *testing.T) {
	before := traces{"a": "1", "b": "1", "c": "1"}
	after := traces{"b": "2", "c": "1", "d": "1"}
	if got, want := before.changed(after), []string{"a", "b", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := before.changed(before); got != nil {
		t.Errorf("got %v of the same", got)
	}
}
