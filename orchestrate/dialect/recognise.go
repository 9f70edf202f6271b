package dialect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Failures are those that a text tells which a person has pasted: an error message, lines of an error log, or the whole of SHOW REPLICA STATUS. A
// number that is told counts before the words; the words count where none is told. The family is what the text gives away, unless it is given.
func Failures(text string, family facts.Flavour) []Failure {
	if family == "" {
		family = familyOf(text)
	}
	numbers := toldNumbers(text)
	if len(numbers) == 0 {
		numbers = numbersByMark(text, family)
	}
	if len(numbers) == 0 {
		numbers = append(bareNumbers(text), codesOfLog(text)...)
	}
	failures := make([]Failure, len(numbers))
	for i, number := range numbers {
		failures[i] = Failure{Number: number, Text: text, Family: family}
	}
	return failures
}

// told finds a number where servers, their logs, clients and replssl itself tell it: Last_IO_Errno: 2026; ERROR 1045 (28000); Error_code: MY-002026;
// Internal MariaDB error code: 1396; error 2026: ...; LAST_ERROR_NUMBER: 2026; and each of them as a table, | Last_IO_Errno | 2026 |.
var told = regexp.MustCompile(`(?i)(?:\bLast_(?:IO_|SQL_)?Errno|\bLAST_ERROR_NUMBER|\berror(?:[ _]code)?)[\s|]*[:=]?\s*(?:MY-0*)?([1-9]\d{3,4})\b`)

// bare finds a number that is told in another way: (2026), (errno: 2026), 2026 SSL connection error. What begins with a date is a line of a log.
var bare = regexp.MustCompile(`(?i)\((?:errno:\s*)?(\d{4,5})\)|^\s*(\d{4,5}):?\s+[a-z]`)

// noErrno finds what says in a status that there is no error.
var noErrno = regexp.MustCompile(`(?i)\bLast_(?:IO_|SQL_)Errno[\s|]*[:=]?\s*0\b|\bLAST_ERROR_NUMBER[\s|]*[:=]?\s*0\b`)

// codes finds those of an error log of MySQL 8.0 and later, most of which are no errors: [MY-013114].
var codes = regexp.MustCompile(`\bMY-0*([1-9]\d{3,4})\b`)

// HasNoFailure says that a text is a status in which there is no error.
func HasNoFailure(text string) bool { return len(toldNumbers(text)) == 0 && noErrno.MatchString(text) }

func toldNumbers(text string) []int { return matched(told, text) }

// A text that is nothing but numbers, and each of them.
var (
	numbersAlone = regexp.MustCompile(`^[\s,]*(?:\d{4,5}[\s,]*)+$`)
	oneNumber    = regexp.MustCompile(`(\d{4,5})`)
)

func bareNumbers(text string) []int {
	if numbersAlone.MatchString(text) {
		return matched(oneNumber, text)
	}
	return matched(bare, text)
}

// codesOfLog are the codes of a log of which something is known.
func codesOfLog(text string) []int {
	return slices.DeleteFunc(matched(codes, text), func(number int) bool {
		return !slices.ContainsFunc(explanations(), func(e explanation) bool { return slices.Contains(e.numbers, number) })
	})
}

func matched(pattern *regexp.Regexp, text string) []int {
	var numbers []int
	for _, groups := range pattern.FindAllStringSubmatch(text, -1) {
		number, err := strconv.Atoi(strings.Join(groups[1:], ""))
		if err == nil && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// numbersByMark is the number of the first explanation whose mark stands in a text.
func numbersByMark(text string, family facts.Flavour) []int {
	text = strings.ToLower(text)
	for _, e := range explanations() {
		if e.fits(family) && e.marks(text) {
			return e.numbers[:1]
		}
	}
	return nil
}

// familyOf is the family whose words a text has; empty where both could have said it.
func familyOf(text string) facts.Flavour {
	text = strings.ToLower(text)
	has := func(marks ...string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(text, mark) })
	}
	switch {
	case has("mariadb", "maximum-retries:", "using_gtid:", "connect to server on", "lib(0)::reason(0)"):
		return facts.MariaDB
	case has("mysql server", "connecting to source", "my-0", "replica_io_running", "auto_position:", " retries: "):
		return facts.MySQL
	}
	return ""
}

// login finds from where a source saw the login come that it refused, in the words of both families.
var login = regexp.MustCompile(`Access denied for user '[^']*'@'([^']+)'|Host '([^']+)' is not allowed to connect`)

// LoginOf is the host or address from which a source saw a login come that it refused, as it tells it; MySQL up to 8.0 does not.
func LoginOf(text string) (host string, ok bool) {
	found := login.FindStringSubmatch(text)
	if found == nil {
		return "", false
	}
	return found[1] + found[2], true
}
