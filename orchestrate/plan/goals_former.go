package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// ConfigIs holds when our option file is there with the text, or is not there: the rescue of a server's settings.
type ConfigIs struct {
	Server topology.ServerName
	Path   string
	There  bool
	Text   string
}

// SetIs holds when the version is the one in use, 0 for none: the rescue of a switch.
type SetIs struct {
	Server  topology.ServerName
	Version int
}

// Shows holds when the server shows that certificate in a handshake: the rescue of what it serves.
type Shows struct {
	Server topology.ServerName
	Chain  string // PEM, leaf first
}

func (ConfigIs) condition() {}
func (SetIs) condition()    {}
func (Shows) condition()    {}

// Look needs the option files.
func (g ConfigIs) Look() facts.Look { return lookAt(g.Server, facts.PartConfig) }

// Look needs the files on the host.
func (g SetIs) Look() facts.Look { return lookAt(g.Server, facts.PartFiles) }

// Look needs a handshake.
func (g Shows) Look() facts.Look { return lookAt(g.Server, facts.PartServed) }

func (g ConfigIs) String() string {
	if !g.There {
		return fmt.Sprintf("%s:%s is not there", g.Server, g.Path)
	}
	return fmt.Sprintf("%s:%s is as it was found", g.Server, g.Path)
}

func (g SetIs) String() string {
	if g.Version == 0 {
		return fmt.Sprintf("%s uses no certificate set", g.Server)
	}
	return fmt.Sprintf("%s uses certificate set %d", g.Server, g.Version)
}

func (g Shows) String() string {
	return fmt.Sprintf("%s shows the certificate in a handshake that it was found with", g.Server)
}

// Holds compares the file.
func (g ConfigIs) Holds(f facts.Facts) Verdict {
	config, ok := f.Server(g.Server).Config.Get()
	if !ok {
		return notSeen(f.Server(g.Server).Config, "the option files of %s", g.Server)
	}
	text, there := config.Own.Get()
	switch {
	case config.Own.IsUnknown():
		return notSeen(config.Own, "%s:%s", g.Server, g.Path)
	case there != g.There || text != g.Text:
		return no("%s:%s is not as it was found", g.Server, g.Path)
	}
	return yes()
}

// Holds compares the version.
func (g SetIs) Holds(f facts.Facts) Verdict {
	dir, ok := f.Server(g.Server).TLSDir.Get()
	switch {
	case !ok:
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	case dir.Current != g.Version:
		return no("%s uses certificate set %d, and used %d", g.Server, dir.Current, g.Version)
	}
	return yes()
}

// Holds compares the certificate.
func (g Shows) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Server).ServedTLS
	served, ok := seen.Get()
	switch {
	case seen.IsAbsent():
		return no("%s offers no TLS, and did", g.Server)
	case !ok:
		return notSeen(seen, "what %s serves", g.Server)
	case !sameLeaf(served.Chain, g.Chain):
		return no("%s serves another certificate than it was found with", g.Server)
	}
	return yes()
}
