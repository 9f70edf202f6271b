package main

import (
	"slices"
	"time"
)

// reading is one look at a thread, or at a server: somewhere between begin and end it ran or did not.
type reading struct {
	begin, end time.Duration
	runs       bool
	id         string // of the thread: another one between two looks means that it was stopped in between
}

// pause is a time without a running thread.
type pause struct {
	begin, end time.Duration // between two looks that saw it run: it cannot have been longer
	seen       time.Duration // between two looks that saw it not run: it cannot have been shorter
}

func (p pause) took() time.Duration { return p.end - p.begin }

func (p pause) overlaps(q pause) bool { return p.begin < q.end && q.begin < p.end }

// pauses are the times in which readings, one after the other, do not show the same thread run.
func pauses(readings []reading) []pause {
	var list []pause
	var last *reading // that ran
	var stopped []reading
	for _, r := range readings {
		if !r.runs {
			stopped = append(stopped, r)
			continue
		}
		if p, paused := between(last, stopped, r); paused {
			list = append(list, p)
		}
		last, stopped = &r, nil
	}
	if len(stopped) > 0 { // it does not run at the end
		p, _ := between(last, stopped, stopped[len(stopped)-1])
		list = append(list, p)
	}
	return list
}

func between(last *reading, stopped []reading, next reading) (pause, bool) {
	p := pause{end: next.end}
	if last != nil {
		p.begin = last.begin
	}
	if len(stopped) > 0 {
		p.seen = max(0, stopped[len(stopped)-1].begin-stopped[0].end)
		return p, true
	}
	return p, last != nil && last.id != next.id
}

// longest is the longest of the pauses that overlap none of the others, and of those that do; without any it is zero.
func longest(list, others []pause) (apart, overlapping pause) {
	for _, p := range list {
		into := &apart
		if slices.ContainsFunc(others, p.overlaps) {
			into = &overlapping
		}
		if p.took() > into.took() {
			*into = p
		}
	}
	return apart, overlapping
}
