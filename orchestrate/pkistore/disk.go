package pkistore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
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
