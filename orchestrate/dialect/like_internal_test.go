package dialect

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLikeMatchesAsAnExpression holds short patterns against the standard library's regular expressions.
func TestLikeMatchesAsAnExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab%_\\]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab%_\\]{0,8}`).Draw(t, "text")
		if got, want := like(pattern, text), expressionOf(pattern).MatchString(text); got != want {
			t.Fatalf("%q LIKE %q: %t, want %t", text, pattern, got, want)
		}
	})
}

// expressionOf writes a pattern as an expression, one character after the other.
func expressionOf(pattern string) *regexp.Regexp {
	expression := ""
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%':
			expression += ".*"
		case c == '_':
			expression += "."
		case c == '\\' && i+1 < len(pattern):
			i++
			expression += regexp.QuoteMeta(pattern[i : i+1])
		default:
			expression += regexp.QuoteMeta(string(c))
		}
	}
	return regexp.MustCompile("^" + expression + "$")
}

// TestLikeEndsWithManyRuns: what a person has written into a row must not hold a look up.
func TestLikeEndsWithManyRuns(t *testing.T) {
	if like(strings.Repeat("%a", 100)+"%b", strings.Repeat("a", 10000)) {
		t.Error("it matches a text without a b")
	}
	if !like(strings.Repeat("%a", 100)+"%b", strings.Repeat("a", 10000)+"b") {
		t.Error("it does not match a text with a b at its end")
	}
}
