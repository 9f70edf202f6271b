package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// request is what a person asks to be measured.
type request struct {
	rounds     int
	replicas   []int
	latency    time.Duration
	everything bool      // also what is long
	out        io.Writer // the tables
	log        io.Writer // what is going on
}

// large clusters are measured half as often: they take much longer.
const large = 8

// roundsOf are the rounds for clusters of one size, each told when it begins.
func (r request) roundsOf(what string, replicas int) iter.Seq[int] {
	return func(yield func(int) bool) {
		rounds := r.countOf(replicas)
		for round := range rounds {
			fmt.Fprintf(r.log, "%s: 1+%d, round %d of %d, load average %s\n", what, replicas, round+1, rounds, loadAverage())
			if !yield(round) {
				return
			}
		}
	}
}

func (r request) countOf(replicas int) int {
	if replicas > large {
		return (r.rounds + 1) / 2
	}
	return r.rounds
}

// roundsNote tells what a median is the median of.
func (r request) roundsNote() string {
	var list []string
	for _, replicas := range r.replicas {
		list = append(list, fmt.Sprintf("%d of 1+%d", r.countOf(replicas), replicas))
	}
	return "Rounds: " + strings.Join(list, ", ") + "; load average at the end: " + loadAverage() + "."
}

// measurement is one subcommand.
type measurement struct {
	name, short string
	rounds      int
	replicas    []int
	run         func(context.Context, *workshop, request) error
}

func measurements() []measurement {
	return []measurement{
		{"apply", "apply against the script by hand; a second apply; memory", 5, []int{4, 16}, measureApply},
		{"pauses", "how long receivers and appliers stand still", 3, []int{4, 16}, measurePauses},
		{"latency", "apply on hosts that seem to be far away, in round trips", 3, []int{4}, measureLatency},
		{"simulated", "decisions over many servers in memory", 1, []int{25, 50, 100, 200}, measureSimulated},
	}
}

func tracing() measurement {
	return measurement{"trace", "what apply waits for, one thing after the other", 1, []int{4}, traceApply}
}

func newRoot(out, log io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use: "bench", Short: "Measure replssl on real servers of this machine", SilenceUsage: true, SilenceErrors: true,
	}
	var built string
	root.PersistentFlags().StringVar(&built, "replssl", "", "the replssl to measure (default: it is built)")
	root.AddCommand(newAll(&built, out, log), newMeasurement(tracing(), &built, out, log))
	for _, m := range measurements() {
		root.AddCommand(newMeasurement(m, &built, out, log))
	}
	return root
}

func newMeasurement(m measurement, built *string, out, log io.Writer) *cobra.Command {
	r := request{out: out, log: log}
	cmd := &cobra.Command{
		Use: m.name, Short: m.short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inWorkshop(cmd.Context(), *built, func(w *workshop) error { return m.run(cmd.Context(), w, r) })
		},
	}
	f := cmd.Flags()
	f.IntVar(&r.rounds, "rounds", m.rounds, "how often each thing is measured")
	f.IntSliceVar(&r.replicas, "replicas", m.replicas, "how many replicas the clusters have")
	f.DurationVar(&r.latency, "latency", 100*time.Millisecond, "what a round trip over SSH takes longer, where that is measured")
	f.BoolVar(&r.everything, "everything", false, "list every wait, or every pause")
	return cmd
}

func newAll(built *string, out, log io.Writer) *cobra.Command {
	return &cobra.Command{
		Use: "all", Short: "All measurements, one after the other", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inWorkshop(cmd.Context(), *built, func(w *workshop) error { return measureAll(cmd.Context(), w, out, log) })
		},
	}
}

func measureAll(ctx context.Context, w *workshop, out, log io.Writer) error {
	if err := describeMachine(ctx, out); err != nil {
		return err
	}
	for _, m := range measurements() {
		r := request{rounds: m.rounds, replicas: m.replicas, latency: 100 * time.Millisecond, out: out, log: log}
		if err := m.run(ctx, w, r); err != nil {
			return err
		}
	}
	return nil
}
