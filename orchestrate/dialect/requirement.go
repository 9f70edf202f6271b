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
	errEither        = errors.New("the text of SHOW CREATE USER has a backslash or a quote that can be read in two ways")
	errRequire       = errors.New("the text of SHOW CREATE USER has a REQUIRE clause that is not known")
)

// ParseRequirement reads the REQUIRE clause out of the text of SHOW CREATE USER. Words inside quotes are never taken for the
// clause. The clause is given without the word REQUIRE. Errors quote nothing of the text.
//
// MySQL writes a password's hash as the sql_mode of the session has it, and it can hold a backslash and a quote (tried on 8.0.33 and 9.7): what
// cannot be read with escapes is read without them.
func (d Dialect) ParseRequirement(text string) (facts.Requirement, error) {
	r, err := d.requirementIn(text, backslashEscapes)
	if d.version.Flavour == facts.MariaDB {
		return r, err
	}
	plain, plainErr := d.requirementIn(text, backslashStands)
	switch {
	case err != nil && plainErr == nil:
		return plain, nil
	case err == nil && plainErr == nil && r != plain:
		return facts.Requirement{}, errEither
	}
	return r, err
}

func (d Dialect) requirementIn(text string, backslash backslash) (facts.Requirement, error) {
	rest, found, err := behindRequire(text, backslash)
	switch {
	case err != nil:
		return facts.Requirement{}, err
	case found:
		return d.requirement(rest)
	case d.version.Flavour == facts.MariaDB:
		return facts.Requirement{Kind: facts.RequireNone}, nil
	}
	return facts.Requirement{}, errRequire // MySQL says NONE
}

// behindRequire is what stands behind the first word REQUIRE, and behind the account.
func behindRequire(text string, backslash backslash) (rest string, found bool, err error) {
	var words []token
	for i := 0; ; {
		t, next, err := nextToken(text, i, backslash)
		switch {
		case err != nil:
			return "", false, err
		case t == token{}:
			return "", false, createsUser(words)
		case len(words) >= 5 && t.is("REQUIRE"):
			return text[t.end:], true, createsUser(words)
		}
		words, i = append(words, t), next
	}
}

func createsUser(words []token) error {
	if len(words) < 5 || !words[0].is("CREATE") || !words[1].is("USER") || !words[3].is("@") {
		return errNotCreateUser
	}
	return nil
}

// ParseGrantRequirement reads the REQUIRE clause out of a line of SHOW GRANTS FOR the account, of MySQL 5.6, which stands on the line of all
// databases alone: global is false for the others. That server writes the names between quotes as they are, and the hash of a password to those
// who have SUPER alone (tried on 5.6.24). Errors quote nothing of the line.
func (d Dialect) ParseGrantRequirement(user, host, line string) (r facts.Requirement, global bool, err error) {
	if !strings.HasPrefix(line, "GRANT ") {
		return facts.Requirement{}, false, errNotGrant
	}
	_, rest, global := strings.Cut(line, " ON *.* TO '"+user+"'@'"+host+"'")
	if !global {
		return facts.Requirement{}, false, nil
	}
	rest = strings.TrimPrefix(rest, " IDENTIFIED BY PASSWORD")
	if hash, ok := strings.CutPrefix(rest, " '"); ok {
		if _, rest, ok = strings.Cut(hash, "'"); !ok {
			return facts.Requirement{}, true, errUnterminated
		}
	}
	clause, ok := strings.CutPrefix(rest, " REQUIRE ")
	switch {
	case ok:
		r, err = d.requirement(clause)
	case rest == "" || strings.HasPrefix(rest, " WITH "):
		r.Kind = facts.RequireNone
	default:
		err = errRequire
	}
	return r, true, err
}

// requirement reads what follows the word REQUIRE.
func (d Dialect) requirement(text string) (facts.Requirement, error) {
	words, err := tokens(text)
	if len(words) == 0 {
		return facts.Requirement{}, errRequire
	}
	if partOf(&facts.Requirement{}, words[0]) != nil {
		return d.specified(text)
	}
	switch {
	case err != nil:
	case words[0].is("NONE"):
		return facts.Requirement{Kind: facts.RequireNone}, nil
	case words[0].is("SSL"):
		return facts.Requirement{Kind: facts.RequireSSL, Clause: "SSL"}, nil
	case words[0].is("X509"):
		return facts.Requirement{Kind: facts.RequireX509, Clause: "X509"}, nil
	default:
		err = errRequire
	}
	return facts.Requirement{}, err
}

// quoting is how a server writes the values of an issuer, a subject and a cipher between their quotes.
type quoting int

const (
	writtenAsIs quoting = iota
	writtenEscaped
	writtenEither // it is not known which
)

// quoting: MySQL writes them as they are (tried on 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7.4), and MariaDB did (tried on 10.5.23, 10.11.18, 11.4.5
// and 11.8.6) until 10.11.19, which escapes them (tried). When it came to the other series is not known.
func (d Dialect) quoting() quoting {
	asIs := map[string]int{"10.5": 23, "10.11": 18, "11.4": 5, "11.8": 6}
	last, series := asIs[seriesOf(d.version)], seriesOf(d.version)
	switch {
	case d.version.Flavour != facts.MariaDB, d.version.Patch <= last:
		return writtenAsIs
	case series == "10.11":
		return writtenEscaped
	}
	return writtenEither
}

