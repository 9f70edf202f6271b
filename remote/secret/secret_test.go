package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/replssl/replssl/remote/secret"
)

const hidden = "hunter2"

// hiddenForms are the ways a printer could show the text.
func hiddenForms() []string {
	return []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), fmt.Sprintf("%v", []byte(hidden)), "aHVudGVyMg"}
}

func mustHide(t *testing.T, shown string) {
	t.Helper()
	for _, form := range hiddenForms() {
		if strings.Contains(shown, form) {
			t.Errorf("the secret shows as %q", shown)
		}
	}
}

func TestEveryVerbOfFmtHidesIt(t *testing.T) {
	text := secret.New(hidden)
	nested := struct {
		Open   secret.Text
		closed secret.Text
		deep   *secret.Text
		list   []secret.Text
	}{text, text, &text, []secret.Text{text}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "% x", "%T"} {
		for _, value := range []any{text, &text, nested, &nested, map[string]secret.Text{"p": text}, any(text)} {
			mustHide(t, fmt.Sprintf(verb, value))
		}
		if shown := fmt.Sprintf(verb, text); verb != "%T" && shown != "***" {
			t.Errorf("%s shows %q, want stars", verb, shown)
		}
	}
}

func TestErrorsHideIt(t *testing.T) {
	err := fmt.Errorf("db1: login with %v: %w", secret.New(hidden), errors.New("refused"))
	mustHide(t, err.Error())
	mustHide(t, errors.Join(err, err).Error())
}

func TestEncodersHideIt(t *testing.T) {
	type config struct {
		Password secret.Text `json:"password" yaml:"password"`
	}
	value := config{Password: secret.New([]byte(hidden))}
	for name, encode := range map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"xml":  xml.Marshal,
		"yaml": func(v any) ([]byte, error) { return yaml.Marshal(v) },
	} {
		out, err := encode(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		mustHide(t, string(out))
		if !strings.Contains(string(out), "***") {
			t.Errorf("%s: %s shows no stars", name, out)
		}
	}
}

func TestLogsHideIt(t *testing.T) {
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("login", "password", secret.New(hidden), "all", []secret.Text{secret.New(hidden)})
	}
	mustHide(t, out.String())
}

func TestRevealIsZeroAndEqual(t *testing.T) {
	buffer := []byte(hidden)
	text := secret.New(buffer)
	buffer[0] = 'X'
	if text.Reveal() != hidden {
		t.Errorf("Reveal gives %q after the source changed", text.Reveal())
	}
	var zero secret.Text
	if !zero.IsZero() || zero.Reveal() != "" || !secret.New("").IsZero() || text.IsZero() {
		t.Error("IsZero is wrong")
	}
	if !text.Equal(secret.New(hidden)) || text.Equal(zero) || !zero.Equal(secret.New("")) {
		t.Error("Equal is wrong")
	}
}
