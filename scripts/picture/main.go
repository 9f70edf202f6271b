// Command picture turns what `tmux capture-pane -e -p` prints into an SVG.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"log"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The cells of the picture, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 19
	margin     = 16
)

func main() {
	if err := draw(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func draw(in io.Reader, out io.Writer) error {
	var body strings.Builder
	var look style // a line begins as the one before it ended
	columns, rows, last := 0, 0, 0
	for lines := bufio.NewScanner(in); lines.Scan(); rows++ {
		width := look.row(&body, lines.Text(), rows)
		columns = max(columns, width)
		if width > 0 {
			last = rows + 1
		}
	}
	width, height := float64(columns)*cellWidth+2*margin, last*cellHeight+2*margin
	_, err := fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d"
 font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" fill="#d5d9de">
<rect width="100%%" height="100%%" rx="8" fill="#16191d"/>
%s</svg>
`, width, height, width, height, body.String())
	return err
}

// style is how a text looks.
type style struct {
	bold, faint bool
	colour      string
}

// row draws one line and gives the cells that it takes.
func (s *style) row(body *strings.Builder, line string, number int) int {
	parser := ansi.NewParser()
	column, run := 0, ""
	flush := func() {
		if strings.TrimSpace(run) != "" {
			s.text(body, run, column-ansi.StringWidth(run), number)
		}
		run = ""
	}
	for state := byte(0); line != ""; {
		sequence, width, length, next := ansi.DecodeSequence(line, state, parser)
		line, state = line[length:], next
		if width == 0 {
			flush()
			s.read(parser)
			continue
		}
		run, column = run+sequence, column+width
	}
	flush()
	return column
}

// read takes a select graphic rendition in; of those there are the ones that the live view uses.
func (s *style) read(parser *ansi.Parser) {
	if ansi.Cmd(parser.Command()).Final() != 'm' {
		return
	}
	params := parser.Params()
	if len(params) == 0 {
		*s = style{}
	}
	colours := map[int]string{31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea"}
	for i := range params {
		code, _, _ := params.Param(i, 0)
		switch {
		case code == 0:
			*s = style{}
		case code == 1:
			s.bold = true
		case code == 2:
			s.faint = true
		case code == 39 || colours[code] != "":
			s.colour = colours[code]
		}
	}
}

// text gives each cell its place, whatever font there is.
func (s *style) text(body *strings.Builder, text string, column, row int) {
	var places []string
	for i := range ansi.StringWidth(text) {
		places = append(places, fmt.Sprintf("%.1f", margin+float64(column+i)*cellWidth))
	}
	attributes := ""
	if s.colour != "" {
		attributes += fmt.Sprintf(` fill="%s"`, s.colour)
	}
	if s.bold {
		attributes += ` font-weight="bold"`
	}
	if s.faint {
		attributes += ` opacity=".6"`
	}
	fmt.Fprintf(body, `<text xml:space="preserve" y="%d"%s x="%s">%s</text>`+"\n",
		margin+row*cellHeight+14, attributes, strings.Join(places, " "), html.EscapeString(text))
}
