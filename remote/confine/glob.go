package confine

import (
	"fmt"
	"regexp"
	"strings"
)

// maxPattern bounds what variables of variables grow to.
const maxPattern = 1 << 12

// glob turns a path with wildcards into a regular expression.
type glob struct {
	variables map[string][]string
	out       strings.Builder
	depth     int // of variables
	why       string
}

func (e *evaluation) compile(pattern string) (compiled *regexp.Regexp, why string) {
	g := &glob{variables: e.variables}
	g.all(pattern)
	if g.why != "" {
		return nil, g.why
	}
	compiled, err := regexp.Compile(`\A(?:` + g.out.String() + `)\z`)
	if err != nil {
		return nil, "its wildcards are not understood"
	}
	return compiled, ""
}

func (g *glob) all(pattern string) {
	braces := 0
	for i := 0; i < len(pattern) && g.why == ""; {
		rest := pattern[i:]
		switch c := rest[0]; {
		case g.out.Len() > maxPattern:
			g.why = "its variables grow too long"
		case strings.HasPrefix(rest, "@{"):
			i += g.variable(rest)
		case strings.HasPrefix(rest, "**"):
			g.out.WriteString(`[^\x00]*`)
			i += 2
		case c == '*':
			g.out.WriteString(`[^/\x00]*`)
			i++
		case c == '?':
			g.out.WriteString(`[^/\x00]`)
			i++
		case c == '[':
			i += g.class(rest)
		case c == '\\':
			i += g.escaped(rest)
		case c == '{':
			braces++
			g.out.WriteString("(?:")
			i++
		case c == '}' && braces > 0:
			braces--
			g.out.WriteString(")")
			i++
		case c == ',' && braces > 0:
			g.out.WriteString("|")
			i++
		default:
			g.out.WriteString(regexp.QuoteMeta(rest[:1]))
			i++
		}
	}
	if braces != 0 && g.why == "" {
		g.why = "a brace is not closed"
	}
}

// variable writes its values as alternatives. Slashes that meet at its ends are one, as after the values of HOME, which end with a slash.
func (g *glob) variable(rest string) int {
	name, after, found := strings.Cut(strings.TrimPrefix(rest, "@{"), "}")
	values, known := g.variables[name]
	if !found || !known || g.depth >= maxDepth {
		g.why = fmt.Sprintf("the variable %q is not known", name)
		return len(rest)
	}
	behindSlash := strings.HasSuffix(g.out.String(), "/")
	g.depth++
	g.out.WriteString("(?:")
	for n, value := range values {
		if n > 0 {
			g.out.WriteString("|")
		}
		if strings.HasPrefix(after, "/") {
			value = strings.TrimRight(value, "/")
		}
		if behindSlash {
			value = strings.TrimLeft(value, "/")
		}
		g.all(value)
	}
	g.out.WriteString(")")
	g.depth--
	return len(rest) - len(after)
}

func (g *glob) class(rest string) int {
	end := strings.IndexByte(rest[1:], ']') + 1
	inner := rest[1:max(end, 1)]
	if end < 2 || inner == "^" || strings.ContainsAny(inner, `\[&`) {
		g.why = "a class of characters is not understood"
		return len(rest)
	}
	if strings.HasPrefix(inner, "^") {
		inner += "/"
	}
	g.out.WriteString("[" + inner + "]")
	return end + 1
}

func (g *glob) escaped(rest string) int {
	if len(rest) < 2 || strings.ContainsRune("0123456789abfnrtvx", rune(rest[1])) {
		g.why = "an escape is not understood"
		return len(rest)
	}
	g.out.WriteString(regexp.QuoteMeta(rest[1:2]))
	return 2
}
