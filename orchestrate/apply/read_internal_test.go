package apply

import (
	"cmp"
	"context"
	"errors"
	"testing"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// filesOf is an observer of one server's folder of sets, which shall not be asked for anything else.
type filesOf struct {
	Observer
	t    *testing.T
	seen facts.Value[facts.TLSDir]
}

func (o *filesOf) Observe(_ context.Context, look facts.Look) facts.Facts {
	if len(look) != 1 || look["db1"] != facts.PartFiles {
		o.t.Errorf("looked at %v", look)
	}
	return facts.Facts{Servers: map[topology.ServerName]facts.Server{"db1": {TLSDir: o.seen}}}
}

// TestWhatWasReadIsNoted: the set that was in use when the read began, after it worked; and nothing is taken for known that was not seen.
func TestWhatWasReadIsNoted(t *testing.T) {
	older, newer := facts.FileSet{CA: "a", Cert: "c"}, facts.FileSet{CA: "a, b", Cert: "c"}
	using := func(version int) facts.Value[facts.TLSDir] {
		return facts.Known(facts.TLSDir{Current: version, Sets: map[int]facts.FileSet{1: older, 2: newer}})
	}
	broken, full := errors.New("error 1105"), errors.New("the disk is full")
	for name, c := range map[string]struct {
		dir          facts.Value[facts.TLSDir]
		read, noting error
		noted        bool
		set          string
	}{
		"the set in use":      {dir: using(2), noted: true, set: newer.Digest()},
		"a read that failed":  {dir: using(2), read: broken},
		"no set in use":       {dir: using(0), noted: true},
		"files not seen":      {dir: facts.Unknown[facts.TLSDir]("denied"), noted: true},
		"a note that is lost": {dir: using(1), noting: full, noted: true, set: older.Digest()},
	} {
		t.Run(name, func(t *testing.T) {
			observer := &filesOf{t: t, seen: c.dir}
			var notes []event.Event
			err := (&Executor{observer: observer}).noteRead(t.Context(), "db1",
				func(e event.Event) error { notes = append(notes, e); return c.noting },
				func() error {
					if len(notes) > 0 {
						t.Error("noted before the read")
					}
					observer.seen = using(1) // whoever switches now comes too late
					return c.read
				})
			if !errors.Is(err, cmp.Or(c.read, c.noting)) {
				t.Errorf("got %v", err)
			}
			want := event.SetRead{Server: "db1", Set: c.set}
			if c.noted != (len(notes) == 1) || c.noted && notes[0] != event.Event(want) {
				t.Errorf("noted %v, want %v", notes, want)
			}
		})
	}
}
