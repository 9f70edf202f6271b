package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// branch is a row with its place in the tree.
type branch struct {
	row
	lines string // of the tree, before the name
	name  string
}

// tree draws the cluster in so many lines.
func (s *Scene) tree(now time.Time, width, room int) []string {
	roots := s.roots(now)
	replicas := roots[len(roots)-1].below()
	if room < rowsOf(roots)+rowsOf(replicas) && len(roots) > 1 && roots[0].urgency() == finished {
		roots = roots[1:]
	}
	room -= rowsOf(roots)
	shown, folded := choose(replicas, room)
	columns := measure(s.growAll(roots, everyone(replicas), false), width) // whoever is shown, the columns stay
	var lines []string
	for _, b := range s.growAll(roots, shown, len(folded) > 0) {
		lines = append(lines, s.line(b, columns))
	}
	for i, f := range folded {
		lines = append(lines, s.fold(f, i == len(folded)-1, width))
	}
	return lines
}

// below are all replicas of a node, each before its own.
func (n *node) below() []*node {
	var all []*node
	for _, replica := range n.replicas {
		all = append(append(all, replica), replica.below()...)
	}
	return all
}

func (s *Scene) growAll(roots []*node, shown map[*node]bool, more bool) []branch {
	var branches []branch
	for _, root := range roots {
		branches = s.grow(branches, root, shown, "", more)
	}
	return branches
}

// grow adds the rows of a node and of what is shown below it. More says that something else follows at its end.
func (s *Scene) grow(branches []branch, n *node, shown map[*node]bool, lines string, more bool) []branch {
	var replicas []*node
	for _, replica := range n.replicas {
		if shown[replica] {
			replicas = append(replicas, replica)
		}
	}
	first, others := lines, lines
	if n.above != nil {
		first, others = lines+s.signs.branch, lines+s.signs.beside
		if !more {
			first, others = lines+s.signs.last, lines+s.signs.room
		}
	}
	for i, r := range n.rows {
		switch {
		case i == 0:
			branches = append(branches, branch{r, first, n.name})
		case len(replicas) > 0 || n.above == nil && more:
			branches = append(branches, branch{r, others + s.signs.beside, ""})
		default:
			branches = append(branches, branch{r, others, ""})
		}
	}
	for i, replica := range replicas {
		branches = s.grow(branches, replica, shown, others, i < len(replicas)-1 || n.above == nil && more)
	}
	return branches
}

// columns are the widths of what stands beside each other in a row.
type columns struct{ name, mark, track, text, time int }

const (
	markWidth = 8
	timeWidth = 7
)

// measure gives each column its width. What only adds to the words is left out where the words would have no room.
func measure(branches []branch, width int) columns {
	c := columns{mark: markWidth, time: timeWidth}
	for _, b := range branches {
		c.name = max(c.name, ansi.StringWidth(b.lines+b.name))
		c.track = max(c.track, len(b.track))
	}
	c.name = min(c.name, width*2/5)
	rest := width - c.name - c.mark - 4
	if rest-c.track-c.time < 24 {
		c.time = 0
	}
	if rest-c.track < 16 {
		c.track = 0
	}
	c.text = max(0, rest-c.track-c.time)
	return c
}

func (s *Scene) line(b branch, c columns) string {
	name := b.name
	if b.mark == primary || b.mark == canary {
		name = strong().Styled(name)
	}
	name = s.signs.cut(faint().Styled(b.lines)+name, c.name)
	line := pad(name, c.name) + " " + pad(s.marked(b.mark), c.mark) + " "
	if c.track > 0 {
		line += pad(s.track(b.track), c.track) + "  "
	}
	line += pad(s.signs.cut(s.worded(b.row), c.text), c.text)
	if c.time > 0 && (b.elapsed > 0 || b.state == working || b.state == held) {
		line += fmt.Sprintf("%*s", c.time, brief(b.elapsed))
	}
	return strings.TrimRight(line, " ")
}

func (s *Scene) marked(m mark) string {
	switch m {
	case primary:
		return "primary"
	case canary:
		return ansi.NewStyle(ansi.AttrYellowForegroundColor).Styled(s.signs.canary)
	case gate:
		return ansi.NewStyle(ansi.AttrMagentaForegroundColor).Styled(s.signs.gate)
	case none:
	}
	return ""
}

func (s *Scene) track(track []state) string {
	var text strings.Builder
	for _, st := range track {
		text.WriteString(s.signs.style(st).Styled(s.signs.states[st]))
	}
	return text.String()
}

// worded is the text of a row; what goes on right now is not dimmed.
func (s *Scene) worded(r row) string {
	text := r.text
	if r.step != "" {
		text = r.step + ": " + text
	}
	switch r.state {
	case working:
		return text
	case failed, held:
		return s.signs.style(r.state).Styled(text)
	case waiting, notBegun, finished, idle:
	}
	return faint().Styled(text)
}

// fold is one line for replicas that have none of their own.
func (s *Scene) fold(f folded, last bool, width int) string {
	lines := s.signs.branch
	if last {
		lines = s.signs.last
	}
	names := make([]string, len(f.nodes))
	for i, n := range f.nodes {
		names[i] = n.name
	}
	text := faint().Styled(lines) + s.signs.more + fmt.Sprintf(" %d ", len(f.nodes)) + s.worded(row{state: f.state, text: f.text}) +
		"  " + faint().Styled(strings.Join(names, ", "))
	return s.signs.cut(text, width)
}
