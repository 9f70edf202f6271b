package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// mostSampled bounds how many replicas are looked at: the looks themselves load the machine.
const mostSampled = 4

// paused are the longest pauses of one way to change clusters of one size, a figure for each sampled replica of each round.
type paused struct {
	replicas, sampled int
	way               string
	receiver, applier [2]series[time.Duration] // apart from the restart of the primary, and with it
	seen              [2]series[time.Duration] // apart from it, for receiver and applier: what was seen of the longest
	outage            series[time.Duration]
	gaps              series[time.Duration] // between two looks
}

// measurePauses changes clusters while rows are written, by replssl and by the script in turn, and looks at the threads meanwhile.
func measurePauses(ctx context.Context, w *workshop, r request) error {
	var all []*paused
	for _, replicas := range r.replicas {
		pair := []*paused{{replicas: replicas, way: "replssl"}, {replicas: replicas, way: "script"}}
		for range r.roundsOf("pauses", replicas) {
			for _, p := range pair {
				if err := w.onFreshLab(ctx, replicas, func(l *lab.Lab) error { return p.round(ctx, w, l, r) }); err != nil {
					return fmt.Errorf("%s: %w", p.way, err)
				}
			}
		}
		all = append(all, pair...)
	}
	printPauses(r, all)
	return nil
}

func (p *paused) change(ctx context.Context, w *workshop, l *lab.Lab) (*exec.Cmd, error) {
	if p.way == "replssl" {
		return w.applyCommand(ctx, l.Inventory()), nil
	}
	b, err := w.prepareByHand(l)
	return b.command(ctx), err
}

func (p *paused) round(ctx context.Context, w *workshop, l *lab.Lab, r request) error {
	cmd, err := p.change(ctx, w, l)
	if err != nil {
		return err
	}
	writer, err := l.Writer(ctx)
	if err != nil {
		return err
	}
	defer writer.Stop()
	crew, err := startCrew(ctx, l)
	if err != nil {
		return err
	}
	if err := writer.WaitFor(ctx, 50); err != nil {
		return errors.Join(err, crew.end())
	}
	_, err = measure(cmd)
	if err == nil {
		err = mustBeDone(ctx, l)
	}
	if err = errors.Join(err, crew.end()); err != nil {
		return err
	}
	p.take(crew)
	if r.everything {
		return printEveryPause(r.out, l, crew)
	}
	return nil
}

func (p *paused) take(c *crew) {
	outage := pauses(c.primary.serves)
	for _, o := range outage {
		p.outage = append(p.outage, o.took())
	}
	p.sampled = len(c.replicas)
	for _, s := range c.replicas {
		for i, thread := range []struct {
			readings []reading
			into     *[2]series[time.Duration]
		}{{s.receiver, &p.receiver}, {s.applier, &p.applier}} {
			apart, with := longest(pauses(thread.readings), outage)
			thread.into[0], thread.into[1] = append(thread.into[0], apart.took()), append(thread.into[1], with.took())
			p.seen[i] = append(p.seen[i], apart.seen)
		}
		for i := range s.receiver[1:] {
			p.gaps = append(p.gaps, s.receiver[i+1].begin-s.receiver[i].begin)
		}
	}
}

// crew are the samplers of a cluster.
type crew struct {
	began    time.Time
	primary  *sampler
	names    []string // of the replicas
	replicas []*sampler
}

func startCrew(ctx context.Context, l *lab.Lab) (*crew, error) {
	c := &crew{began: time.Now(), names: sampledOf(l)}
	var err error
	if c.primary, err = watchService(ctx, l, c.began); err != nil {
		return nil, err
	}
	for _, name := range c.names {
		s, err := watchThreads(ctx, l, name, c.began)
		if err != nil {
			return nil, errors.Join(err, c.end())
		}
		c.replicas = append(c.replicas, s)
	}
	return c, nil
}

func (c *crew) end() error {
	errs := []error{c.primary.end()}
	for _, s := range c.replicas {
		errs = append(errs, s.end())
	}
	return errors.Join(errs...)
}

// sampledOf are the replicas that are looked at: all of a few, or else some with the same distance between them, the canary first.
func sampledOf(l *lab.Lab) []string {
	var names []string
	all := l.Replicas()
	for i := range min(len(all), mostSampled) {
		names = append(names, all[i*len(all)/min(len(all), mostSampled)].Name)
	}
	return names
}

func printPauses(r request, all []*paused) {
	t := newTable("Longest pause of a thread while rows are written",
		"cluster", "what", "thread", "median", "max", "aim", "max seen stopped", "with the restart: median", "max")
	var notes []string
	for _, p := range all {
		for i, thread := range []struct {
			name   string
			figure [2]series[time.Duration]
			aim    float64
		}{{"receiver", p.receiver, 25}, {"applier", p.applier, 15}} {
			apart, with := thread.figure[0], thread.figure[1]
			aim := ""
			if p.way == "replssl" {
				aim = atMost(float64(apart.max())/1e6, thread.aim, " ms")
			}
			t.add(fmt.Sprintf("1+%d", p.replicas), p.way, thread.name, milliseconds(apart.median()), milliseconds(apart.max()), aim,
				milliseconds(p.seen[i].max()), milliseconds(with.median()), milliseconds(with.max()))
		}
		notes = append(notes, fmt.Sprintf("%s, 1+%d: %d replicas sampled in each round, every %s (median; 99 of 100 within %s, all within %s); the primary did not answer for %s (median).",
			p.way, p.replicas, p.sampled, milliseconds(p.gaps.median()), milliseconds(p.gaps.percentile(99)), milliseconds(p.gaps.max()), outageOf(p)))
	}
	t.print(r.out, r.roundsNote()+"\n"+strings.Join(notes, "\n"))
}

func outageOf(p *paused) string {
	if len(p.outage) == 0 {
		return "no time that was seen"
	}
	return milliseconds(p.outage.median())
}
