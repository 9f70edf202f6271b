package facts

import (
	"strconv"
	"strings"
)

// Position is a place in a source's binary log.
type Position struct {
	File string
	Pos  uint64
}

// AtLeast says that p is at or past q in the same sequence of binary logs. Names compare by their number, since the digits grow in
// length; positions of different base names cannot be compared and are never at least.
func (p Position) AtLeast(q Position) bool {
	base, number := splitLog(p.File)
	otherBase, otherNumber := splitLog(q.File)
	if base != otherBase || p.File == "" {
		return false
	}
	if number != otherNumber {
		return number > otherNumber
	}
	return p.Pos >= q.Pos
}

func splitLog(file string) (base string, number int) {
	i := strings.LastIndexByte(file, '.')
	if i < 0 {
		return file, 0
	}
	number, err := strconv.Atoi(file[i+1:])
	if err != nil {
		return file, 0
	}
	return file[:i], number
}
