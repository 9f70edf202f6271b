// Package journal keeps events on disk: one file a run, one line an event.
//
// Writing an event and waiting for the disk are two things: what is written by several workers meanwhile goes to the disk at once, in
// one go. A process that is killed loses nothing that it wrote; a machine that crashes may lose the last events, those that nobody has
// waited for.
//
// A folder of journals belongs to one cluster. Who writes holds its lock, so that two runs never work at once; reading needs no
// lock and changes nothing.
package journal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/replssl/replssl/orchestrate/event"
)

const (
	lockName  = "lock"
	extension = ".jsonl"
	runLayout = "20060102T150405.000Z"
)

// LockedError says that another run holds the folder.
type LockedError struct {
	Folder string
	Holder string // who, since when; empty if it could not be read
}

func (e *LockedError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("the journal %s is locked by another run", e.Folder)
	}
	return fmt.Sprintf("the journal %s is locked by another run: %s", e.Folder, e.Holder)
}

// FolderError says that the folder of the journals cannot be used.
type FolderError struct{ Err error }

func (e *FolderError) Error() string { return "journal: " + e.Err.Error() }
func (e *FolderError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *FolderError) Hint() string {
	return "make that a folder that you can read and write, or name another one: --journal DIR"
}

// LineError says that a journal has a line that is not understood.
type LineError struct {
	Path string
	Line int
	Err  error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("journal %s, line %d: %v", e.Path, e.Line, e.Err)
}

func (e *LineError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *LineError) Hint() string {
	return "use the version of replssl that wrote it or, if it is damaged, move that file away: then nobody knows which threads that run " +
		"stopped, and a stopped one blocks the plan until you start it"
}

// Journal is the file of the run that is under way. Its methods may be called from several goroutines at once.
type Journal struct {
	folder string
	run    string
	lock   *os.File
	now    func() time.Time

	mu      sync.Mutex
	synced  sync.Cond // told when a sync has ended
	syncing bool      // the disk is at work, for all that was written before it began
	file    disk      // nil before the first event
	written mark      // the whole lines in the file
	durable mark      // those of them that are on the disk
	ended   error     // why nothing is written any more
}

// disk is what a journal needs of its file.
type disk interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// mark is a place between two lines of the file.
type mark struct {
	seq  int
	size int64
}

// Begin takes the folder's lock, and makes the folder if need be. The holder is told to whoever finds the folder locked. The file of
// the run begins with its first event, so that a run which finds nothing to do leaves none.
func Begin(folder, holder string, now func() time.Time) (*Journal, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, &FolderError{Err: err}
	}
	at := now().UTC()
	lock, err := takeLock(folder, fmt.Sprintf("%s, since %s", holder, at.Format(time.RFC3339)))
	if err != nil {
		return nil, err
	}
	run := fmt.Sprintf("%s-%d", at.Format(runLayout), os.Getpid())
	j := &Journal{folder: folder, run: run, lock: lock, now: now}
	j.synced.L = &j.mu
	return j, nil
}

func (j *Journal) create() error {
	file, err := os.OpenFile(filepath.Join(j.folder, j.run+extension), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.file = file
	return syncFolder(j.folder)
}

// Run is the name of the run.
func (j *Journal) Run() string { return j.run }

// Write puts an event behind all others, and does not wait for the disk.
func (j *Journal) Write(e event.Event) (event.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil && j.ended == nil {
		if err := j.create(); err != nil {
			return event.Record{}, err
		}
	}
	record := event.Record{Seq: j.written.seq + 1, At: j.now().UTC(), Event: e}
	line, err := json.Marshal(record)
	if err != nil {
		return event.Record{}, fmt.Errorf("journal %s: %w", j.run, err)
	}
	if err := j.add(append(line, '\n')); err != nil {
		return event.Record{}, fmt.Errorf("journal %s: %w", j.run, err)
	}
	return record, nil
}

// add keeps a line whole or not at all: one that is cut short, as by a full disk, would make all that follow it unreadable.
func (j *Journal) add(line []byte) error {
	if j.ended != nil {
		return j.ended
	}
	if _, err := j.file.Write(line); err != nil {
		if cut := j.file.Truncate(j.written.size); cut != nil {
			j.ended = fmt.Errorf("a line was cut short (%w), and what is left of it cannot be removed: %w", err, cut)
			return j.ended
		}
		return err
	}
	j.written.seq++
	j.written.size += int64(len(line))
	return nil
}

var errNeverWritten = errors.New("it was never written")

// Sync returns when the event of that number, and all before it, are on the disk. After an error the event counts as not written.
func (j *Journal) Sync(seq int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable.seq < seq {
		switch {
		case j.written.seq < seq:
			return fmt.Errorf("journal %s: event %d is not kept: %w", j.run, seq, cmp.Or(j.ended, errNeverWritten))
		case j.syncing:
			j.synced.Wait()
		default:
			j.flush()
		}
	}
	return nil
}

// flush brings to the disk what is written by now, while others write on: that is for the next one.
func (j *Journal) flush() {
	file, all := j.file, j.written
	j.syncing = true
	j.mu.Unlock()
	err := file.Sync()
	j.mu.Lock()
	j.syncing = false
	if err == nil {
		j.durable = all
	} else {
		j.giveUp(err)
	}
	j.synced.Broadcast()
}

// giveUp ends the journal, since a system tells only once what it could not bring to the disk: a later success would say nothing of it.
// All lines in doubt are taken back, those that were written meanwhile too; whoever waits for one of them gets the error.
func (j *Journal) giveUp(err error) {
	j.ended = fmt.Errorf("the disk did not take what was written: %w", err)
	if cut := j.file.Truncate(j.durable.size); cut != nil {
		j.ended = fmt.Errorf("%w, and it cannot be taken back: %w", j.ended, cut)
	}
	j.written = j.durable
}

// Close brings everything to the disk, ends the file and gives the lock back.
func (j *Journal) Close() error {
	j.mu.Lock()
	last := j.written.seq
	j.mu.Unlock()
	failed := j.Sync(last)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = os.ErrClosed
	if j.file == nil {
		return j.lock.Close()
	}
	return errors.Join(failed, j.file.Close(), j.lock.Close())
}

// takeLock locks a file that stays: removing it would let two runs lock two files of the same name.
func takeLock(folder, holder string) (*os.File, error) {
	path := filepath.Join(folder, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &FolderError{Err: err}
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		text, _ := os.ReadFile(path)
		locked := &LockedError{Folder: folder, Holder: strings.TrimSpace(string(text))}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("journal: lock %s: %w", path, err), file.Close())
		}
		return nil, errors.Join(locked, file.Close())
	}
	if err := rewrite(file, holder); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: lock %s: %w", path, err), file.Close())
	}
	return file, nil
}

func rewrite(file *os.File, text string) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func syncFolder(folder string) error {
	dir, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
