package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// table is a Markdown table under a heading.
type table struct {
	title   string
	columns []string
	rows    [][]string
}

func newTable(title string, columns ...string) *table { return &table{title: title, columns: columns} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(out io.Writer, notes ...string) {
	fmt.Fprintf(out, "\n### %s\n\n", t.title)
	line := func(cells []string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.columns)
	fmt.Fprintln(out, strings.Repeat("|---", len(t.columns))+"|")
	for _, row := range t.rows {
		line(row)
	}
	if len(notes) > 0 {
		fmt.Fprintf(out, "\n%s\n", strings.Join(notes, "\n"))
	}
}

func seconds(d time.Duration) string      { return fmt.Sprintf("%.2f s", d.Seconds()) }
func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
func megabytes(n int64) string            { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }

// atMost is a figure beside its aim. It is judged as it was measured and shown rounded up, so that a missed aim never looks met.
func atMost(figure, aim float64, unit string) string {
	verdict := "met"
	if figure > aim {
		verdict = "missed"
	}
	return fmt.Sprintf("%g%s (aim: at most %g%s: %s)", math.Ceil(figure*100)/100, unit, aim, unit, verdict)
}
