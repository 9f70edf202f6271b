package orchestratetest

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// foreignFile is where the TLS settings stand that are not ours.
const foreignFile = "/etc/mysql/mariadb.conf.d/50-server.cnf"

func (w *World) runsOurs(s *server) bool { return strings.HasPrefix(s.running.Cert, w.dirOf(s)+"/") }

// variables are those of a server that reads its settings from files alone.
func (w *World) variables(s *server) map[string]facts.Variable {
	file := foreignFile
	if w.runsOurs(s) {
		file = s.config.OwnPath
	}
	variables := map[string]facts.Variable{}
	for _, path := range s.running.Paths() {
		variables[path.Name] = facts.Variable{Origin: facts.FromNothing}
		if path.Value != "" {
			variables[path.Name] = facts.Variable{Value: path.Value, Origin: facts.FromFile, File: file}
		}
	}
	return variables
}

// configOf has the settings of the foreign files that a server runs with, and those of our file.
func (w *World) configOf(s *server) facts.Config {
	config := s.config
	if s.running.Cert != "" && !w.runsOurs(s) {
		for i, path := range s.running.Paths() {
			if path.Value != "" {
				place, text := fmt.Sprintf("%s:%d", foreignFile, i+10), path.Name+" = "+path.Value
				config.Settings = append(config.Settings, facts.Setting{Name: path.Name, Value: path.Value, Place: place, Text: text})
			}
		}
	}
	d, err := dialect.For(s.instance.Version)
	own, there := config.Own.Get()
	if err != nil || !there {
		return config
	}
	for _, o := range d.Options(own, config.Suffix) {
		if o.Kind == dialect.OptionSetting {
			place := fmt.Sprintf("%s:%d", config.OwnPath, o.Line)
			config.Settings = append(config.Settings, facts.Setting{Name: o.Name, Value: o.Value, Place: place, Text: o.Text})
		}
	}
	return config
}
