package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/journal"
)

// clock gives a later time at each reading.
func clock(from time.Time) func() time.Time {
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		from = from.Add(time.Millisecond)
		return from
	}
}

var night = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func begin(t *testing.T, folder string, at time.Time) *journal.Journal {
	t.Helper()
	j, err := journal.Begin(folder, "ops@desk", clock(at))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// keep writes an event and waits for the disk.
func keep(j *journal.Journal, e event.Event) (event.Record, error) {
	r, err := j.Write(e)
	if err == nil {
		err = j.Sync(r.Seq)
	}
	return r, err
}

func keepAll(t *testing.T, j *journal.Journal, events ...event.Event) {
	t.Helper()
	for i, e := range events {
		r, err := keep(j, e)
		if err != nil {
			t.Fatal(err)
		}
		if r.Event != e || r.Seq == 0 || r.At.IsZero() || r.At.Location() != time.UTC {
			t.Errorf("event %d: %+v", i, r)
		}
	}
}

func closed(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, folder string) []event.Record {
	t.Helper()
	records, err := journal.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func step(i int) event.Event { return event.StepDone{Step: fmt.Sprintf("step %d", i)} }

func runFile(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v %v", names, err)
	}
	return names[0]
}

func TestWhatIsKeptIsRead(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	j := begin(t, folder, night)
	events := []event.Event{event.RunBegan{Run: j.Run(), Cluster: "orders"}, step(1), event.RunEnded{Outcome: event.Succeeded}}
	keepAll(t, j, events...)
	for i, r := range read(t, folder) { // reading needs no lock
		if r.Seq != i+1 || !reflect.DeepEqual(r.Event, events[i]) {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if got := len(read(t, folder)); got != len(events) {
		t.Errorf("%d events", got)
	}
	closed(t, j)
	if got := len(read(t, folder)); got != len(events) {
		t.Errorf("%d events after the end", got)
	}
}

func TestARunThatFindsNothingToDoLeavesNoFile(t *testing.T) {
	folder := t.TempDir()
	closed(t, begin(t, folder, night))
	if names, _ := filepath.Glob(filepath.Join(folder, "*.jsonl")); len(names) > 0 {
		t.Errorf("%v", names)
	}
	if records := read(t, folder); len(records) > 0 {
		t.Errorf("%v", records)
	}
}

func TestNoFolderIsNoEvents(t *testing.T) {
	if records, err := journal.Read(filepath.Join(t.TempDir(), "none")); err != nil || len(records) > 0 {
		t.Errorf("%v %v", records, err)
	}
}

func TestAFileInPlaceOfTheFolderIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Read(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if _, err := journal.Begin(path, "ops", time.Now); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}

func TestRunsAreReadInTheirOrder(t *testing.T) {
	folder := t.TempDir()
	for i := range 12 { // across a change of the day, month and year
		j := begin(t, folder, time.Date(2026, 12, 31, 12+4*i, 0, 0, 0, time.UTC))
		keepAll(t, j, step(2*i), step(2*i+1))
		closed(t, j)
	}
	records := read(t, folder)
	for i, r := range records {
		if r.Event != step(i) {
			t.Fatalf("event %d is %v", i, r.Event)
		}
	}
	if len(records) != 24 {
		t.Errorf("%d events", len(records))
	}
}

func TestOtherFilesAreNoJournals(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"notes.txt", "20260101T000000.000Z-1.jsonl.gz", "lock"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("not an event\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if records := read(t, folder); len(records) > 0 {
		t.Errorf("%v", records)
	}
}

func TestNobodyElseMayRead(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "journal")
	j := begin(t, folder, night)
	keepAll(t, j, step(1))
	closed(t, j)
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, "lock"): 0o600, runFile(t, folder): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s is %o", path, got)
		}
	}
}

// TestATornTailIsLeftOut: whatever part of the last line a crash left, all lines before it are read, and the next run goes on.
func TestATornTailIsLeftOut(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, night)
	keepAll(t, j, step(1), step(2), event.StepFailed{Step: "x", Error: "a\nb \"quoted\" }{ é"})
	closed(t, j)
	path := runFile(t, folder)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for size := last; size <= len(whole); size++ {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 2
		if size == len(whole) {
			want = 3
		}
		if records := read(t, folder); len(records) != want || records[1].Event != step(2) {
			t.Fatalf("cut at %d of %d: %v", size, len(whole), records)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	j = begin(t, folder, night.Add(time.Hour))
	keepAll(t, j, step(3))
	closed(t, j)
	if records := read(t, folder); len(records) != 3 || records[2].Event != step(3) {
		t.Errorf("%v", records)
	}
}

func TestAnyCutIsATornTail(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		j := begin(t, folder, night)
		n := rapid.IntRange(1, 5).Draw(rt, "events")
		for range n {
			keepAll(t, j, event.StepFailed{Step: "x", Error: rapid.String().Draw(rt, "error")})
		}
		closed(t, j)
		path := runFile(t, folder)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cut := whole[:rapid.IntRange(0, len(whole)).Draw(rt, "cut")]
		if err := os.WriteFile(path, cut, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := len(read(t, folder)); got != bytes.Count(cut, []byte("\n")) {
			rt.Fatalf("%d events of %q", got, cut)
		}
	})
}

