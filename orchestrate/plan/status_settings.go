package plan

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// SettingStatus is a TLS variable of a running server that somebody set.
type SettingStatus struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"` // FILE:LINE or FILE, command line, run time, or persisted
}

// settingsOf are those of a server, by name.
func settingsOf(server facts.Server) facts.Value[[]SettingStatus] {
	variables, ok := server.Variables.Get()
	if !ok {
		return facts.As[[]SettingStatus](server.Variables)
	}
	list := []SettingStatus{}
	for _, name := range sortedKeys(variables) {
		if v := held(name, variables[name], server.Kept.Or(facts.Kept{})); v.Origin != facts.FromNothing {
			list = append(list, SettingStatus{Name: name, Value: v.Value, From: placeOf(name, v, server.Config.Or(facts.Config{}).Settings)})
		}
	}
	return facts.Known(list)
}

// held is a variable that was set while the server ran as its next start would set it: from what is persisted, or from nothing where it is
// empty again.
func held(name string, v facts.Variable, kept facts.Kept) facts.Variable {
	persisted, ok := kept.Values[name]
	switch {
	case v.Origin != facts.FromRunTime:
	case ok && kept.Loaded && persisted == v.Value:
		v.Origin = facts.FromPersisted
	case !ok && v.Value == "" && v.Default == "":
		v.Origin = facts.FromNothing
	}
	return v
}

// placeOf has the line too, where the file that the server names still says what runs.
func placeOf(name string, v facts.Variable, settings []facts.Setting) string {
	for _, s := range slices.Backward(settings) {
		if s.Name == name && s.Value == v.Value && v.File != "" && strings.HasPrefix(s.Place, v.File+":") {
			return s.Place
		}
	}
	return v.From()
}
