package pkistore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folderError says that the local folder of certificates could not be written.
type folderError struct{ err error }

func (e *folderError) Error() string { return e.err.Error() }
func (e *folderError) Unwrap() error { return e.err }

// Hint is what a person can do.
func (e *folderError) Hint() string {
	return "make that a folder that you can write, or name another one: --pki DIR"
}

func here(err error) error {
	var fault *fs.PathError
	if errors.As(err, &fault) && !errors.Is(err, fs.ErrExist) {
		return &folderError{err}
	}
	return err
}

// createFile puts a new file at a path: complete, on disk, with its mode, or not at all. A file that is there already stays,
// and the error is fs.ErrExist. No one else can read the content before the mode says so.
func createFile(path string, data []byte, mode fs.FileMode) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), unfinished+"*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	if err := fill(temp, data, mode); err != nil {
		return err
	}
	// A link, unlike a renamed file, never takes the place of another.
	if err := os.Link(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// fill writes a file to the disk and closes it.
func fill(file *os.File, data []byte, mode fs.FileMode) error {
	_, err := file.Write(data)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// unfinished begins the names of what is not finished, and is never read.
const unfinished = ".new-"

// sweep removes the files that runs which died have left beside the authority's: they may hold its key. A run that lives and loses its own
// so fails, and leaves nothing.
func (s Store) sweep() error {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	removed := false
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), unfinished) && entry.Type().IsRegular() {
			removed = true
			err = errors.Join(err, os.Remove(s.path(entry.Name())))
		}
	}
	if err != nil || !removed {
		return err
	}
	return syncDir(s.dir)
}

// sweepSets removes the sets that runs which died have left unfinished beside a server's. Whoever lives holds the lock of its own.
func sweepSets(parent string) error {
	entries, err := os.ReadDir(parent)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), unfinished) && entry.IsDir() {
			err = errors.Join(err, removeUnlocked(filepath.Join(parent, entry.Name())))
		}
	}
	return err
}

// newSet makes the folder of a set that is to be finished, and locks it. It waits for other runs that do, which could take it for one that a
// run left behind before it has its lock.
func newSet(parent string) (path string, lock *os.File, err error) {
	turn, err := lockedAs(parent, syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, turn.Close()) }()
	if err := sweepSets(parent); err != nil {
		return "", nil, err
	}
	if path, err = os.MkdirTemp(parent, unfinished+"*"); err != nil {
		return "", nil, err
	}
	lock, err = locked(path)
	return path, lock, err
}

func removeUnlocked(path string) error {
	dir, err := locked(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(path), dir.Close())
}

// locked opens a folder and locks it, until it is closed or the run ends. It does not wait.
func locked(path string) (*os.File, error) { return lockedAs(path, syscall.LOCK_EX|syscall.LOCK_NB) }

func lockedAs(path string, how int) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), how); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// makeDir makes a folder for keys; its own parent must exist. Where it is there already it stays as it is.
func makeDir(path string) error {
	if err := os.Mkdir(path, privateDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder last: a file that is on disk under no name is lost in a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
