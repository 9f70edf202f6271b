package main

import (
	"cmp"
	"slices"
	"time"
)

// series are the figures of one thing that was measured several times, none of them left out.
type series[T cmp.Ordered] []T

func (s series[T]) sorted() series[T] { return slices.Sorted(slices.Values(s)) }

func (s series[T]) min() T { return slices.Min(s) }
func (s series[T]) max() T { return slices.Max(s) }

// median is the middle figure; of an even number, the upper of the two in the middle.
func (s series[T]) median() T { return s.sorted()[len(s)/2] }

// percentile is the least figure that n of a hundred do not exceed.
func (s series[T]) percentile(n int) T { return s.sorted()[max(0, (len(s)*n+99)/100-1)] }

// ratio is how many times as long one takes as the other.
func ratio(one, other time.Duration) float64 { return float64(one) / float64(other) }
