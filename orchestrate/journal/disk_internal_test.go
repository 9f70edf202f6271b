package journal

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
)

// badDisk is a file whose disk does as it is told.
type badDisk struct {
	*os.File
	write    func(line []byte) (int, error)
	sync     func() error
	truncate func(size int64) error
}

func (d *badDisk) Write(line []byte) (int, error) {
	if d.write != nil {
		return d.write(line)
	}
	return d.File.Write(line)
}

func (d *badDisk) Sync() error {
	if d.sync != nil {
		return d.sync()
	}
	return d.File.Sync()
}

func (d *badDisk) Truncate(size int64) error {
	if d.truncate != nil {
		return d.truncate(size)
	}
	return d.File.Truncate(size)
}

// begun is a journal with one event on a disk that is still good.
func begun(t *testing.T) (*Journal, *badDisk) {
	t.Helper()
	j, err := Begin(t.TempDir(), "ops", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	write(t, j, "1")
	if err := j.Sync(1); err != nil {
		t.Fatal(err)
	}
	d := &badDisk{File: j.file.(*os.File)}
	j.file = d
	return j, d
}

func write(t *testing.T, j *Journal, step string) int {
	t.Helper()
	r, err := j.Write(event.StepDone{Step: step})
	if err != nil {
		t.Fatal(err)
	}
	return r.Seq
}

// kept are the steps that another run would read, once the journal is closed.
func kept(t *testing.T, j *Journal) string {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	records, err := Read(j.folder)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for i, r := range records {
		if r.Seq != i+1 {
			t.Errorf("event %d has the number %d", i+1, r.Seq)
		}
		steps = append(steps, r.Event.(event.StepDone).Step)
	}
	return strings.Join(steps, " ")
}

// TestWhatCannotBeCutEndsTheJournal: a line after a torn one would make the whole folder unreadable, so there is none. What was written
// before it still gets to the disk.
func TestWhatCannotBeCutEndsTheJournal(t *testing.T) {
	j, d := begun(t)
	whole := write(t, j, "2")
	d.write = func(line []byte) (int, error) {
		n, _ := d.File.Write(line[:len(line)/2])
		return n, syscall.ENOSPC
	}
	d.truncate = func(int64) error { return syscall.EROFS }
	_, first := j.Write(event.StepDone{Step: "3"})
	if !errors.Is(first, syscall.ENOSPC) || !errors.Is(first, syscall.EROFS) {
		t.Fatalf("it should tell both reasons: %v", first)
	}
	d.write, d.truncate = nil, nil
	if _, again := j.Write(event.StepDone{Step: "4"}); again == nil || again.Error() != first.Error() {
		t.Errorf("got %v, want %v", again, first)
	}
	if err := j.Sync(whole); err != nil {
		t.Error(err)
	}
	if got := kept(t, j); got != "1 2" {
		t.Errorf("%q is kept", got)
	}
}

func TestALineThatIsCutShortIsTakenBack(t *testing.T) {
	j, d := begun(t)
	write(t, j, "2")
	d.write = func(line []byte) (int, error) {
		n, _ := d.File.Write(line[:len(line)/2])
		return n, syscall.ENOSPC
	}
	if _, err := j.Write(event.StepDone{Step: "lost"}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	d.write = nil
	write(t, j, "3")
	if got := kept(t, j); got != "1 2 3" {
		t.Errorf("%q is kept", got)
	}
}

// TestAFailedSyncEndsTheJournal: whoever waits for that sync is told, also for what was written while the disk was at work; nothing of it
// is read later, and nothing more is written.
func TestAFailedSyncEndsTheJournal(t *testing.T) {
	j, d := begun(t)
	atWork, fail := make(chan struct{}), make(chan struct{})
	d.sync = func() error {
		close(atWork)
		<-fail
		return syscall.EIO
	}
	results := make(chan error, 3)
	before := write(t, j, "before")
	go func() { results <- j.Sync(before) }()
	<-atWork
	for _, step := range []string{"meanwhile", "too"} {
		seq := write(t, j, step)
		go func() { results <- j.Sync(seq) }()
	}
	late := write(t, j, "asks later")
	close(fail)
	for range 3 {
		if err := <-results; !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), j.Run()) {
			t.Errorf("%v", err)
		}
	}
	d.sync = nil // the disk is well again, but nobody knows what it has
	if err := j.Sync(late); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v", err)
	}
	if _, err := j.Write(event.StepDone{Step: "after"}); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v", err)
	}
	if err := j.Sync(1); err != nil {
		t.Errorf("what was on the disk before is there: %v", err)
	}
	if got := kept(t, j); got != "1" {
		t.Errorf("%q is kept", got)
	}
}

func TestAFailedSyncThatCannotBeTakenBackIsTold(t *testing.T) {
	j, d := begun(t)
	d.sync = func() error { return syscall.EIO }
	d.truncate = func(int64) error { return syscall.EROFS }
	err := j.Sync(write(t, j, "2"))
	if !errors.Is(err, syscall.EIO) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("it should tell both reasons: %v", err)
	}
}

// TestOneSyncServesAllThatWereWrittenBeforeIt: and none that was written later, for which the disk is asked once more.
func TestOneSyncServesAllThatWereWrittenBeforeIt(t *testing.T) {
	j, d := begun(t)
	begins, ends := make(chan struct{}), make(chan struct{})
	d.sync = func() error {
		begins <- struct{}{}
		<-ends
		return nil
	}
	var group sync.WaitGroup
	wait := func(seq int) {
		group.Go(func() {
			if err := j.Sync(seq); err != nil {
				t.Error(err)
			}
		})
	}
	wait(write(t, j, "2"))
	<-begins
	for i := range 10 {
		wait(write(t, j, fmt.Sprint(i+3)))
	}
	ends <- struct{}{}
	<-begins // for all ten
	if j.durableNow() != 2 {
		t.Errorf("%d events are on the disk", j.durableNow())
	}
	ends <- struct{}{}
	group.Wait()
	if j.durableNow() != 12 {
		t.Errorf("%d events are on the disk", j.durableNow())
	}
	d.sync = func() error { t.Error("the disk is asked for what it has"); return nil }
	if err := errors.Join(j.Sync(12), j.Sync(1), j.Sync(0)); err != nil {
		t.Error(err)
	}
}

func (j *Journal) durableNow() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.durable.seq
}

func TestTheEndBringsEverythingToTheDisk(t *testing.T) {
	j, d := begun(t)
	write(t, j, "2")
	synced := 0
	d.sync = func() error { synced++; return d.File.Sync() }
	if got := kept(t, j); got != "1 2" || synced != 1 {
		t.Errorf("%q is kept, after %d syncs", got, synced)
	}
	j, d = begun(t)
	write(t, j, "2")
	d.sync = func() error { return syscall.EIO }
	if err := j.Close(); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v", err)
	}
}

func TestANumberThatWasNeverWrittenIsAnError(t *testing.T) {
	j, _ := begun(t)
	if err := j.Sync(2); !errors.Is(err, errNeverWritten) {
		t.Errorf("%v", err)
	}
	if got := kept(t, j); got != "1" {
		t.Errorf("%q is kept", got)
	}
	if _, err := j.Write(event.StepDone{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
}
