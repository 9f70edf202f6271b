package main

import (
	"cmp"
	"slices"
	"time"
)

// near is how soon one wait follows another that it depended on: what this process does in between takes no longer.
const near = 3 * time.Millisecond

// chain is the serial part of a trace: walked back from the end, each time to the wait that was over last before the one at hand began,
// and among those that were over just before, to one of the same host. It is a guess at what depended on what, and a good one where waits
// are long and the work between them is short.
func chain(waits []wait, end time.Duration) []wait {
	var list []wait
	for at, host := end, ""; ; {
		w, found := before(waits, at, host)
		if !found {
			slices.Reverse(list)
			return list
		}
		list = append(list, w)
		at, host = w.begin, w.host
	}
}

func before(waits []wait, at time.Duration, host string) (last wait, found bool) {
	better := func(a, b wait) int {
		return cmp.Or(cmp.Compare(sameAndNear(a, at, host), sameAndNear(b, at, host)), cmp.Compare(a.end, b.end), -cmp.Compare(a.begin, b.begin))
	}
	for _, w := range waits {
		if w.end > at || w.begin >= w.end {
			continue
		}
		if !found || better(w, last) > 0 {
			last, found = w, true
		}
	}
	return last, found
}

func sameAndNear(w wait, at time.Duration, host string) int {
	if w.host == host && at-w.end <= near {
		return 1
	}
	return 0
}