// TestALineThatCannotBeReadIsAnError: with the file and the line, wherever it is; a journal that is half understood is not acted on.
func TestALineThatCannotBeReadIsAnError(t *testing.T) {
	for name, line := range map[string]string{
		"cut": `{"v":1,"seq":2,"at":"2026-`, "empty": ``, "of a newer version": `{"v":9,"seq":2,"event":"step-done","data":{}}`,
		"of an unknown kind": `{"v":1,"seq":2,"event":"tea-made","data":{}}`, "zeros": "\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			j := begin(t, folder, night)
			keepAll(t, j, step(1), step(2), step(3))
			closed(t, j)
			path := runFile(t, folder)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := bytes.SplitAfter(whole, []byte("\n"))
			for at := range 3 {
				spoilt := append([][]byte{}, lines...)
				spoilt[at] = []byte(line + "\n")
				if err := os.WriteFile(path, bytes.Join(spoilt, nil), 0o600); err != nil {
					t.Fatal(err)
				}
				records, err := journal.Read(folder)
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s, line %d", path, at+1)) {
					t.Errorf("line %d: %v", at+1, err)
				}
				if len(records) > 0 {
					t.Errorf("line %d: half of it was read", at+1)
				}
			}
		})
	}
}

func TestASecondRunFindsTheFolderLocked(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, night)
	_, err := journal.Begin(folder, "eve@desk", clock(night))
	var locked *journal.LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("%v", err)
	}
	if locked.Folder != folder || !strings.Contains(locked.Holder, "ops@desk") || !strings.Contains(locked.Holder, "2026-11-22T03:00:00Z") {
		t.Errorf("%+v", locked)
	}
	if text := locked.Error(); !strings.Contains(text, folder) || !strings.Contains(text, "ops@desk") {
		t.Errorf("%s", text)
	}
	keepAll(t, j, step(1)) // the holder is not disturbed
	closed(t, j)
	closed(t, begin(t, folder, night.Add(time.Hour)))
}

func TestTheHolderOfALongNameLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	first, err := journal.Begin(folder, strings.Repeat("long", 50), clock(night))
	if err != nil {
		t.Fatal(err)
	}
	closed(t, first)
	j := begin(t, folder, night)
	defer closed(t, j)
	_, err = journal.Begin(folder, "eve", clock(night))
	var locked *journal.LockedError
	if !errors.As(err, &locked) || strings.Contains(locked.Holder, "long") {
		t.Errorf("%v", err)
	}
}

func TestLockedErrorWithoutAHolder(t *testing.T) {
	if text := (&journal.LockedError{Folder: "/j"}).Error(); text != "the journal /j is locked by another run" {
		t.Errorf("%s", text)
	}
}

func TestManyMayWriteAtOnce(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, night)
	const workers, each = 8, 20
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := range each {
				if _, err := keep(j, event.StepHeld{Step: fmt.Sprint(w), Why: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	closed(t, j)
	records := read(t, folder)
	next := map[string]int{}
	for i, r := range records {
		held, ok := r.Event.(event.StepHeld)
		if !ok || r.Seq != i+1 || held.Why != fmt.Sprint(next[held.Step]) {
			t.Fatalf("event %d: %+v", i, r)
		}
		next[held.Step]++
	}
	if len(records) != workers*each {
		t.Errorf("%d events", len(records))
	}
}

func TestWritingAfterTheEndIsAnError(t *testing.T) {
	j := begin(t, t.TempDir(), night)
	keepAll(t, j, step(1))
	closed(t, j)
	if _, err := keep(j, step(2)); err == nil || !strings.Contains(err.Error(), j.Run()) {
		t.Errorf("%v", err)
	}
}

func FuzzRead(f *testing.F) {
	folder := f.TempDir()
	j, err := journal.Begin(folder, "ops", clock(night))
	if err != nil {
		f.Fatal(err)
	}
	for i := range 2 {
		if _, err := keep(j, step(i)); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	whole, err := os.ReadFile(names[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "run.jsonl"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := journal.Read(folder)
		switch {
		case err != nil && len(records) > 0:
			t.Errorf("%q: %d events beside %v", text, len(records), err)
		case err == nil && len(records) != bytes.Count(text, []byte("\n")):
			t.Errorf("%q: %d events", text, len(records))
		}
	})
}
