package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// persists says that the server takes the paths of its TLS files while it runs, and keeps them for its next start by itself.
func (b *builder) persists(s topology.Server) bool { return b.dialect(s.Name).PersistsSettings() }

// servesGoal is what is to be true of a server's TLS: it shows its certificate from the TLS dir and, where settings are persisted, would do so
// after a restart.
func (b *builder) servesGoal(s topology.Server) Condition {
	serves := Serves{Server: s.Name, Paths: b.ourPaths(s)}
	if !b.persists(s) {
		return serves
	}
	return All(b.kept(s), serves)
}

func (b *builder) kept(s topology.Server) SettingsPersisted {
	return SettingsPersisted{Server: s.Name, Settings: b.ourPaths(s)}
}

func (b *builder) keepsOurFiles(s topology.Server) bool {
	return b.kept(s).Holds(b.facts).Holds() && b.readsOurFiles(s)
}

// ourPaths are those of the set that the server is to use.
func (b *basis) ourPaths(s topology.Server) facts.TLSSettings {
	return facts.TLSSettings{
		Enabled: true, CA: currentFile(s, "ca.pem"), Cert: currentFile(s, "cert.pem"), Key: currentFile(s, "key.pem"), CRL: b.crlOf(s),
	}
}

// planPersist changes the paths of a running server. A reload that fails leaves the paths changed and the former files in use, so that the
// rescue puts the paths back too.
func (b *builder) planPersist(s topology.Server, step Step) {
	seen := b.facts.Server(s.Name).Kept
	kept, ok := seen.Get()
	switch {
	case !ok:
		b.block(s.Name, seen.Hint(), "what %s persists was not seen: %s", s.Name, whyNot(seen))
		return
	case !kept.Loaded:
		b.block(s.Name, loadKept, "%s would not read at its start what it persists: persisted_globals_load is OFF", s.Name)
		return
	}
	step.Title = fmt.Sprintf("let %s persist its TLS settings, and read its certificate", s.Name)
	step.Impact = b.newAuthorityImpact(s)
	former := b.former(s)
	persist := Persist{Server: s.Name, Settings: b.ourPaths(s), Former: facts.FormerPaths{Read: former.runs, Kept: former.keeps}}
	step.Actions = []Action{persist, ReloadTLS{Server: s.Name}}
	b.reload(&step, former, former.asPersisted())
}
