package shell

import "strings"

// Quote makes one shell word that stands for exactly these bytes. A text with a NUL byte cannot be a word; [Words] refuses it.
//
// A backslash stays outside of the single quotes: within them it is literal to POSIX shells but an escape to fish.
func Quote(text string) string {
	if text != "" && strings.Trim(text, bare) == "" {
		return text
	}
	escaped := strings.NewReplacer(`'`, `'\''`, `\`, `'\\'`).Replace(text)
	return "'" + escaped + "'"
}

// bare are the characters that no shell gives a meaning anywhere in a word.
const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+:,./@"

// quoteName quotes the word in command place, where a bare keyword would not be a command.
func quoteName(name string) string {
	switch name {
	case "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while",
		"function", "select", "time", "coproc", "and", "or", "not", "begin", "end", "switch":
		return "'" + name + "'"
	}
	return Quote(name)
}
