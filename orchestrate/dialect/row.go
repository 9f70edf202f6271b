package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Row is one row of an answer, by column name in lower case.
type Row map[string]Cell

// Cell is one value of a row, in the text protocol's form.
type Cell struct {
	Text string
	Null bool
}

// RowOf makes a row of column names, in any case, and their values, of which nil is NULL. The values are copied. Columns without
// a value are left out, and so become unknown.
func RowOf(columns []string, values [][]byte) Row {
	row := make(Row, len(columns))
	for i, name := range columns[:min(len(columns), len(values))] {
		row[strings.ToLower(name)] = Cell{Text: string(values[i]), Null: values[i] == nil}
	}
	return row
}

// cell finds a column by its name in the older words.
func (r Row) cell(name string) (Cell, bool) {
	if c, ok := r[name]; ok {
		return c, true
	}
	c, ok := r[inNewerWords(name)]
	return c, ok
}

// inNewerWords is the name of a status column in the words that some releases use in place of the older.
func inNewerWords(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "master", "source"), "slave", "replica")
}

// scan reads the columns of one row, and keeps the first fault: a column that is missing is a fault, not a zero.
type scan struct {
	row   Row
	fault string
}

func (s *scan) fail(format string, args ...any) {
	if s.fault == "" {
		s.fault = fmt.Sprintf(format, args...)
	}
}

func (s *scan) cell(name string) Cell {
	c, ok := s.row.cell(name)
	if !ok {
		s.fail("the server's answer has no column %s", name)
	}
	return c
}

// text reads a text; NULL is empty.
func (s *scan) text(name string) string { return s.cell(name).Text }

// number reads a number of so many bits; NULL is a fault.
func (s *scan) number(name string, bits int) uint64 {
	text := s.text(name)
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		s.fail("column %s should be a number and is %q", name, text)
	}
	return n
}

// yes reads a truth in any of the servers' spellings; NULL is a fault.
func (s *scan) yes(name string) bool {
	text := s.text(name)
	switch strings.ToLower(text) {
	case "yes", "on", "1", "true":
		return true
	case "no", "off", "0", "false":
		return false
	}
	s.fail("column %s should be Yes or No and is %q", name, text)
	return false
}

// known is the value read, or unknown with the fault.
func known[T any](s *scan, v T) facts.Value[T] {
	if s.fault != "" {
		return facts.Unknown[T](s.fault)
	}
	return facts.Known(v)
}
