package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// applied are the figures of clusters of one size.
type applied struct {
	replicas int
	first    series[time.Duration] // apply on a fresh cluster
	peak     series[int64]
	floor    series[int64]         // below which no peak can be shown
	again    series[time.Duration] // apply on a cluster that is done
	touched  []string              // by apply on a cluster that is done
	byHand   series[time.Duration]
	shared   series[time.Duration] // the script, with one SSH connection a host
}

// measureApply runs replssl and the script in turn, each on a cluster of its own.
func measureApply(ctx context.Context, w *workshop, r request) error {
	var all []*applied
	for _, replicas := range r.replicas {
		a := &applied{replicas: replicas}
		for range r.roundsOf("apply", replicas) {
			if err := a.round(ctx, w); err != nil {
				return err
			}
		}
		all = append(all, a)
	}
	printApplied(r, all)
	return nil
}

func (a *applied) round(ctx context.Context, w *workshop) error {
	for _, turn := range []func(context.Context, *workshop, *lab.Lab) error{a.runReplssl, a.runByHand, a.runShared} {
		if err := w.onFreshLab(ctx, a.replicas, func(l *lab.Lab) error { return turn(ctx, w, l) }); err != nil {
			return err
		}
	}
	return nil
}

func (a *applied) runReplssl(ctx context.Context, w *workshop, l *lab.Lab) error {
	u, err := w.apply(ctx, l.Inventory())
	if err != nil {
		return err
	}
	a.first, a.peak, a.floor = append(a.first, u.wall), append(a.peak, u.peak), append(a.floor, u.floor)
	if err := mustBeDone(ctx, l); err != nil {
		return err
	}
	before, err := readTraces(ctx, l)
	if err != nil {
		return err
	}
	if u, err = w.apply(ctx, l.Inventory()); err != nil {
		return err
	}
	a.again = append(a.again, u.wall)
	after, err := readTraces(ctx, l)
	a.touched = append(a.touched, before.changed(after)...)
	return err
}

func (a *applied) runByHand(ctx context.Context, w *workshop, l *lab.Lab) error {
	took, err := w.timeByHand(ctx, l)
	a.byHand = append(a.byHand, took)
	return err
}

// runShared lets all commands of a host go through one connection, as ssh can be told to.
func (a *applied) runShared(ctx context.Context, w *workshop, l *lab.Lab) error {
	took, err := w.timeByHand(ctx, l, "-o", "ControlMaster=auto", "-o", "ControlPath="+l.Dir+"/%C", "-o", "ControlPersist=2")
	a.shared = append(a.shared, took)
	return err
}

func (w *workshop) timeByHand(ctx context.Context, l *lab.Lab, sshOptions ...string) (time.Duration, error) {
	b, err := w.prepareByHand(l, sshOptions...)
	if err != nil {
		return 0, err
	}
	u, err := measure(b.command(ctx))
	if err != nil {
		return 0, err
	}
	return u.wall, mustBeDone(ctx, l)
}

func printApplied(r request, all []*applied) {
	wall := newTable("Wall time of the first apply", "cluster", "what", "median", "min", "max", "replssl to it")
	again := newTable("Apply on a cluster that is done", "cluster", "median", "min", "max", "to the first apply", "touched")
	memory := newTable("Memory of the first apply at most", "cluster", "median", "max", "not below")
	for _, a := range all {
		a.addWall(wall)
		a.addAgain(again)
		memory.add(a.cluster(), megabytes(a.peak.median()), atMost(float64(a.peak.max())/1e6, 40, " MB"), megabytes(a.floor.max()))
	}
	wall.print(r.out, "In turn; the certificates of the scripts were made before. "+r.roundsNote())
	again.print(r.out)
	memory.print(r.out, "Resident set as the kernel counted it. It shows no less than what this program had when it started replssl.")
}

func (a *applied) cluster() string { return "1+" + strconv.Itoa(a.replicas) }

func (a *applied) addWall(t *table) {
	replssl := a.first.median()
	row := func(what string, times series[time.Duration], beside string) {
		t.add(a.cluster(), what, seconds(times.median()), seconds(times.min()), seconds(times.max()), beside)
	}
	row("replssl apply", a.first, "")
	row("script", a.byHand, atMost(ratio(replssl, a.byHand.median()), 0.7, ""))
	row("script, shared connections", a.shared, fmt.Sprintf("%.2f", ratio(replssl, a.shared.median())))
}

func (a *applied) addAgain(t *table) {
	touched := "nothing"
	if len(a.touched) > 0 {
		touched = strings.Join(slices.Compact(slices.Sorted(slices.Values(a.touched))), ", ")
	}
	t.add(a.cluster(), seconds(a.again.median()), seconds(a.again.min()), seconds(a.again.max()),
		atMost(ratio(a.again.median(), a.first.median()), 0.25, ""), touched)
}
