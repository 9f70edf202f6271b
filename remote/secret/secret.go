// Package secret holds a text that cannot print itself.
//
// Passwords and private keys travel through many structs, errors and logs. The value is kept behind a pointer, so that even a
// printer that ignores methods (fmt on an unexported field) shows an address and not the text.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const stars = "***"

// Text is a secret. Every printer and encoder shows it as ***; only Reveal gives it out. The zero Text is empty.
//
// Compare with Equal: two Texts of the same content are not ==.
type Text struct {
	value *string
}

// New wraps a secret. Bytes are copied.
func New[T ~string | ~[]byte](value T) Text {
	text := string(value)
	return Text{value: &text}
}

// Reveal gives the secret itself. Each call is a place where it may leave: keep them few.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// IsZero tells that there is no secret, or an empty one.
func (t Text) IsZero() bool { return t.Reveal() == "" }

// Equal tells whether both hold the same content, in a time that depends on their lengths only.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

func (t Text) String() string { return stars }

// GoString answers %#v.
func (t Text) GoString() string { return stars }

// Format answers every verb of fmt, those that would go past String included.
func (t Text) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, stars) }

// MarshalJSON keeps the secret out of JSON.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(`"` + stars + `"`), nil }

// MarshalText keeps the secret out of every encoder that knows texts, YAML's and XML's among them.
func (t Text) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue keeps the secret out of slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(stars) }
