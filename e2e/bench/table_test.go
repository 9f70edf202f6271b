package main

import (
	"strings"
	"testing"
)

func TestAMissedAimIsNotRoundedAway(t *testing.T) {
	for figure, want := range map[float64]string{0.7: "0.7 (aim: at most 0.7: met)", 0.7001: "0.71 (aim: at most 0.7: missed)", 0.5: "0.5 (aim: at most 0.7: met)"} {
		if got := atMost(figure, 0.7, ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestATableIsMarkdown(t *testing.T) {
	table := newTable("Wall time", "replicas", "median")
	table.add("4", "1.00 s")
	var out strings.Builder
	table.print(&out, "A note.")
	want := "\n### Wall time\n\n| replicas | median |\n|---|---|\n| 4 | 1.00 s |\n\nA note.\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
