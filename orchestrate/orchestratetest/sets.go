package orchestratetest

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

func (w *World) repair(a plan.RepairSet) error {
	s := w.servers[a.Server]
	set, ok := s.dir.Sets[a.Version]
	if !ok || len(set.Faults) > 0 {
		return fmt.Errorf("%s has no complete certificate set %d", a.Server, a.Version)
	}
	set.Loose, set.Owner, set.Exposed, set.Readable = nil, "", false, facts.Known(true)
	s.dir.Sets[a.Version], s.dir.Open = set, ""
	return nil
}

func (w *World) prune(a plan.PruneSets) error {
	s := w.servers[a.Server]
	if s.dir.Current != 0 && !slices.Contains(a.Keep, s.dir.Current) {
		w.violate("the set in use of %s was to be removed", a.Server)
		return fmt.Errorf("%s uses certificate set %d, which would not be kept", a.Server, s.dir.Current)
	}
	for version := range s.dir.Sets {
		if !slices.Contains(a.Keep, version) {
			delete(s.dir.Sets, version)
		}
	}
	return nil
}

// OpenDir lets others write to the folder of the sets, which can be put right.
func (s *Settings) OpenDir(fault string) { s.server.dir.Open = fault }

// Set changes a certificate set on the host, or puts one there: a copy of the set in use that the function then changes.
func (s *Settings) Set(version int, change func(*facts.FileSet)) {
	set, ok := s.server.dir.Sets[version]
	if !ok {
		set = s.server.dir.Sets[s.server.dir.Current]
	}
	change(&set)
	s.server.dir.Sets[version] = set
}

// noteRead tells the journal which set was in use when the server read its files.
func noteRead(s *server, note func(event.Event) error) error {
	set, used := s.dir.CurrentSet()
	if !used {
		return nil
	}
	return note(event.SetRead{Server: s.name, Set: set.Digest()})
}
