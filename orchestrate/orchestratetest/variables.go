package orchestratetest

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// foreignFile is where the TLS settings stand that are not ours.
const foreignFile = "/etc/mysql/mariadb.conf.d/50-server.cnf"

// runningPaths are the paths that a server runs with.
func runningPaths(s *server) []facts.Setting {
	return []facts.Setting{
		{Name: "ssl_ca", Value: s.running.CA}, {Name: "ssl_cert", Value: s.running.Cert}, {Name: "ssl_key", Value: s.running.Key},
	}
}

func (w *World) runsOurs(s *server) bool { return strings.HasPrefix(s.running.Cert, w.dirOf(s)+"/") }

// variables are those of a server that reads its settings from files alone.
func (w *World) variables(s *server) map[string]facts.Variable {
	file := foreignFile
	if w.runsOurs(s) {
		file = s.config.OwnPath
	}
	variables := map[string]facts.Variable{}
	for _, path := range runningPaths(s) {
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
		for i, setting := range runningPaths(s) {
			setting.Place, setting.Text = fmt.Sprintf("%s:%d", foreignFile, i+10), setting.Name+" = "+setting.Value
			config.Settings = append(config.Settings, setting)
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
