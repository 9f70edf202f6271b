package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// trace is what was seen of one run.
type trace struct {
	waits     []wait // by begin
	phases    []span
	steps     []span
	roundTrip time.Duration
}

func (r *recorder) trace(roundTrip time.Duration) trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := trace{waits: slices.Clone(r.waits), phases: r.phases, steps: r.steps, roundTrip: roundTrip}
	for _, l := range r.lines {
		t.waits = append(t.waits, l.waits()...)
	}
	slices.SortStableFunc(t.waits, func(a, b wait) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.host, b.host)) })
	return t
}

// traceApply runs apply in this process on a fresh cluster that seems to be far away, and prints what it waited for.
func traceApply(ctx context.Context, w *workshop, r request) error {
	for _, replicas := range r.replicas {
		err := w.onSlowLab(ctx, replicas, r.latency, func(l *slowLab) error {
			rec := newRecorder()
			if err := applyTraced(ctx, l.inventory(), rec); err != nil {
				return err
			}
			rec.trace(r.latency).tell(r.out, r.everything)
			return mustBeDone(ctx, l.Lab)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t trace) end() time.Duration { return t.phases[len(t.phases)-1].end }

func (t trace) tell(out io.Writer, everything bool) {
	serial := chain(t.waits, t.end())
	fmt.Fprintf(out, "apply took %s, %s round trips of %s\n\n", seconds(t.end()), t.trips(t.end()), t.roundTrip)
	t.printPhases(out, serial)
	fmt.Fprintf(out, "\nThe serial waits, each begun when the one before was over:\n\n")
	t.printWaits(out, serial)
	if everything {
		fmt.Fprintf(out, "\nAll waits:\n\n")
		t.printWaits(out, t.waits)
	}
}

func (t trace) printPhases(out io.Writer, serial []wait) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "phase\ttook\ttrips\tserial waits\tof these logins\tall waits")
	for _, p := range t.phases {
		all, mine := within(t.waits, p), within(serial, p)
		logins := slices.DeleteFunc(slices.Clone(mine), func(w wait) bool { return w.kind != "login" })
		fmt.Fprintf(w, "%s\t%s\t%s\t%d in %s\t%d in %s\t%d\n", p.name, seconds(p.end-p.begin), t.trips(p.end-p.begin),
			len(mine), t.trips(total(mine)), len(logins), t.trips(total(logins)), len(all))
	}
	_ = w.Flush() // the writes that follow tell what is wrong
}

func within(waits []wait, s span) []wait {
	return slices.DeleteFunc(slices.Clone(waits), func(w wait) bool { return !s.holds(w.begin) })
}

func total(waits []wait) (sum time.Duration) {
	for _, w := range waits {
		sum += w.took()
	}
	return sum
}

func (t trace) trips(d time.Duration) string {
	if t.roundTrip == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(d)/float64(t.roundTrip))
}

func (t trace) printWaits(out io.Writer, waits []wait) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "at\tidle\ttook\ttrips\thost\tkind\tfor\twhat")
	last := time.Duration(0)
	for _, x := range waits {
		idle := ""
		if x.begin-last > time.Millisecond {
			idle = fmt.Sprint((x.begin - last).Milliseconds())
		}
		last = max(last, x.end)
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", x.begin.Milliseconds(), idle, x.took().Milliseconds(), t.trips(x.took()), x.host, x.kind, t.purpose(x), x.what)
	}
	_ = w.Flush()
}

// purpose is the step that a wait was for, as far as can be told: those of its host at that time, or else all at that time; outside of
// steps it is the phase.
func (t trace) purpose(w wait) string {
	var own, others []string
	for _, s := range t.steps {
		if s.holds(w.begin) && s.target == w.host {
			own = append(own, s.name)
		}
		if s.holds(w.begin) {
			others = append(others, s.name)
		}
	}
	switch {
	case len(own) > 0:
		return strings.Join(own, "+")
	case len(others) > 2:
		return fmt.Sprintf("%d steps", len(others))
	case len(others) > 0:
		return strings.Join(others, "+")
	}
	for _, p := range t.phases {
		if p.holds(w.begin) {
			return p.name
		}
	}
	return "-"
}
