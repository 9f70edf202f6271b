package dialect

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Failure is an error of a receiver, an applier, a login or a statement, as a server tells it. Its text is only searched, never quoted: it may
// hold a statement, and with it a password.
type Failure struct {
	Number int
	Text   string
	Family facts.Flavour // of the server that tells it; empty where that is not known
}

// Meaning is what a failure means for replication over TLS, and what to look at or to do, the likeliest first. The zero value is none.
type Meaning struct {
	Means string
	Do    []string
}

// String is one line, for a hint.
func (m Meaning) String() string {
	if len(m.Do) == 0 {
		return m.Means
	}
	return m.Means + ": " + strings.Join(m.Do, "; ")
}

// MeaningOf tells what a failure means. There is none for a failure that is not known here.
func MeaningOf(f Failure) (Meaning, bool) {
	e, ok := explained(f)
	return Meaning{Means: e.means, Do: e.do}, ok
}

// PossibleMeaning is one of a number's, which the text of the failure would tell from the others by these words, in lower case.
type PossibleMeaning struct {
	Meaning

	Words string
}

// PossibleMeanings are those of a failure whose text does not tell which of them it is, as where a person knows the number alone.
func PossibleMeanings(f Failure) []PossibleMeaning {
	var possible []PossibleMeaning
	for _, e := range explanations() {
		if slices.Contains(e.numbers, f.Number) && e.fits(f.Family) {
			possible = append(possible, PossibleMeaning{Meaning: Meaning{Means: e.means, Do: e.do}, Words: e.mark})
		}
	}
	return possible
}

// Explain is [MeaningOf] as a hint, for a server of either family; empty where there is none.
func Explain(errno int, text string) string {
	meaning, _ := MeaningOf(Failure{Number: errno, Text: text})
	return meaning.String()
}

// explained is the first explanation whose mark the text has, else the first that fits any text of the number.
func explained(f Failure) (explanation, bool) {
	text := strings.ToLower(f.Text)
	var rest explanation
	found := false
	for _, e := range explanations() {
		switch {
		case !slices.Contains(e.numbers, f.Number) || !e.fits(f.Family):
		case e.marks(text):
			return e, true
		case e.rest && !found:
			rest, found = e, true
		}
	}
	return rest, found
}

// fits says that a server of the family may mean this. Percona Server says what MySQL says.
func (e explanation) fits(family facts.Flavour) bool {
	if family == "" {
		return e.of != facts.MySQL
	}
	return e.of == "" || (e.of == facts.MariaDB) == (family == facts.MariaDB)
}

// Refuses says that an error of a login is the server's refusal of the account as it came: wrong password, or no TLS where the row
// requires it (1045 for both, tried on MariaDB 10.11, also under require_secure_transport, and on MySQL 9.7, which then gives 3159). Every
// other error, such as a limit that is reached, tells nothing about the account.
func Refuses(errno int) bool { return errno == 1045 || errno == 3159 }

// Lasts says that an error of a receiver comes again at each try until somebody mends something: the source refused it, or one side the files of
// the other. Where nobody was reached, or the connection was cut, the next try may do better. MariaDB 10.11 does not tell why a
// handshake failed ("error:00000000:lib(0)::reason(0)" for a certificate that is not trusted): that counts as what lasts.
func Lasts(errno int, text string) bool {
	if _, known := explained(Failure{Number: errno, Text: text}); !known {
		return false
	}
	switch errno {
	case 2002, 2003, 2005, 2013:
		return false
	case 2026:
		text = strings.ToLower(text)
		return !strings.Contains(text, "unexpected eof") && !strings.Contains(text, "reset by peer")
	}
	return true
}

// CannotRead says that an applier stopped at an event that it could not read in its relay log.
func CannotRead(errno int) bool { return errno == 1594 || errno == 13121 }

// marks says that a text, in lower case, has one of the marks.
func (e explanation) marks(text string) bool {
	return strings.Contains(text, e.mark) || slices.ContainsFunc(e.also, func(mark string) bool { return strings.Contains(text, mark) })
}
