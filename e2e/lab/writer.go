package lab

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// writeEvery leaves the machine room for what is tested while rows come in.
const writeEvery = 4 * time.Millisecond

// Writer inserts rows into shop.orders on the primary until it is stopped, through restarts of the primary as well.
type Writer struct {
	who  string // the server that it writes to
	open func(server string) (*sql.DB, error)
	mark string // begins the note of each of its rows
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	written int
	last    error
}

// Writer starts a writer to the primary, as NewWriter does.
func (l *Lab) Writer(ctx context.Context) (*Writer, error) {
	return NewWriter(ctx, l.Primary().Name, l.DB)
}

// NewWriter starts a writer, which also ends with the context; open makes a handle of a server by its name. A row counts once the
// server has acknowledged it; a row whose acknowledgement was lost is written again unless it is found there, so that the count is
// exact while the server serves.
func NewWriter(ctx context.Context, server string, open func(server string) (*sql.DB, error)) (*Writer, error) {
	db, err := open(server)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithCancel(ctx)
	w := &Writer{who: server, open: open, mark: "row " + rand.Text()[:6] + "-", stop: cancel, done: make(chan struct{})}
	go w.run(ctx, db)
	return w, nil
}

// Stop ends the writer and returns how many rows the primary has acknowledged.
func (w *Writer) Stop() int {
	w.stop()
	<-w.done
	return w.Count()
}

// Count is how many rows the primary has acknowledged so far.
func (w *Writer) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written
}

// WaitFor waits until so many more rows were acknowledged, as proof that the primary takes writes.
func (w *Writer) WaitFor(ctx context.Context, more int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	goal := w.Count() + more
	err := Until(ctx, fmt.Sprintf("%s: wait for %d more rows", w.who, more), func() (bool, error) {
		return w.Count() >= goal, nil
	})
	if err != nil {
		return errors.Join(err, w.lastError())
	}
	return nil
}

// Missing counts the acknowledged rows that a server does not have. Ask once the writer is stopped and the server caught up.
func (w *Writer) Missing(ctx context.Context, server string) (missing int, err error) {
	db, err := w.open(server)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := Ask(ctx, db, "SELECT note FROM shop.orders WHERE note LIKE ?", w.mark+"%")
	if err != nil {
		return 0, fmt.Errorf("%s: %w", server, err)
	}
	table := tables[0]
	found := make(map[string]bool, len(table.Rows))
	for _, row := range table.Rows {
		found[row[0].String] = true
	}
	for n := range w.Count() {
		if !found[w.note(n)] {
			missing++
		}
	}
	return missing, nil
}

func (w *Writer) run(ctx context.Context, db *sql.DB) {
	defer close(w.done)
	defer func() { _ = db.Close() }()
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for inDoubt := false; ; {
		err := w.insert(ctx, db, inDoubt)
		inDoubt = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// insert is brought to its end even when the writer is stopped, because a row that is interrupted is in doubt.
func (w *Writer) insert(ctx context.Context, db *sql.DB, inDoubt bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	note, found := w.note(w.Count()), 0
	if inDoubt {
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM shop.orders WHERE note = ?", note).Scan(&found); err != nil {
			return w.took(err)
		}
	}
	if found > 0 {
		return w.took(nil)
	}
	_, err := db.ExecContext(ctx, "INSERT INTO shop.orders (note) VALUES (?)", note)
	return w.took(err)
}

func (w *Writer) took(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = err
	if err == nil {
		w.written++
	}
	return err
}

func (w *Writer) lastError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *Writer) note(n int) string { return fmt.Sprintf("%s%d", w.mark, n) }
