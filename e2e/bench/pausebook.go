package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
)

// printEveryPause lists the pauses of each sampled replica, and what replssl's journal has of that replica at the time.
func printEveryPause(out io.Writer, l *lab.Lab, c *crew) error {
	records, err := journal.Read(filepath.Join(filepath.Dir(l.Inventory()), "journal"))
	if err != nil {
		return err
	}
	for _, p := range pauses(c.primary.serves) {
		fmt.Fprintf(out, "primary answers nobody from %s for %s\n", seconds(p.begin), milliseconds(p.took()))
	}
	for i, s := range c.replicas {
		for _, thread := range []struct {
			name     string
			readings []reading
		}{{"receiver", s.receiver}, {"applier", s.applier}} {
			for _, p := range pauses(thread.readings) {
				fmt.Fprintf(out, "%s of %s stands from %s for %s at most, %s at least\n",
					thread.name, c.names[i], seconds(p.begin), milliseconds(p.took()), milliseconds(p.seen))
				printRecords(out, records, c, c.names[i], p)
			}
		}
	}
	return nil
}

// printRecords prints what happened to a server during a pause and shortly before and after, in time since its begin.
func printRecords(out io.Writer, records []event.Record, c *crew, server string, p pause) {
	const margin = 20 * time.Millisecond
	for _, r := range records {
		at := r.At.Sub(c.began)
		if at < p.begin-margin || at > p.end+margin {
			continue
		}
		text, _ := json.Marshal(r.Event) // it was read from JSON
		var of struct{ Target, Server, Step string }
		if json.Unmarshal(text, &of) == nil && (of.Target == server || of.Server == server || hasStepOf(of.Step, server)) {
			fmt.Fprintf(out, "  %+8.1f ms  %s %s\n", float64(at-p.begin)/1e6, event.Kind(r.Event), shorten(string(text), 150))
		}
	}
}

func hasStepOf(step, server string) bool { return filepath.Base(step) == server }
