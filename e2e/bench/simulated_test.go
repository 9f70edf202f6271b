package main

import (
	"strings"
	"testing"
	"time"
)

func TestGrowthTellsLinearFromQuadratic(t *testing.T) {
	few := decided{servers: 10, plan: 10 * time.Millisecond, verify: 10 * time.Millisecond, run: 10 * time.Millisecond}
	many := decided{servers: 100, plan: 100 * time.Millisecond, verify: 1000 * time.Millisecond, run: 149 * time.Millisecond}
	got := growth(few, many)
	for _, want := range []string{"plan 1 (aim: at most 1.5: met)", "verify 10 (aim: at most 1.5: missed)", "whole run 1.49 (aim: at most 1.5: met)"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

func TestASimulatedClusterIsTakenToTLS(t *testing.T) {
	s, err := simulate(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.build(); len(p.Steps) == 0 {
		t.Error("the plaintext cluster needs no step")
	}
	if !s.judge().OK {
		t.Error("the cluster that is done is not proven")
	}
}
