package pki

import (
	"testing"
	"time"
)

// TestRestsOnClock: over all files here, those codes and no others come and go with the time at which a set is judged.
func TestRestsOnClock(t *testing.T) {
	moves := map[Code]bool{}
	for _, trial := range trials() {
		first := countAt(t, trial, then())
		lastDays := time.Date(2099, 12, 15, 0, 0, 0, 0, time.UTC)
		for _, now := range []time.Time{then().AddDate(-50, 0, 0), then().AddDate(0, 0, 1), time.Date(2030, 1, 7, 0, 0, 0, 0, time.UTC), lastDays, then().AddDate(200, 0, 0)} {
			later := countAt(t, trial, now)
			for _, info := range Codes() {
				if later[info.Code] != first[info.Code] {
					moves[info.Code] = true
				}
			}
		}
	}
	for _, info := range Codes() {
		if info.Code.RestsOnClock() != moves[info.Code] {
			t.Errorf("%s: it moves with the clock: %v, and it is said to: %v", info.Code, moves[info.Code], info.Code.RestsOnClock())
		}
	}
}

func countAt(t *testing.T, c trial, now time.Time) map[Code]int {
	t.Helper()
	change := c.want
	c.want = func(w *Want) {
		if change != nil {
			change(w)
		}
		w.Now = now
	}
	count := map[Code]int{}
	for _, finding := range c.judge(t) {
		count[finding.Code]++
	}
	return count
}
