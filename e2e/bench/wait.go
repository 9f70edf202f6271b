package main

import (
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
)

// wait is a time in which something on a host was waited for.
type wait struct {
	host       string
	kind       string // login, run, open, ask or close
	what       string
	begin, end time.Duration // since the trace began
}

func (w wait) took() time.Duration { return w.end - w.begin }

// span is a named time: a phase of the command, or a step.
type span struct {
	name       string
	target     string // of a step
	begin, end time.Duration
}

func (s span) holds(at time.Duration) bool { return s.begin <= at && at < s.end }

// recorder collects what happens, from any number of goroutines.
type recorder struct {
	began time.Time

	mu     sync.Mutex
	waits  []wait
	lines  []*line
	phases []span
	steps  []span
}

func newRecorder() *recorder { return &recorder{began: time.Now()} }

func (r *recorder) now() time.Duration { return time.Since(r.began) }

// begin notes a wait when the result is called, with the time of its end.
func (r *recorder) begin(host, kind, what string) (end func()) {
	began := r.now()
	return func() { r.add(wait{host: host, kind: kind, what: what, begin: began, end: r.now()}) }
}

func (r *recorder) add(w wait) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, w)
}

func (r *recorder) keep(l *line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
}

// phase notes a part of the command.
func (r *recorder) phase(name string, work func() error) error {
	began := r.now()
	err := work()
	r.phases = append(r.phases, span{name: name, begin: began, end: r.now()})
	return err
}

// watch notes the steps of a run.
func (r *recorder) watch(record event.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := record.At.Sub(r.began)
	switch e := record.Event.(type) {
	case event.StepBegan:
		r.steps = append(r.steps, span{name: e.Step, target: string(e.Target), begin: at, end: 1<<63 - 1})
	case event.StepDone:
		r.endStep(e.Step, at)
	case event.StepFailed:
		r.endStep(e.Step, at)
	}
}

func (r *recorder) endStep(name string, at time.Duration) {
	for i := range r.steps {
		if r.steps[i].name == name {
			r.steps[i].end = at
		}
	}
}
