package process_test

import (
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/remote/process"
)

func TestTheClockOfThisHost(t *testing.T) {
	before := time.Now()
	told, err := process.ParseClock(run(t, process.Clock()))
	must(t, err)
	now, ok := told.Get()
	if !ok || process.Ahead(now, before, time.Now()) != 0 {
		t.Errorf("it is %v here, and the host told %v", before, told)
	}
}

func TestClocksThatAreNone(t *testing.T) {
	for _, text := range []string{"", "soon", "-5", "17.5", "sh: 1: date: not found", "1\n2"} {
		told, err := process.ParseClock([]byte("=== replssl begin ===\n" + text + "\n=== replssl end ===\n"))
		if err != nil || !told.IsUnknown() || !strings.Contains(told.Why(), "did not tell its clock") {
			t.Errorf("%q: %v, %v", text, told, err)
		}
	}
	if _, err := process.ParseClock([]byte("1700000000\n")); err == nil {
		t.Error("an answer without marks was taken")
	}
}

// TestAhead: only what no lag and no rounding explains is a difference.
func TestAhead(t *testing.T) {
	at := func(seconds float64) time.Time { return time.Unix(1_700_000_000, int64(seconds*1e9)) }
	for _, c := range []struct {
		told, before, after float64
		want                time.Duration
	}{
		{10, 10, 10.2, 0},
		{10, 10.9, 10.95, 0},            // the host had 10.9 too, and told 10
		{10, 9, 30, 0},                  // a slow line
		{40, 9, 30, 10 * time.Second},   // at least: told at the very end
		{10, 21, 30, -10 * time.Second}, // at least: told at the very beginning
		{3610, 10, 10.5, 3600*time.Second - 500*time.Millisecond},
	} {
		if got := process.Ahead(at(c.told), at(c.before), at(c.after)); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
