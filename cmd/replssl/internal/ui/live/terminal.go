package live

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Terminal is where the view is drawn.
type Terminal interface {
	io.Writer
	Size() Size
	// Ours says that the terminal is this process's to draw on: a job in the background leaves it to whoever works there.
	Ours() bool
}

type console struct{ *os.File }

// TerminalOf is the terminal of a stream, if it is one on which a picture may be drawn: it can place the cursor, and nobody asked for
// plain text (https://no-color.org).
func TerminalOf(stream any, getenv func(string) string) (Terminal, bool) {
	file, ok := stream.(*os.File)
	name := getenv("TERM")
	if !ok || name == "" || name == "dumb" || getenv("NO_COLOR") != "" || !term.IsTerminal(int(file.Fd())) {
		return nil, false
	}
	return console{file}, true
}

func (c console) Size() Size {
	width, height, err := term.GetSize(int(c.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return Size{80, 24}
	}
	return Size{width, height}
}

func (c console) Ours() bool {
	group, err := unix.IoctlGetInt(int(c.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// screen draws whole pictures on the alternate screen, where each line has its place whatever was resized or typed meanwhile, and from
// which the terminal comes back as it was. Between two pictures that screen is all that is not as usual.
type screen struct {
	terminal Terminal
	entered  bool
}

// draw shows lines in one write, so that nobody sees half a picture.
func (s *screen) draw(lines []string, size Size) error {
	var text strings.Builder
	if !s.entered {
		text.WriteString(ansi.SetModeAltScreenSaveCursor)
	}
	s.entered = true
	text.WriteString(ansi.SetModeSynchronizedOutput + ansi.HideCursor + ansi.ResetModeAutoWrap)
	for i, line := range lines {
		text.WriteString(ansi.CursorPosition(1, i+1) + line)
		if ansi.StringWidth(line) < size.Width { // in the last column it would take the last character away
			text.WriteString(ansi.EraseLineRight)
		}
	}
	if len(lines) < size.Height {
		text.WriteString(ansi.CursorPosition(1, len(lines)+1) + ansi.EraseScreenBelow)
	}
	text.WriteString(ansi.SetModeAutoWrap + ansi.ShowCursor + ansi.ResetModeSynchronizedOutput)
	_, err := io.WriteString(s.terminal, text.String())
	return err
}

// leave gives the terminal back as it was before the first picture. One that has no second screen is left empty.
func (s *screen) leave() error {
	if !s.entered {
		return nil
	}
	s.entered = false
	_, err := io.WriteString(s.terminal, ansi.CursorHomePosition+ansi.EraseScreenBelow+ansi.ResetModeAltScreenSaveCursor)
	return err
}
