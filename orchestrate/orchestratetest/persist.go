package orchestratetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Persists makes the server a MySQL 9.7, which serves TLS from the start by a certificate of its own and keeps its settings by itself.
func (s *Settings) Persists() {
	s.server.instance.Version = facts.Version{Flavour: facts.MySQL, Major: 9, Minor: 7, Patch: 4, Text: "9.7.4"}
	s.server.instance.PerfSchema = true
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

func (w *World) persist(a plan.Persist) error {
	s := w.servers[a.Server]
	kept, ok := s.kept.Get()
	if !ok {
		return fmt.Errorf("%s persists nothing", a.Server)
	}
	kept.Values = map[string]string{"ssl_ca": a.Settings.CA, "ssl_cert": a.Settings.Cert, "ssl_key": a.Settings.Key}
	s.kept, s.next = facts.Known(kept), a.Settings
	return nil
}

func (w *World) unpersist(a plan.Unpersist) error {
	s := w.servers[a.Server]
	kept, ok := s.kept.Get()
	if !ok {
		return fmt.Errorf("%s persists nothing", a.Server)
	}
	kept.Values = map[string]string{}
	s.kept, s.next = facts.Known(kept), a.Former
	return nil
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
		s.next = facts.TLSSettings{Enabled: true, CA: kept.Values["ssl_ca"], Cert: cert, Key: kept.Values["ssl_key"]}
		w.loadNext(s)
	}
}

// changeTLSOfReceiver lets the applier go on, and the relay logs stay.
func changeTLSOfReceiver(c *channel, options facts.TLSOptions) error {
	if c.Receiver.Runs() {
		return errors.New("error 3021: This operation cannot be performed with a running replica io thread; run STOP REPLICA IO_THREAD FOR CHANNEL '' first")
	}
	c.TLS = options
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
