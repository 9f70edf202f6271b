package orchestratetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Persists makes the server a MySQL 9.7, which serves TLS from the start by a certificate of its own and keeps its settings by itself.
func (s *Settings) Persists() {
	s.server.instance.Version = facts.Version{Flavour: facts.MySQL, Major: 9, Minor: 7, Patch: 4, Text: "9.7.4"}
	s.server.instance.PerfSchema, s.server.instance.LoginsInTable = true, true
	s.server.kept = facts.Known(facts.Kept{Loaded: true, Values: map[string]string{}})
	s.ServesForeign(foreignLife)
	s.server.next = s.server.running
}

const foreignLife = 1000 * 24 * time.Hour

// Kept changes what a server persists.
func (s *Settings) Kept(change func(*facts.Kept)) {
	kept := s.server.kept.Or(facts.Kept{})
	change(&kept)
	s.server.kept = facts.Known(kept)
}

// persist leaves an empty path as it is.
func (w *World) persist(a plan.Persist, note func(event.Event) error) error {
	if err := note(event.FoundPaths(a.Server, a.Former.Read, a.Former.Kept)); err != nil {
		return err
	}
	s := w.servers[a.Server]
	kept, ok := s.kept.Get()
	if !ok {
		return fmt.Errorf("%s persists nothing", a.Server)
	}
	given, next := valuesOf(a.Settings), valuesOf(s.next)
	kept.Values = maps.Clone(kept.Values)
	maps.Copy(kept.Values, given)
	maps.Copy(next, given)
	s.kept = facts.Known(kept)
	s.setNext(facts.Kept{Values: next}.Paths())
	return nil
}

func (w *World) unpersist(a plan.Unpersist) error {
	s := w.servers[a.Server]
	kept, ok := s.kept.Get()
	if !ok {
		return fmt.Errorf("%s persists nothing", a.Server)
	}
	kept.Values = valuesOf(a.Kept)
	s.kept = facts.Known(kept)
	s.setNext(a.Former)
	return nil
}

func (s *server) setNext(paths facts.TLSSettings) {
	paths.Enabled = s.next.Enabled
	s.next = paths
}

// valuesOf are the paths that are set, by name.
func valuesOf(s facts.TLSSettings) map[string]string {
	values := map[string]string{}
	for _, path := range s.Paths() {
		if path.Value != "" {
			values[path.Name] = path.Value
		}
	}
	return values
}

// settings are what a server tells of its paths: one that takes them while it runs tells those that its next reload reads.
func (s *server) settings() facts.TLSSettings {
	if s.kept.IsKnown() {
		return s.next
	}
	return s.running
}

// loadNext reads the files at the paths that the server was given while it runs.
func (w *World) loadNext(s *server) {
	if s.next.Cert == w.dirOf(s)+"/current/cert.pem" {
		s.load(w.dirOf(s))
		return
	}
	s.loadElsewhere()
}

// loadKept is what a start reads after all option files.
func (w *World) loadKept(s *server) {
	kept, ok := s.kept.Get()
	if !ok {
		return
	}
	s.next = s.running
	if cert := kept.Values["ssl_cert"]; kept.Loaded && cert != "" {
		s.next = kept.Paths()
		s.next.Enabled = true
		w.loadNext(s)
	}
}

// changeTLSOfReceiver lets the applier go on, and the relay logs stay. Those of an applier that is stopped are purged.
func changeTLSOfReceiver(c *channel, options facts.TLSOptions) error {
	if c.Receiver.Runs() {
		return errors.New("error 3021: This operation cannot be performed with a running replica io thread; run STOP REPLICA IO_THREAD FOR CHANNEL '' first")
	}
	if c.TLS = options; !c.Applier.Runs() {
		c.Read = c.Exec
	}
	return nil
}

// withKept are the option files with what the server reads behind them.
func (s *server) withKept(config facts.Config) facts.Config {
	kept := s.kept.Or(facts.Kept{})
	for _, name := range slices.Sorted(maps.Keys(kept.Values)) {
		if kept.Loaded {
			value := kept.Values[name]
			config.Settings = append(slices.Clone(config.Settings), facts.Setting{Name: name, Value: value, Place: "mysqld-auto.cnf", Text: name + "=" + value})
		}
	}
	return config
}
