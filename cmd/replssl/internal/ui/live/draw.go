package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/replssl/replssl/orchestrate/plan"
)

// Size is that of a terminal, in cells.
type Size struct{ Width, Height int }

// lowScreen is a height below which nothing is left for what only pleases the eye.
const lowScreen = 10

// Lines draws the scene: at most as many lines as the height, none wider than the width.
func (s *Scene) Lines(now time.Time, size Size) []string {
	head, foot := s.head(now, size), s.foot()
	if size.Height >= lowScreen {
		head, foot = append(head, ""), append([]string{""}, foot...)
	}
	room := size.Height - len(head) - len(foot)
	tree := s.tree(now, size.Width, room)
	tree = tree[:min(len(tree), max(0, room))] // what is said below it counts more than its end
	return fit(slices.Concat(head, tree, s.told(size.Width, room-len(tree)), foot), size)
}

// Final draws what stays when the run is over, or the view has to go. It is at most a screenful. Failures are told beside it, in full.
func (s *Scene) Final(now time.Time, size Size) []string {
	head := append(s.head(now, size), "")
	return fit(append(head, s.tree(now, size.Width, size.Height-len(head)-1)...), size)
}

// fit cuts what does not fit.
func fit(lines []string, size Size) []string {
	lines = lines[:min(len(lines), max(0, size.Height))]
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], size.Width, "")
	}
	return lines
}

// head is how far the run has come, in words and, where there is room, as a bar.
func (s *Scene) head(now time.Time, size Size) []string {
	left := strong().Styled(clean(s.cluster.Name)) + "  " + faint().Styled("plan "+s.digest)
	right := fmt.Sprintf("%d of %d steps done", s.count(plan.Done), len(s.plan.Steps))
	if count := s.count(plan.Failed); count > 0 {
		right += ", " + s.signs.style(failed).Styled(fmt.Sprintf("%d failed", count))
	}
	right += fmt.Sprintf("%8s", brief(s.elapsed(now)))
	lines := []string{s.signs.apart(left, right, size.Width)}
	if size.Height >= lowScreen {
		lines = append(lines, s.bar(size.Width))
	}
	return lines
}

func (s *Scene) bar(width int) string {
	steps := max(1, len(s.plan.Steps))
	done, lost := width*s.count(plan.Done)/steps, width*s.count(plan.Failed)/steps
	return s.signs.style(finished).Styled(strings.Repeat(s.signs.full, done)) +
		s.signs.style(failed).Styled(strings.Repeat(s.signs.full, lost)) +
		faint().Styled(strings.Repeat(s.signs.empty, max(0, width-done-lost)))
}

func (s *Scene) foot() []string {
	switch {
	case s.outcome != "":
		return []string{"the run is over: " + string(s.outcome)}
	case s.stopping:
		return []string{strong().Styled("stopping after the steps under way; interrupt again to end at once")}
	}
	return []string{faint().Styled("Ctrl-C ends the run after the steps under way.")}
}

// told are the failures, as far as there is room. They are told in full when the run is over.
func (s *Scene) told(width, room int) []string {
	var lines []string
	for _, f := range s.failures {
		lines = append(lines, "")
		lines = append(lines, wrap(s.signs.style(failed).Styled(clean(f.Step))+"  "+clean(f.Error), width)...)
		if f.Hint != "" {
			lines = append(lines, wrap("hint: "+clean(f.Hint), width)...)
		}
	}
	if len(lines) <= room {
		return lines
	}
	if room < 3 {
		return nil
	}
	return append(lines[:room-1], faint().Styled(s.signs.more+" all of it is printed when the run is over"))
}

func wrap(text string, width int) []string {
	return strings.Split(ansi.Wrap(text, max(1, width), ""), "\n")
}

// apart puts two texts at both ends of a line; where they do not both fit the left one gives way.
func (g Signs) apart(left, right string, width int) string {
	room := max(0, width-ansi.StringWidth(right)-1)
	return pad(g.cut(left, room), room) + " " + right
}

// pad makes a text exactly so many cells wide.
func pad(text string, width int) string {
	text = ansi.Truncate(text, width, "")
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// cut shortens a text to so many cells and shows that something is missing.
func (g Signs) cut(text string, width int) string {
	return ansi.Truncate(text, max(0, width), g.more)
}

// brief is a duration as a person reads it. Whole seconds pass without a fraction.
func brief(d time.Duration) string {
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1fs", max(d.Truncate(100*time.Millisecond), 100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
