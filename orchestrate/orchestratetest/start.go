package orchestratetest

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Spoil lets nobody read the set in use of a server. What has read it goes on; a start of the server with it fails.
func (s *Settings) Spoil() {
	set := s.server.dir.Sets[s.server.dir.Current]
	set.Readable = facts.Known(false)
	s.server.dir.Sets[s.server.dir.Current] = set
}

// startFault is why the server would not start: its version refuses files that it cannot use, and our option file names such.
func (w *World) startFault(s *server) string {
	d, err := dialect.For(s.instance.Version)
	text, there := s.config.Own.Get()
	if err != nil || !there || !d.RefusesBadFiles() || !strings.Contains(text, w.dirOf(s)+"/current/") {
		return ""
	}
	if set, used := s.dir.CurrentSet(); !used || len(set.Faults) > 0 || !set.Readable.Or(false) {
		return fmt.Sprintf("%s does not start: SSL error: Unable to get certificate from '%s/current/cert.pem'", s.name, w.dirOf(s))
	}
	return ""
}

// end leaves the host up and nobody there who answers.
func (w *World) end(s *server, why string) {
	w.cut(s)
	for _, c := range s.channels {
		w.disconnect(s, c)
	}
	s.ended = why
}

// needsServer is false for what is done to the files of a host, and for what starts the server.
func needsServer(action plan.Action) bool {
	switch action.(type) {
	case plan.InstallSet, plan.RepairSet, plan.PruneSets, plan.SwitchSet, plan.UnswitchSet, plan.WriteConfig, plan.RemoveConfig, plan.Restart:
		return false
	}
	return true
}

// unanswered is why a server does not answer; empty: it does.
func (s *server) unanswered() string {
	if s.down != "" {
		return s.down
	}
	return s.ended
}
