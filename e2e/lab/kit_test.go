package lab_test

import (
	"strconv"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// must turns an error into the end of the test: must(f())(t).
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func value(t *testing.T, l *lab.Lab, server, query string) string {
	t.Helper()
	return must(l.Value(t.Context(), server, query))(t)
}

func sameRows(t *testing.T, l *lab.Lab, atLeast int) {
	t.Helper()
	if err := l.WaitCaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := must(strconv.Atoi(value(t, l, "primary", "SELECT COUNT(*) FROM shop.orders")))(t)
	if rows < atLeast {
		t.Errorf("the primary has %d rows, want %d at least", rows, atLeast)
	}
	want := must(l.Checksum(t.Context(), "primary", "shop.orders"))(t)
	for _, s := range l.Replicas() {
		equal(t, s.Name+"'s checksum", must(l.Checksum(t.Context(), s.Name, "shop.orders"))(t), want)
	}
}

func run(t *testing.T, l *lab.Lab, server, command string) (string, error) {
	t.Helper()
	client := must(l.DialSSH(t.Context(), server))(t)
	defer func() { _ = client.Close() }()
	session := must(client.NewSession())(t)
	out, err := session.CombinedOutput(command)
	return string(out), err
}
