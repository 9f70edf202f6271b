// Package journal keeps events on disk: one file a run, one line an event, each on the disk before the next thing happens.
//
// A folder of journals belongs to one cluster. Who writes holds its lock, so that two runs never work at once; reading needs no
// lock and changes nothing.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
		return e.Folder + " is locked by another run"
	}
	return fmt.Sprintf("%s is locked by another run: %s", e.Folder, e.Holder)
}

// Journal is the file of the run that is under way.
type Journal struct {
	mu     sync.Mutex
	folder string
	run    string
	lock   *os.File
	file   *os.File // nil before the first event
	now    func() time.Time
	seq    int
	size   int64 // of the whole lines in the file
	torn   error // a line was cut, and what is left of it could not be removed
}

// Begin takes the folder's lock, and makes the folder if need be. The holder is told to whoever finds the folder locked. The file of
// the run begins with its first event, so that a run which finds nothing to do leaves none.
func Begin(folder, holder string, now func() time.Time) (*Journal, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	at := now().UTC()
	lock, err := takeLock(folder, fmt.Sprintf("%s, since %s", holder, at.Format(time.RFC3339)))
	if err != nil {
		return nil, err
	}
	run := fmt.Sprintf("%s-%d", at.Format(runLayout), os.Getpid())
	return &Journal{folder: folder, run: run, lock: lock, now: now}, nil
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

// Append returns when the event is on the disk.
func (j *Journal) Append(e event.Event) (event.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		if err := j.create(); err != nil {
			return event.Record{}, err
		}
	}
	record := event.Record{Seq: j.seq + 1, At: j.now().UTC(), Event: e}
	line, err := json.Marshal(record)
	if err != nil {
		return event.Record{}, fmt.Errorf("journal %s: %w", j.run, err)
	}
	if err := j.write(append(line, '\n')); err != nil {
		return event.Record{}, fmt.Errorf("journal %s: %w", j.run, err)
	}
	j.seq++
	return record, nil
}

// write keeps a line whole or not at all: one that is cut short, as by a full disk, would make all that follow it unreadable.
func (j *Journal) write(line []byte) error {
	if j.torn != nil {
		return j.torn
	}
	_, err := j.file.Write(line)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		if cut := j.file.Truncate(j.size); cut != nil {
			j.torn = fmt.Errorf("a line was cut short (%w), and what is left of it cannot be removed: %w", err, cut)
			return j.torn
		}
		return err
	}
	j.size += int64(len(line))
	return nil
}

// Close ends the file and gives the lock back.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return j.lock.Close()
	}
	return errors.Join(j.file.Close(), j.lock.Close())
}

// takeLock locks a file that stays: removing it would let two runs lock two files of the same name.
func takeLock(folder, holder string) (*os.File, error) {
	path := filepath.Join(folder, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		text, _ := os.ReadFile(path)
		locked := &LockedError{Folder: folder, Holder: string(text)}
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
