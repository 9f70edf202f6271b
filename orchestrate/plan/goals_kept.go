package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// SettingsPersisted holds when the server persists these paths of its TLS files, and reads at its start what it persisted. An empty CRL is
// one that nobody asked for.
type SettingsPersisted struct {
	Server   topology.ServerName
	Settings facts.TLSSettings
}

func (SettingsPersisted) condition() {}

// Look needs what the server persists.
func (g SettingsPersisted) Look() facts.Look { return lookAt(g.Server, facts.PartSettings) }

// Holds compares the paths.
func (g SettingsPersisted) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Server).Kept
	kept, ok := seen.Get()
	switch {
	case seen.IsAbsent():
		return no("%s persists no settings", g.Server)
	case !ok:
		return notSeen(seen, "what %s persists", g.Server)
	case !kept.Loaded:
		return no("%s would not read at its start what it persists: persisted_globals_load is OFF", g.Server).hinting(loadKept)
	}
	for _, path := range g.Settings.Paths() {
		if path.Value != "" && kept.Values[path.Name] != path.Value {
			return no("%s does not persist %s = %s", g.Server, path.Name, path.Value)
		}
	}
	return yes()
}

func (g SettingsPersisted) String() string {
	return fmt.Sprintf("%s persists the paths of its TLS files: %s", g.Server, g.Settings.Cert)
}

// SettingsAre holds when the server has these paths of its TLS files, and persists those: the rescue of what it persists.
type SettingsAre struct {
	Server      topology.ServerName
	Runs, Keeps facts.TLSSettings // an empty path is unset, or not persisted
}

func (SettingsAre) condition() {}

// Look needs what the server runs with, and what it persists.
func (g SettingsAre) Look() facts.Look { return lookAt(g.Server, facts.PartSettings) }

// Holds compares path by path.
func (g SettingsAre) Holds(f facts.Facts) Verdict {
	running, ok := f.Server(g.Server).Settings.Get()
	if !ok {
		return notSeen(f.Server(g.Server).Settings, "the TLS settings of %s", g.Server)
	}
	kept, ok := f.Server(g.Server).Kept.Get()
	if !ok {
		return notSeen(f.Server(g.Server).Kept, "what %s persists", g.Server)
	}
	now := running.Paths()
	for i, path := range g.Runs.Paths() {
		if now[i] != path {
			return no("%s has %s = %s, and had %s", g.Server, path.Name, valueOr(now[i].Value), valueOr(path.Value))
		}
	}
	for _, path := range g.Keeps.Paths() {
		if kept.Values[path.Name] != path.Value {
			return no("%s does not persist %s as it did", g.Server, path.Name)
		}
	}
	return yes()
}

func (g SettingsAre) String() string {
	return fmt.Sprintf("%s has the paths of its TLS files, and persists them, as it was found", g.Server)
}

// namesOfPaths are the variables that have a value.
func namesOfPaths(s facts.TLSSettings) []string {
	var names []string
	for _, path := range s.Paths() {
		if path.Value != "" {
			names = append(names, path.Name)
		}
	}
	return names
}

const loadKept = "take persisted_globals_load out of the option files and the command line of the server, and restart it"
