package dialect

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Grants asks what the session that asks may do. It needs no privilege. The answer has the privileges of the roles in force too: MariaDB
// gives those of the current role, of the roles within it and of PUBLIC on lines of their own, MySQL adds them to those of the account (tried
// on MariaDB 10.11 and MySQL 9.7). MariaDB's carries the hash of the account's password, which the reader drops.
//
// A line that is not understood does not make the whole unknown, and is told by Unread: a right that is not found may stand there.
func (Dialect) Grants() Query[facts.Grants] {
	return Query[facts.Grants]{
		ask: Statement{"SHOW GRANTS"},
		read: func(rows []Row) facts.Value[facts.Grants] {
			var all facts.Grants
			for _, row := range rows {
				if len(row) != 1 {
					return facts.Unknownf[facts.Grants]("SHOW GRANTS gave %d columns where one is due", len(row))
				}
				for _, c := range row {
					ParseGrant(c.Text, &all)
				}
			}
			return facts.Known(all)
		},
	}
}

// ParseGrant adds what one line of SHOW GRANTS says. Privileges on columns and on routines are left out, and which roles an account has: the
// privileges of those in force have lines of their own.
func ParseGrant(line string, into *facts.Grants) {
	words, err := tokens(line)
	switch {
	case err != nil || len(words) < 2:
		into.Unread = true
	case words[0].is("GRANT"):
		into.Unread = !addGrant(line, words[1:], "TO", &into.Given) || into.Unread
	case words[0].is("REVOKE"):
		into.Unread = !addGrant(line, words[1:], "FROM", &into.Taken) || into.Unread
	case words[0].is("SET") && words[1].is("DEFAULT"): // which role is in force at the next login
	default:
		into.Unread = true
	}
}

// addGrant reads PRIVILEGES ON LEVEL, up to the word before the account. It is false for what it does not understand.
func addGrant(line string, words []token, until string, list *[]facts.Grant) bool {
	end := slices.IndexFunc(words, func(t token) bool { return t.is(until) })
	if end <= 0 {
		return false
	}
	words, rest := words[:end], words[end:]
	on := slices.IndexFunc(words, func(t token) bool { return t.is("ON") })
	if on < 0 {
		return true // roles
	}
	if on == 0 || on+1 == len(words) {
		return false
	}
	if words[0].is("PROXY") || isRoutine(words[on+1:]) {
		return true
	}
	database, table, ok := levelOf(line[words[on+1].start:words[end-1].end])
	if !ok {
		return false
	}
	privileges, ok := privilegesOf(words[:on])
	if passesOn(rest) {
		privileges = append(privileges, grantOption)
	}
	if len(privileges) > 0 {
		*list = append(*list, facts.Grant{Database: database, Table: table, Privileges: privileges})
	}
	return ok
}

// passesOn says that what follows the privileges ends in WITH GRANT OPTION, before or behind the account's limits.
func passesOn(words []token) bool {
	for i := 1; i < len(words); i++ {
		if words[i-1].is("GRANT") && words[i].is("OPTION") {
			return true
		}
	}
	return false
}

// isRoutine says that the level is a routine, by the word that stands before its name.
func isRoutine(level []token) bool {
	if len(level) < 2 || level[0].quote != 0 || level[1].quote == 0 && strings.HasPrefix(level[1].text, ".") {
		return false
	}
	return slices.Contains([]string{"FUNCTION", "PROCEDURE", "PACKAGE", "LIBRARY"}, level[0].text)
}

// levelOf reads *.*, DATABASE.* and DATABASE.TABLE.
func levelOf(text string) (database, table string, ok bool) {
	database, rest, ok := nameOf(text)
	if !ok || !strings.HasPrefix(rest, ".") {
		return "", "", false
	}
	table, rest, ok = nameOf(rest[1:])
	return database, table, ok && rest == "" && (database != "" || table == "")
}

// nameOf reads a name at the beginning of a text; a star, which is all, gives none.
func nameOf(text string) (name, rest string, ok bool) {
	switch {
	case text == "":
		return "", "", false
	case text[0] == '*':
		return "", text[1:], true
	case text[0] == '`' || text[0] == '"':
		end := quotedEnd(text, 0, backslashEscapes)
		if end < 3 {
			return "", "", false
		}
		quote := text[:1]
		return strings.ReplaceAll(text[1:end-1], quote+quote, quote), text[end:], true
	}
	end := strings.IndexByte(text+".", '.')
	return text[:end], text[end:], end > 0
}

// privilegesOf are the names between the commas. One with columns behind it holds for those alone, and is left out.
func privilegesOf(words []token) (list []string, understood bool) {
	understood = true
	var name []string
	columns := false
	for i, depth := 0, 0; i <= len(words); i++ {
		switch {
		case i == len(words) || depth == 0 && words[i].is(","):
			if len(name) == 0 || depth != 0 {
				return list, false
			}
			if !columns {
				list = append(list, strings.Join(name, " "))
			}
			name, columns = nil, false
		case words[i].is("("):
			columns = true
			depth++
		case words[i].is(")"):
			depth--
		case depth == 0 && words[i].quote == 0:
			name = append(name, words[i].text)
		case depth == 0:
			understood = false
			name = append(name, "?")
		}
	}
	return list, understood
}
