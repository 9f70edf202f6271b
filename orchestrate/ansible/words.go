package ansible

import (
	"errors"
	"strings"
)

// words splits a line as a shell would, but for the comment: it begins at any # outside of quotes, also within a word.
func words(line string, comments bool) ([]string, error) {
	s := splitter{rest: []rune(line), comments: comments}
	for len(s.rest) > 0 {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	s.end()
	return s.words, nil
}

type splitter struct {
	rest     []rune
	comments bool
	word     strings.Builder
	begun    bool // a word, which may be empty in quotes
	words    []string
}

var errQuote = errors.New("a quote is not closed")

func (s *splitter) step() error {
	r := s.rest[0]
	s.rest = s.rest[1:]
	switch {
	case strings.ContainsRune(" \t\r\n", r):
		s.end()
	case r == '#' && s.comments:
		s.end()
		s.rest = nil
	case r == '\'' || r == '"':
		s.begun = true
		return s.quoted(r)
	case r == '\\':
		if len(s.rest) == 0 {
			return errors.New("a backslash ends the line")
		}
		s.add(s.rest[0])
		s.rest = s.rest[1:]
	default:
		s.add(r)
	}
	return nil
}

func (s *splitter) add(r rune) {
	s.begun = true
	s.word.WriteRune(r)
}

func (s *splitter) end() {
	if s.begun {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.begun = false
}

// quoted reads up to the closing quote. A backslash hides a double quote and itself, within double quotes.
func (s *splitter) quoted(quote rune) error {
	for i := 0; i < len(s.rest); i++ {
		switch r := s.rest[i]; {
		case r == quote:
			s.rest = s.rest[i+1:]
			return nil
		case r == '\\' && quote == '"' && i+1 < len(s.rest) && strings.ContainsRune(`"\`, s.rest[i+1]):
			i++
			s.word.WriteRune(s.rest[i])
		default:
			s.word.WriteRune(r)
		}
	}
	return errQuote
}
