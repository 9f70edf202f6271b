package dialect

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Query is a question to a server that changes nothing: one statement, one round trip.
type Query[T any] struct {
	ask    Statement
	read   func([]Row) facts.Value[T]
	absent []int // error numbers that say that there is no such thing
}

// Statement is the text to send.
func (q Query[T]) Statement() Statement { return q.ask }

// Read is the meaning of the answer's rows.
func (q Query[T]) Read(rows []Row) facts.Value[T] { return q.read(rows) }

// Refused is the meaning of the server's refusal: absent for the errors that say so, unknown with the reason for all others.
func (q Query[T]) Refused(errno int, text string) facts.Value[T] {
	if slices.Contains(q.absent, errno) {
		return facts.Absent[T]()
	}
	return facts.Unknown[T](fmt.Sprintf("the server refused (%d): %s", errno, text))
}

// single is a reader of an answer of exactly one row.
func single[T any](read func(*scan) T) func([]Row) facts.Value[T] {
	return func(rows []Row) facts.Value[T] {
		if len(rows) != 1 {
			return facts.Unknownf[T]("the server's answer has %d rows where one is due", len(rows))
		}
		s := &scan{row: rows[0]}
		v := read(s)
		return known(s, v)
	}
}

// each is a reader of any number of rows.
func each[T any](read func(*scan) T) func([]Row) facts.Value[[]T] {
	return func(rows []Row) facts.Value[[]T] {
		list := make([]T, 0, len(rows))
		for _, row := range rows {
			s := &scan{row: row}
			list = append(list, read(s))
			if s.fault != "" {
				return facts.Unknown[[]T](s.fault)
			}
		}
		return facts.Known(list)
	}
}
