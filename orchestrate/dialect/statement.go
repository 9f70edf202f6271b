package dialect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Statement is one SQL statement, to be sent as text: neither CHANGE MASTER nor ALTER USER takes parameters. It means the same
// under every sql_mode. Only this package can make one.
type Statement struct{ text string }

func (s Statement) String() string { return s.text }

func statement(format string, args ...any) Statement { return Statement{fmt.Sprintf(format, args...)} }

// Mark has one row and changes nothing: sent between others it shows how far a server came.
func Mark() Statement { return Statement{"SELECT 1"} }

// The servers keep 511 bytes of an option of CHANGE MASTER and cut the rest without a word (FN_REFLEN; tried on MariaDB 10.11).
const maxOption = 511

// A channel's name has at most 64 characters (MAX_CONNECTION_NAME of MariaDB).
const maxChannelName = 64

// identifier quotes a name with backticks, which mean the same under ANSI_QUOTES and in which a backslash is no escape.
func identifier(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// literal quotes a string as a value. Where a backslash or a control character would mean one thing under
// NO_BACKSLASH_ESCAPES and another without it, the value is written in hexadecimal.
func literal(s string) string {
	if plain(s) && !strings.Contains(s, `\`) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return "_utf8mb4 X'" + hex.EncodeToString([]byte(s)) + "'"
}

// plain says that a string is valid text without control characters.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

var (
	errControl  = errors.New("it has a control character or is not UTF-8")
	errQuote    = errors.New(`it has a quote or a backslash`)
	errLong     = fmt.Errorf("it is longer than %d bytes, of which the server would keep the first %d", maxOption, maxOption)
	errRelative = errors.New("it is not an absolute path")
)

// option checks a string option of CHANGE MASTER: the grammar takes a quoted string only, no hexadecimal, so that characters
// whose meaning hangs on sql_mode are refused.
func option(s string) error {
	switch {
	case !plain(s):
		return errControl
	case strings.ContainsAny(s, `'"\`+"`"):
		return errQuote
	case len(s) > maxOption:
		return errLong
	}
	return nil
}

// pathOption is [option] for a path. A relative path would be taken from the server's data directory. Empty clears the option.
func pathOption(s string) error {
	if err := option(s); err != nil {
		return err
	}
	if s != "" && !path.IsAbs(s) {
		return errRelative
	}
	return nil
}

// channelName is the name as a statement has it.
func (d Dialect) channelName(name string) (string, error) {
	if d.words.naming == unnamed && name != "" {
		return "", fmt.Errorf("channel name %q: a server of this version has one channel, which has no name", name)
	}
	return channelName(name)
}

// channelName quotes the name of a channel; the default channel, whose name is empty, is named too, since without a name the
// server takes the session's default_master_connection.
func channelName(name string) (string, error) {
	if !plain(name) || strings.Contains(name, `\`) || utf8.RuneCountInString(name) > maxChannelName {
		return "", fmt.Errorf("channel name %q: it is too long or has a backslash or control character", name)
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'", nil
}
