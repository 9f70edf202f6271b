package compatibility

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed page.md.tmpl
var pageText string

// Page is docs/compatibility.md of these trials, with the scenarios in the order of their names given.
func Page(trials []Trial, scenarios []string) (string, error) {
	b := &book{trials: trials, scenarios: scenarios, notes: map[string]int{}}
	view := struct {
		Servers       []Server
		Tables        []table
		Mixed         table
		Notes         []string
		Pauses        []pause
		Rows, Written int
	}{Servers: b.servers()}
	for _, family := range []string{"MySQL", "MariaDB"} {
		view.Tables = append(view.Tables, b.own(family))
	}
	view.Mixed = b.mixed()
	view.Notes = b.told
	view.Pauses = b.pauses()
	view.Written = len(trials)
	for _, t := range trials {
		view.Rows += t.Rows
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = t.Execute(&text, view)
	return text.String(), err
}

// book is a page in the making.
type book struct {
	trials    []Trial
	scenarios []string
	notes     map[string]int // by text
	told      []string       // the notes in the order of their numbers
}

// table is a head and lines of cells.
type table struct {
	Family string
	Head   []string
	Lines  [][]string
}

func (b *book) servers() []Server {
	var list []Server
	for _, t := range b.trials {
		list = append(list, t.Pair.Primary, t.Pair.Replica)
	}
	slices.SortFunc(list, Server.Compare)
	return slices.Compact(list)
}

func (b *book) pairs(which func(Pair) bool) []Pair {
	var list []Pair
	for _, t := range b.trials {
		if which(t.Pair) {
			list = append(list, t.Pair)
		}
	}
	slices.SortFunc(list, Pair.Compare)
	return slices.Compact(list)
}

// own has a line for each scenario, and a column for each version of a family.
func (b *book) own(family string) table {
	pairs := b.pairs(func(p Pair) bool { return p.Own() && p.Primary.Family == family })
	t := table{Family: family, Head: []string{"scenario"}}
	for _, p := range pairs {
		t.Head = append(t.Head, p.Primary.Version)
	}
	for _, scenario := range b.scenarios {
		line := []string{scenario}
		for _, p := range pairs {
			line = append(line, b.cell(p, scenario))
		}
		if b.isPlayed(pairs, scenario) {
			t.Lines = append(t.Lines, line)
		}
	}
	return t
}

// mixed has a line for each pair, and what was seen there.
func (b *book) mixed() table {
	t := table{Head: []string{"primary", "replica"}}
	pairs := b.pairs(func(p Pair) bool { return !p.Own() })
	var played []string
	for _, scenario := range b.scenarios {
		if b.isPlayed(pairs, scenario) {
			played = append(played, scenario)
		}
	}
	t.Head = append(t.Head, played...)
	for _, p := range pairs {
		line := []string{p.Primary.String(), p.Replica.String()}
		for _, scenario := range played {
			line = append(line, b.cell(p, scenario))
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

// isPlayed says that a scenario has a meaning on one of the pairs.
func (b *book) isPlayed(pairs []Pair, scenario string) bool {
	return slices.ContainsFunc(b.trials, func(t Trial) bool {
		return t.Scenario == scenario && t.Outcome != Without && t.Outcome != Lacking && slices.Contains(pairs, t.Pair)
	})
}

func (b *book) cell(p Pair, scenario string) string {
	for _, t := range b.trials {
		if t.Pair != p || t.Scenario != scenario {
			continue
		}
		switch {
		case t.Outcome == Failed:
			return "**failed**"
		case t.Outcome == Lacking:
			return "?" + b.note(t.Why)
		case t.Outcome == Without:
			return "–" + b.note(t.Why)
		case t.Why != "":
			return string(t.Outcome) + b.note(t.Why)
		}
		return string(t.Outcome)
	}
	return ""
}

// note gives a text its number.
func (b *book) note(text string) string {
	number, ok := b.notes[text]
	if !ok {
		b.told = append(b.told, text)
		number = len(b.told)
		b.notes[text] = number
	}
	return fmt.Sprintf("<sup>%d</sup>", number)
}

// pause is the longest standstill on a pair, of all scenarios.
type pause struct {
	Pair              Pair
	Receiver, Applier string
	Rows              int
}

func (b *book) pauses() []pause {
	var list []pause
	for _, p := range b.pairs(func(Pair) bool { return true }) {
		sum := pause{Pair: p}
		var receiver, applier time.Duration
		for _, t := range b.trials {
			if t.Pair == p {
				receiver, applier = max(receiver, t.Receiver), max(applier, t.Applier)
				sum.Rows += t.Rows
			}
		}
		if sum.Rows > 0 {
			sum.Receiver, sum.Applier = seconds(receiver), seconds(applier)
			list = append(list, sum)
		}
	}
	return list
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
