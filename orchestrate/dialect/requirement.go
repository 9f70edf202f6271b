package dialect

import (
	"errors"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Faults of the text of SHOW CREATE USER. They quote nothing of it, since it carries the hash of a password.
var (
	errNotCreateUser = errors.New("the text of SHOW CREATE USER does not begin with CREATE USER and an account")
	errNotGrant      = errors.New("a line of SHOW GRANTS does not begin with GRANT")
	errUnterminated  = errors.New("the text of SHOW CREATE USER has a quote without an end")
	errRequire       = errors.New("the text of SHOW CREATE USER has a REQUIRE clause that is not known")
)

// ParseRequirement reads the REQUIRE clause out of the text of SHOW CREATE USER. Words inside quotes are never taken for the
// clause. The clause is given without the word REQUIRE. Errors quote nothing of the text.
func ParseRequirement(text string) (facts.Requirement, error) {
	words, err := tokens(text)
	if err != nil {
		return facts.Requirement{}, err
	}
	if len(words) < 5 || !words[0].is("CREATE") || !words[1].is("USER") || !words[3].is("@") {
		return facts.Requirement{}, errNotCreateUser
	}
	for i, w := range words[5:] {
		if w.is("REQUIRE") {
			return requirement(text, words[i+6:])
		}
	}
	return facts.Requirement{Kind: facts.RequireNone}, nil
}

// ParseGrantRequirement reads the REQUIRE clause out of a line of SHOW GRANTS of MySQL 5.6, which stands on the line of all databases alone: global is
// false for the others. Errors quote nothing of the line, which carries the hash of a password.
func ParseGrantRequirement(line string) (r facts.Requirement, global bool, err error) {
	words, err := tokens(line)
	if err != nil || len(words) < 3 || !words[0].is("GRANT") {
		return facts.Requirement{}, false, errNotGrant
	}
	on := slices.IndexFunc(words, func(t token) bool { return t.is("ON") })
	if on < 0 || on+3 >= len(words) || !words[on+1].is("*") || words[on+2].text != "." && words[on+2].text != ".*" {
		return facts.Requirement{}, false, nil
	}
	for i, w := range words[on:] {
		if w.is("REQUIRE") {
			r, err = requirement(line, words[on+i+1:])
			return r, true, err
		}
	}
	return facts.Requirement{Kind: facts.RequireNone}, true, nil
}

// requirement reads what follows the word REQUIRE.
func requirement(text string, words []token) (facts.Requirement, error) {
	switch {
	case len(words) == 0:
		return facts.Requirement{}, errRequire
	case words[0].is("NONE"):
		return facts.Requirement{Kind: facts.RequireNone}, nil
	case words[0].is("SSL"):
		return facts.Requirement{Kind: facts.RequireSSL, Clause: "SSL"}, nil
	case words[0].is("X509"):
		return facts.Requirement{Kind: facts.RequireX509, Clause: "X509"}, nil
	}
	return specified(text, words)
}

// specified reads pairs of a word and a string: ISSUER '...' SUBJECT '...' CIPHER '...', each at most once.
func specified(text string, words []token) (facts.Requirement, error) {
	r := facts.Requirement{Kind: facts.RequireSpecified}
	start, end := words[0].start, -1
	for len(words) >= 2 && words[1].quote == '\'' {
		part := partOf(&r, words[0])
		if part == nil {
			break
		}
		value := stringValue(text[words[1].start:words[1].end])
		if *part != "" || value == "" {
			return facts.Requirement{}, errRequire
		}
		*part, end = value, words[1].end
		words = words[2:]
	}
	if end < 0 || len(words) > 0 && partOf(&r, words[0]) != nil {
		return facts.Requirement{}, errRequire
	}
	r.Clause = text[start:end]
	return r, nil
}

// partOf is the part of the requirement that the word names, nil for another word.
func partOf(r *facts.Requirement, word token) *string {
	switch {
	case word.is("ISSUER"):
		return &r.Issuer
	case word.is("SUBJECT"):
		return &r.Subject
	case word.is("CIPHER"):
		return &r.Cipher
	}
	return nil
}

// stringValue gives the value of a string in single quotes. The server writes a line feed, a carriage return and a zero byte as a letter behind
// a backslash (tried on MariaDB 10.11).
func stringValue(quoted string) string {
	letters := map[byte]byte{'n': '\n', 'r': '\r', '0': 0, 't': '\t', 'b': '\b', 'Z': 0x1a}
	inner := quoted[1 : len(quoted)-1]
	value := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		switch {
		case c == '\\' && i+1 < len(inner):
			i++
			c = inner[i]
			if meant, ok := letters[c]; ok {
				c = meant
			}
		case c == '\'' && i+1 < len(inner): // doubled
			i++
		}
		value = append(value, c)
	}
	return string(value)
}

// token is a word, a quoted string or name, or a single other character.
type token struct {
	text       string // in upper case, of words only
	quote      byte   // of strings and names
	start, end int    // in the text
}

func (t token) is(word string) bool { return t.quote == 0 && t.text == word }

// tokens splits SQL text. A quote inside a quoted text is doubled; a backslash escapes inside single quotes only, since double
// quotes and backticks hold names here (MariaDB 10.11 writes it so whatever the sql_mode, tried).
func tokens(text string) ([]token, error) {
	var list []token
	for i := 0; i < len(text); {
		t := token{start: i, end: i + 1}
		switch c := text[i]; {
		case isSpace(c):
			i++
			continue
		case c == '\'', c == '"', c == '`':
			t.quote, t.end = c, quotedEnd(text, i)
		case isWord(c):
			t.end = wordEnd(text, i)
		}
		if t.end < 0 {
			return nil, errUnterminated
		}
		if t.quote == 0 {
			t.text = strings.ToUpper(text[i:t.end])
		}
		list = append(list, t)
		i = t.end
	}
	return list, nil
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n\v\f", c) >= 0 }

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func wordEnd(text string, i int) int {
	for i < len(text) && isWord(text[i]) {
		i++
	}
	return i
}

// quotedEnd is the offset behind the quoted text that begins at i, -1 when it has no end.
func quotedEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '\'':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}
