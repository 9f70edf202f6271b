package live

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Signs are the characters that the live view draws with. A colour only repeats what a sign or a word says.
type Signs struct {
	states                     map[state]string
	canary, gate               string
	branch, last, beside, room string // of the tree
	full, empty                string // of the bar
	more                       string // something was left out
}

// SignsFor gives signs that a terminal of this environment can show.
func SignsFor(getenv func(string) string) Signs {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set decides
		if locale := strings.ToUpper(getenv(name)); locale != "" {
			if strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
				return drawn()
			}
			break
		}
	}
	return typed()
}

func drawn() Signs {
	return Signs{
		states: map[state]string{failed: "✗", held: "◆", working: "●", waiting: "○", notBegun: "–", finished: "✓"},
		canary: "▸ canary", gate: "◆ gate",
		branch: "├─ ", last: "└─ ", beside: "│  ", room: "   ",
		full: "━", empty: "─", more: "…",
	}
}

func typed() Signs {
	return Signs{
		states: map[state]string{failed: "X", held: "#", working: "*", waiting: ".", notBegun: "-", finished: "+"},
		canary: "> canary", gate: "# gate",
		branch: "|- ", last: "`- ", beside: "|  ", room: "   ",
		full: "=", empty: "-", more: "...",
	}
}

func (g Signs) style(s state) ansi.Style {
	switch s {
	case failed:
		return ansi.NewStyle(ansi.AttrBold, ansi.AttrRedForegroundColor)
	case held:
		return ansi.NewStyle(ansi.AttrYellowForegroundColor)
	case working:
		return ansi.NewStyle(ansi.AttrCyanForegroundColor)
	case finished:
		return ansi.NewStyle(ansi.AttrGreenForegroundColor)
	case notBegun, waiting, idle:
	}
	return faint()
}

func strong() ansi.Style { return ansi.NewStyle(ansi.AttrBold) }
func faint() ansi.Style  { return ansi.NewStyle(ansi.AttrFaint) }
