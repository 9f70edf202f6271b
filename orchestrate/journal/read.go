package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/event"
)

// Read gives the events of all runs of a folder, oldest first. A folder that does not exist has none.
//
// A last line that was cut off, as by a crash while it was written, is left out: nothing was done on its behalf yet. Any other line
// that cannot be read is an error, since a journal that is only half understood must not be acted on.
func Read(folder string) ([]event.Record, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &FolderError{Err: err}
	}
	var names []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), extension) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names) // a name begins with the time
	var records []event.Record
	for _, name := range names {
		of, err := readRun(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		records = append(records, of...)
	}
	return records, nil
}

func readRun(path string) ([]event.Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &FolderError{Err: err}
	}
	var records []event.Record
	for number := 1; len(text) > 0; number++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return records, nil
		}
		var record event.Record
		if err := read(line, &record); err != nil {
			return nil, &LineError{Path: path, Line: number, Err: err}
		}
		records = append(records, record)
		text = rest
	}
	return records, nil
}

var errDamaged = errors.New("it is damaged: this is no event")

func read(line []byte, record *event.Record) error {
	err := json.Unmarshal(line, record)
	var foreign *json.UnmarshalTypeError
	if !json.Valid(line) || errors.As(err, &foreign) {
		return errDamaged
	}
	return err
}
