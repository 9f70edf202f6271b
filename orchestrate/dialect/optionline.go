package dialect

import "strings"

// splitOption splits a setting into name and value, without its comment, with quotes and escapes of the value undone.
func splitOption(line string) (name, value string, hasValue bool) {
	line = withoutComment(line)
	name, value, hasValue = strings.Cut(line, "=")
	return trimRight(name), unquote(trim(value)), hasValue
}

// isOptionSpace is isspace() of the server, which reads option files as Latin-1: the last byte of an à at the end is space.
func isOptionSpace(c byte) bool { return isSpace(c) || c == 0xa0 }

func trimLeft(s string) string {
	for s != "" && isOptionSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && isOptionSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func trim(s string) string { return trimLeft(trimRight(s)) }

// withoutComment cuts a line at the first # outside of quotes. A backslash escapes inside quotes only.
func withoutComment(line string) string {
	quote, escape := byte(0), false
	for i := range len(line) {
		c := line[i]
		if (c == '\'' || c == '"') && !escape {
			quote = toggled(quote, c)
		}
		if quote == 0 && c == '#' {
			return line[:i]
		}
		escape = quote != 0 && c == '\\' && !escape
	}
	return line
}

// toggled is the open quote after another quote was met.
func toggled(open, met byte) byte {
	switch open {
	case 0:
		return met
	case met:
		return 0
	}
	return open
}

// escaped is what a backslash makes of the byte after it.
func escaped(c byte) (meant byte, known bool) {
	const bytes, meanings = `ntrbs"'\`, "\n\t\r\b \"'\\"
	at := strings.IndexByte(bytes, c)
	if at < 0 {
		return 0, false
	}
	return meanings[at], true
}

// unquote takes away one pair of quotes around a value and resolves its escapes; unknown ones stay as they are.
func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if c, ok := escaped(s[i+1]); ok {
				b.WriteByte(c)
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const skipSlaveStart = "skip_slave_start"

// recognise makes a setting of a name that bears on TLS or on the start of replication.
func recognise(name, value string, hasValue bool) (Option, bool) {
	name = strings.ReplaceAll(name, "-", "_")
	off := false
	for !relevant(name) {
		prefix, rest, _ := strings.Cut(name, "_")
		if !isPrefix(prefix) || rest == "" {
			return Option{}, false
		}
		off = prefix == "skip" || prefix == "disable" // the innermost prefix decides: skip-loose-ssl turns TLS on (tried)
		name = rest
	}
	return Option{Kind: OptionSetting, Name: name, Value: switched(value, hasValue, off)}, true
}

// isPrefix knows what the server takes off a name that it does not know, any number of times (mysys/my_getopt.c).
func isPrefix(word string) bool {
	switch word {
	case "skip", "disable", "enable", "maximum", "loose", "autoset":
		return true
	}
	return false
}

// relevant takes in every name that begins like a TLS setting, so that abbreviations such as ssl-ce are not overlooked.
func relevant(name string) bool {
	return name == sslSwitch || strings.HasPrefix(name, "ssl_") || strings.HasPrefix(name, "tls_") || name == skipSlaveStart ||
		abbreviates(version, "tl", name) || abbreviates(transport, "req", name)
}

// abbreviates says that a name is the beginning of a setting's, and as long as the shortest one that is not the beginning of others too.
func abbreviates(full, shortest, name string) bool {
	return strings.HasPrefix(name, shortest) && strings.HasPrefix(full, name)
}

// switched is the value of a setting: skip-x is 0, skip-x=0 is 1, x without a value is 1.
func switched(value string, hasValue, off bool) string {
	switch {
	case off && hasValue && value == "0":
		return "1"
	case off:
		return "0"
	case !hasValue:
		return "1"
	}
	return value
}
