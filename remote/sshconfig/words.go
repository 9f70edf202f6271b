package sshconfig

import (
	"errors"
	"strings"
)

const blanks = " \t\r\f"

var errQuote = errors.New("a quotation mark is not closed")

// keyword takes the keyword off a line, in lower case: blanks, or one equals sign with blanks around it, part it from the rest.
func keyword(line string) (key, rest string) {
	line = strings.Trim(line, blanks)
	end := strings.IndexAny(line, blanks+"=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	key, rest = line[:end], strings.TrimLeft(line[end:], blanks)
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = strings.TrimLeft(after, blanks)
	}
	return strings.ToLower(strings.Trim(key, `"`)), rest
}

// split takes a line's arguments apart. Quotes of both kinds hold blanks together, a backslash lets a quote, a blank or itself stand for itself, and
// a # at the beginning of a word ends the line.
func split(line string) ([]string, error) {
	var all []string
	for rest := strings.TrimLeft(line, blanks); rest != "" && rest[0] != '#'; rest = strings.TrimLeft(rest, blanks) {
		word, length, err := first(rest)
		if err != nil {
			return nil, err
		}
		all, rest = append(all, word), rest[length:]
	}
	return all, nil
}

// first is the first word of a line, and how much of the line it takes.
func first(line string) (word string, length int, err error) {
	var text strings.Builder
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && isEscaped(line[i+1:], quote):
			i++
			text.WriteByte(line[i])
		case quote == 0 && strings.IndexByte(blanks, c) >= 0:
			return text.String(), i, nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			text.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", 0, errQuote
	}
	return text.String(), len(line), nil
}

func isEscaped(rest string, quote byte) bool {
	return rest != "" && (strings.IndexByte(`'"\`, rest[0]) >= 0 || quote == 0 && rest[0] == ' ')
}

// matches holds a text against a pattern: * is any text, ? any one character.
func matches(pattern, text string) bool {
	star, resume := -1, 0 // where the last * was, and where the text goes on that it does not take
	p := 0
	for t := 0; t < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchesList holds a text against patterns with commas between them; one with a ! that fits refuses.
func matchesList(list, text string) bool {
	found := false
	for _, pattern := range strings.Split(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matches(pattern, text) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}
