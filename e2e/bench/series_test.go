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

func TestPercentile(t *testing.T) {
	var s series[int]
	for i := range 200 {
		s = append(s, 200-i)
	}
	for n, want := range map[int]int{1: 2, 50: 100, 99: 198, 100: 200} {
		if got := s.percentile(n); got != want {
			t.Errorf("%d: got %d, want %d", n, got, want)
		}
	}
	if got := (series[int]{7}).percentile(1); got != 7 {
		t.Errorf("of one: got %d", got)
	}
}

func TestRatio(t *testing.T) {
	if got := ratio(3*time.Second, 4*time.Second); got != 0.75 {
		t.Errorf("got %v", got)
	}
}
