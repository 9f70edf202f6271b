package ui

import (
	"io"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// tellSettings tells where the TLS settings of each server stand: which of them in which file.
func tellSettings(w io.Writer, servers []plan.ServerStatus) {
	var said together
	for _, s := range servers {
		var places []string
		names := map[string][]string{}
		for _, setting := range s.Settings.Or(nil) {
			place := withoutLine(setting.From)
			if place == string(facts.FromSomewhere) {
				place = "a file or an argument (this version does not tell which)"
			}
			if names[place] == nil {
				places = append(places, place)
			}
			names[place] = append(names[place], setting.Name)
		}
		for _, place := range places {
			said.say(string(s.Server), "TLS settings by "+place+": "+strings.Join(names[place], ", "))
		}
	}
	said.print(w, "")
}

// withoutLine leaves the number of a line away.
func withoutLine(place string) string {
	i := strings.LastIndexByte(place, ':')
	if i < 0 || strings.Trim(place[i+1:], "0123456789") != "" {
		return place
	}
	return place[:i]
}
