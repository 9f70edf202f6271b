package journal

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
)

// TestWhatCannotBeCutEndsTheJournal: a line after a torn one would make the whole folder unreadable, so there is none.
func TestWhatCannotBeCutEndsTheJournal(t *testing.T) {
	j, err := Begin(t.TempDir(), "ops", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(event.StepDone{Step: "1"}); err != nil {
		t.Fatal(err)
	}
	file := j.file
	if j.file, err = os.Open(file.Name()); err != nil { // for reading: it can be neither written nor cut
		t.Fatal(err)
	}
	_, first := j.Append(event.StepDone{Step: "2"})
	if !errors.Is(first, syscall.EBADF) || !errors.Is(first, syscall.EINVAL) {
		t.Fatalf("it should tell both reasons: %v", first)
	}
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	j.file = file
	if _, again := j.Append(event.StepDone{Step: "3"}); again == nil || again.Error() != first.Error() {
		t.Errorf("got %v, want %v", again, first)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	records, err := Read(j.folder)
	if err != nil || len(records) != 1 {
		t.Errorf("%v %v", records, err)
	}
}
