package observe

import (
	"maps"
	"slices"
	"sync"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/process"
)

// memory is what earlier looks found, and what the next one begins with to save a wait. Nothing in it is a fact: each look makes sure of
// it by its own answers, and looks again where something has changed.
type memory struct {
	mu       sync.Mutex
	servers  map[topology.ServerName]remembered
	defaults map[origin][]string // where a program looks for option files, which takes a long answer
}

// remembered is what a look at a server begins with.
type remembered struct {
	met         bool // the version is known, and whether performance_schema is on
	version     facts.Version
	perfSchema  bool
	hosts       map[string][]string // of the account rows, by user
	place       place
	process     process.Process // with its arguments
	optionFiles []file.Pick     // that the server reads
	includeDir  string          // of our option file
}

// origin is a server's program on its host.
type origin struct {
	server  topology.ServerName
	program string // with the environment in which it is called
}

func newMemory() *memory {
	return &memory{servers: map[topology.ServerName]remembered{}, defaults: map[origin][]string{}}
}

func (m *memory) of(name topology.ServerName) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.servers[name]
	r.hosts = maps.Clone(r.hosts)
	return r
}

// keep changes what is remembered of a server.
func (m *memory) keep(name topology.ServerName, change func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.servers[name]
	if r.hosts == nil {
		r.hosts = map[string][]string{}
	}
	change(&r)
	m.servers[name] = r
}

func (m *memory) defaultsOf(at origin) ([]string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files, ok := m.defaults[at]
	return slices.Clone(files), ok
}

func (m *memory) keepDefaults(at origin, files []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.defaults[at] = slices.Clone(files)
}