func (d Dialect) specified(text string) (facts.Requirement, error) {
	asIs, err := specified(text, valueAsIs)
	if d.quoting() == writtenAsIs {
		return asIs, err
	}
	escaped, escapedErr := specified(text, valueEscaped)
	if d.quoting() == writtenEscaped || err != nil {
		return escaped, escapedErr
	}
	if escapedErr == nil && !asIs.Same(escaped) {
		return facts.Requirement{}, errEither
	}
	return asIs, nil
}

// specified reads pairs of a word and a string: ISSUER '...' SUBJECT '...' CIPHER '...', each at most once. A value is read from behind its
// first quote.
func specified(text string, value func(string) (value string, length int)) (facts.Requirement, error) {
	r := facts.Requirement{Kind: facts.RequireSpecified}
	i, end := 0, -1
	for {
		word, next, _ := nextToken(text, i, backslashEscapes)
		part := partOf(&r, word)
		if part == nil {
			break
		}
		quote := next + len(text[next:]) - len(strings.TrimLeft(text[next:], " "))
		if !strings.HasPrefix(text[quote:], "'") {
			return facts.Requirement{}, errRequire
		}
		v, length := value(text[quote+1:])
		if *part != "" || v == "" {
			return facts.Requirement{}, errRequire
		}
		*part, end = v, quote+1+length+1
		i = end
	}
	if end < 0 {
		return facts.Requirement{}, errRequire
	}
	r.Clause = strings.TrimLeft(text[:end], " ")
	return r, nil
}

// valueAsIs ends at the first quote behind which the text ends, or goes on with what can stand there.
func valueAsIs(text string) (value string, length int) {
	for i := range len(text) {
		if text[i] == '\'' && goesOn(text[i+1:]) {
			return text[:i], i
		}
	}
	return "", 0
}

// goesOn says that a text is what can stand behind a value.
func goesOn(text string) bool {
	if strings.Trim(text, " ") == "" {
		return true
	}
	return text[0] == ' ' && slices.ContainsFunc([]string{
		"ISSUER '", "SUBJECT '", "CIPHER '", "WITH ", "PASSWORD ", "ACCOUNT ", "DEFAULT ROLE ", "FAILED_LOGIN_ATTEMPTS ", "ATTRIBUTE ", "COMMENT ",
	}, func(word string) bool { return strings.HasPrefix(strings.TrimLeft(text, " "), word) })
}

// valueEscaped gives the value of a string in single quotes. The server writes a line feed, a carriage return and a zero byte as a letter behind
// a backslash (tried on MariaDB 10.11.19).
func valueEscaped(text string) (value string, length int) {
	letters := map[byte]byte{'n': '\n', 'r': '\r', '0': 0, 't': '\t', 'b': '\b', 'Z': 0x1a, '\\': '\\', '\'': '\'', '"': '"'}
	var read []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			i++
			if i == len(text) || letters[text[i]] == 0 && text[i] != '0' {
				return "", 0
			}
			c = letters[text[i]]
		case c == '\'' && strings.HasPrefix(text[i+1:], "'"): // doubled
			i++
		case c == '\'':
			return string(read), i
		}
		read = append(read, c)
	}
	return "", 0
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

// token is a word, a quoted string or name, or a single other character.
type token struct {
	text       string // in upper case, of words only
	quote      byte   // of strings and names
	start, end int    // in the text
}

func (t token) is(word string) bool { return t.quote == 0 && t.text == word }

// backslash is what one means inside single quotes.
type backslash bool

const (
	backslashEscapes backslash = true
	backslashStands  backslash = false
)

// tokens splits SQL text. A quote inside a quoted text is doubled; a backslash escapes inside single quotes only, since double
// quotes and backticks hold names here (MariaDB 10.11 writes it so whatever the sql_mode, tried). Of a text with a fault it gives what stands
// before that.
func tokens(text string) ([]token, error) {
	var list []token
	for i := 0; ; {
		t, next, err := nextToken(text, i, backslashEscapes)
		if err != nil || t == (token{}) {
			return list, err
		}
		list, i = append(list, t), next
	}
}

// nextToken is the first one from an offset on, and the offset behind it; empty at the end of the text.
func nextToken(text string, i int, backslash backslash) (t token, next int, err error) {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	if i >= len(text) {
		return token{}, i, nil
	}
	t = token{start: i, end: i + 1}
	switch c := text[i]; {
	case c == '\'', c == '"', c == '`':
		t.quote, t.end = c, quotedEnd(text, i, backslash)
	case isWord(c):
		t.end = wordEnd(text, i)
	}
	if t.end < 0 {
		return token{}, i, errUnterminated
	}
	if t.quote == 0 {
		t.text = strings.ToUpper(text[i:t.end])
	}
	return t, t.end, nil
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
func quotedEnd(text string, i int, backslash backslash) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '\'' && backslash == backslashEscapes:
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}
