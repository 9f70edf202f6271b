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
	runs, err := Runs(folder)
	if err != nil {
		return nil, err
	}
	var records []event.Record
	for _, run := range runs {
		if run.Err != nil {
			return nil, run.Err
		}
		records = append(records, run.Records...)
	}
	return records, nil
}

// Run is what one run has written.
type Run struct {
	Name    string
	Records []event.Record // without a last line that was cut off
	Err     error          // why there are none: a line that is not understood
}

// Runs are all of a folder, oldest first, to be looked at: one that is not understood does not hide the others.
func Runs(folder string) ([]Run, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &FolderError{Err: err}
	}
	var names []string
	for _, entry := range entries {
		if name, is := strings.CutSuffix(entry.Name(), extension); is {
			names = append(names, name)
		}
	}
	slices.Sort(names) // a name begins with the time
	runs := make([]Run, len(names))
	for i, name := range names {
		runs[i].Name = name
		runs[i].Records, runs[i].Err = readRun(filepath.Join(folder, name+extension))
	}
	return runs, nil
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
