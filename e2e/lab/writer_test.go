package lab_test

import (
	"context"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
)

func TestWriterCountsWhatIsThere(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	w := must(l.Writer(t.Context()))(t)
	for _, disturb := range []func(context.Context, string) error{l.RestartServer, l.KillServer, l.StartServer} {
		if err := w.WaitFor(t.Context(), 20); err != nil {
			t.Fatal(err)
		}
		if err := disturb(t.Context(), "primary"); err != nil {
			t.Fatal(err)
		}
		if pid := must(l.ServerPID("primary"))(t); pid == 0 {
			if err := l.StartServer(t.Context(), "primary"); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := w.Stop()
	wakeReceiver(t, l)
	sameRows(t, l, count+5)
	for _, s := range l.Servers {
		equal(t, "rows missing on "+s.Name, must(w.Missing(t.Context(), s.Name))(t), 0)
	}
	equal(t, "rows", value(t, l, "primary", "SELECT COUNT(*) - 5 FROM shop.orders"), itoa(count))
}

func TestMissingSeesALostRow(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, lab.Options{Replicas: 1})
	w := must(l.Writer(t.Context()))(t)
	if err := w.WaitFor(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	w.Stop()
	if err := l.WaitCaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Exec(t.Context(), "replica1", "SET sql_log_bin = 0; DELETE FROM shop.orders WHERE id = 7"); err != nil {
		t.Fatal(err)
	}
	equal(t, "missing", must(w.Missing(t.Context(), "replica1"))(t), 1)
	equal(t, "missing on the primary", must(w.Missing(t.Context(), "primary"))(t), 0)
}

// wakeReceiver spares the wait of Connect_Retry after a restart of the primary.
func wakeReceiver(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := l.Exec(t.Context(), "replica1", "STOP SLAVE IO_THREAD; START SLAVE IO_THREAD"); err != nil {
		t.Fatal(err)
	}
}
