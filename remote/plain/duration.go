package plain

import (
	"context"
	"strings"
	"time"
)

// Late is the cause of a context that ended after a time: nothing had answered.
type Late struct{ Within time.Duration }

func (e *Late) Error() string { return "no answer within " + Duration(e.Within) }

// Unwrap is what the context itself says.
func (e *Late) Unwrap() error { return context.DeadlineExceeded }

// Duration is a length of time without the zeros at its end: 5m, not 5m0s.
func Duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
