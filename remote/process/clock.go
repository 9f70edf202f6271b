package process

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

const clockScript = frame.Open + "LC_ALL=C date +%s 2>&1\n" + frame.Close

// Clock asks for the host's clock, to the second; [ParseClock] reads what it prints.
func Clock() shell.Line { return shell.Script(clockScript) }

// ParseClock gives the time that a host told, in whole seconds, which have passed for up to one more.
func ParseClock(printed []byte) (seen.Value[time.Time], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[time.Time]{}, err
	}
	text := strings.Join(lines, " ")
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 {
		return seen.Known(time.Unix(seconds, 0)), nil
	}
	return seen.Unknown[time.Time](fmt.Sprintf("the host did not tell its clock: %.200q", text)), nil
}

// Ahead is how far the host's clock is ahead of ours at least: it was told at some moment between two of ours. Below zero it is behind, and
// zero where nothing speaks for a difference, so that a slow line passes for none.
func Ahead(told, before, after time.Time) time.Duration {
	const untold = time.Second // of the seconds that the host left out
	switch {
	case told.After(after):
		return told.Sub(after)
	case told.Add(untold).Before(before):
		return told.Add(untold).Sub(before)
	}
	return 0
}
