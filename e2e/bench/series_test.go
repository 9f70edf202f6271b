package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for name, test := range map[string]struct {
		figures series[int]
		want    int
	}{
		"one":                        {series[int]{7}, 7},
		"the middle, whatever order": {series[int]{9, 1, 5}, 5},
		"the upper of two":           {series[int]{4, 1, 3, 2}, 3},
	} {
		before := append(series[int]{}, test.figures...)
		if got := test.figures.median(); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
		for i := range before {
			if before[i] != test.figures[i] {
				t.Errorf("%s: the figures were put into another order", name)
			}
		}
	}
}

func TestRatio(t *testing.T) {
	if got := ratio(3*time.Second, 4*time.Second); got != 0.75 {
		t.Errorf("got %v", got)
	}
}
