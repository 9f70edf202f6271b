package plan

import (
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// formerServer is what a server was before anything of this plan, or of a run that did not end well, was done to its TLS: by what the running
// server was started with, what it persists and what it shows, and by the journal where only that knows. Every way back of its steps is made of
// it, and so is what shows that the way back worked.
type formerServer struct {
	server topology.Server

	runs  facts.TLSSettings // the paths that it reads
	keeps facts.TLSSettings // those of them that it persists; an empty one it does not

	unread bool   // what it runs with by now was persisted by a run that did not end well
	path   string // of our option file
	own    facts.Value[string]

	set     int               // of its TLS dir, that it has read
	whole   Verdict           // whether the set could be read once more
	readers []facts.ChannelID // whose running receivers read the set

	shows Condition
}

func (b *builder) former(s topology.Server) formerServer {
	seen := b.facts.Server(s.Name)
	f := formerServer{server: s, path: seen.Config.Or(facts.Config{}).OwnPath, shows: b.servedIs(s)}
	f.runs, f.keeps, f.unread = b.formerPaths(s)
	if f.readsOurs() {
		f.readers = b.readersOf(s)
	}
	f.own = b.formerOwn(s)
	f.set = b.formerVersion(s)
	f.whole = yes()
	if f.set != 0 {
		f.whole = readsAgain(b.facts, s.Name, f.set)
	}
	return f
}

// readsOurs says that what the server reads are the files of its TLS dir.
func (f formerServer) readsOurs() bool { return f.runs.Cert == currentFile(f.server, "cert.pem") }

// returns says that the certificate which the server has read could be read once more.
func (f formerServer) returns() bool { return !f.readsOurs() || !f.whole.Fails() }

// setBack makes the former set the one in use, where that is what the server reads, and can.
func (f formerServer) setBack() []Action {
	if !f.readsOurs() || !f.returns() {
		return nil
	}
	return whileStopped(f.readers, switchBack(f.server, facts.TLSDir{Current: f.set}))
}

func (f formerServer) setIs() Condition {
	if !f.readsOurs() {
		return All()
	}
	return SetIs{Server: f.server.Name, Version: f.set}
}

// configBack gives the server our option file as it was started with it.
func (f formerServer) configBack() Action {
	if text, there := f.own.Get(); there {
		return WriteConfig{Server: f.server.Name, Path: f.path, Text: text}
	}
	return RemoveConfig{Server: f.server.Name, Path: f.path}
}

func (f formerServer) configIs() ConfigIs {
	text, there := f.own.Get()
	return ConfigIs{Server: f.server.Name, Path: f.path, There: there, Text: text}
}

// keptBack gives a server that persists its settings each of them as it was.
func (f formerServer) keptBack() Action {
	return Unpersist{Server: f.server.Name, Former: f.runs, Kept: f.keeps}
}

func (f formerServer) keptIs() SettingsAre {
	return SettingsAre{Server: f.server.Name, Runs: f.runs, Keeps: f.keeps}
}

// change is how the settings of a server change, if they do: what takes that back, and what shows it.
type change struct {
	back []Action
	seen []Condition
}

// asReloaded changes no settings, but those that a dead run left persisted and that nobody has read yet.
func (f formerServer) asReloaded() change {
	if f.unread {
		return f.asPersisted()
	}
	return change{}
}

func (f formerServer) asRestarted() change {
	return change{back: []Action{f.configBack()}, seen: []Condition{f.configIs()}}
}

func (f formerServer) asPersisted() change {
	return change{back: []Action{f.keptBack()}, seen: []Condition{f.keptIs()}}
}

// back are former settings and former set, which the server then reads.
func (f formerServer) back(c change, read Action) []Action {
	return slices.Concat(c.back, f.setBack(), []Action{read})
}

// isBack holds when the server is what it was, and each channel that it disturbs.
func (f formerServer) isBack(c change, channels Condition) Condition {
	return All(slices.Concat([]Condition{f.setIs()}, c.seen, []Condition{f.shows, channels})...)
}

// formerOwn is our option file as the server was started with it. One that names our files is not, where the server does not run with them: a
// run that did not come to its restart has left it.
func (b *builder) formerOwn(s topology.Server) facts.Value[string] {
	now := b.facts.Server(s.Name).Config.Or(facts.Config{}).Own
	if b.startedWith(s, now) {
		return now
	}
	running := b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{})
	if running.Cert == "" || b.namedByOthers(s, running.Cert) {
		return facts.Absent[string]()
	}
	suffix := b.facts.Server(s.Name).Config.Or(facts.Config{}).Suffix
	text, err := b.dialect(s.Name).OptionFile(suffix, running)
	if err != nil {
		return now
	}
	return facts.Known(text)
}

// namedByOthers says that a setting which is not ours gives the server this certificate.
func (b *builder) namedByOthers(s topology.Server, cert string) bool {
	config := b.facts.Server(s.Name).Config.Or(facts.Config{})
	return slices.ContainsFunc(config.Settings, func(setting facts.Setting) bool {
		return setting.Name == "ssl_cert" && setting.Value == cert && !strings.HasPrefix(setting.Place, config.OwnPath+":")
	})
}

// startedWith says that the running server may have been started with our option file so.
func (b *builder) startedWith(s topology.Server, own facts.Value[string]) bool {
	running := b.facts.Server(s.Name).Settings.Or(facts.TLSSettings{})
	ours := running.Cert == currentFile(s, "cert.pem")
	text, _ := own.Get()
	if !strings.Contains(text, currentFile(s, "cert.pem")) {
		return !ours || !own.IsKnown()
	}
	list := currentFile(s, "crl.pem")
	return ours && strings.Contains(text, list) == (running.CRL == list)
}

// formerPaths are those that the server reads, and those of them that it persists. Where they are ours by a run that did not end well, only the
// journal knows those before.
func (b *builder) formerPaths(s topology.Server) (runs, keeps facts.TLSSettings, unread bool) {
	seen := b.facts.Server(s.Name)
	if marked, ok := b.facts.Marks.Paths[s.Name]; ok && seen.Settings.Or(facts.TLSSettings{}).Cert == currentFile(s, "cert.pem") {
		return marked.Read, marked.Kept, true
	}
	return seen.Settings.Or(facts.TLSSettings{}), seen.Kept.Or(facts.Kept{}).Paths(), false
}

// formerVersion is the set that the server has read: the one in use, unless a run that died has switched to another.
func (b *builder) formerVersion(s topology.Server) int {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	if version, ok := servedSet(b.facts, s.Name); ok {
		return version
	}
	return dir.Current
}

// servedSet is the set of its TLS dir that a server shows.
func servedSet(f facts.Facts, server topology.ServerName) (version int, ok bool) {
	dir := f.Server(server).TLSDir.Or(facts.TLSDir{})
	served := f.Server(server).ServedTLS.Or(facts.ServedTLS{}).Chain
	if set, used := dir.CurrentSet(); used && sameLeaf(served, set.Cert) {
		return dir.Current, true
	}
	for _, version := range sortedKeys(dir.Sets) {
		if sameLeaf(served, dir.Sets[version].Cert) {
			return version, true
		}
	}
	return 0, false
}

// servedIs is what the server shows now. A certificate that it makes for itself at each start is not looked for again.
func (b *builder) servedIs(s topology.Server) Condition {
	seen := b.facts.Server(s.Name)
	served, ok := seen.ServedTLS.Get()
	if !ok || seen.Settings.Or(facts.TLSSettings{}).Cert == "" {
		return Up{Server: s.Name}
	}
	return Shows{Server: s.Name, Chain: served.Chain}
}

// readsAgain judges whether a server could read a set as it stands. For which names and until when it is good does not matter to that.
func readsAgain(f facts.Facts, server topology.ServerName, version int) Verdict {
	set, ok := f.Server(server).TLSDir.Or(facts.TLSDir{}).Sets[version]
	switch {
	case !ok:
		return no("certificate set %d of %s is not there", version, server)
	case len(set.Faults) > 0:
		return no("certificate set %d of %s: %s", version, server, strings.Join(set.Faults, ", "))
	}
	return all(readable(server, set), keyFits(f, server, version, set))
}

func keyFits(f facts.Facts, server topology.ServerName, version int, set facts.FileSet) Verdict {
	leaf, _, err := pki.ParseLeaf([]byte(set.Cert))
	if err != nil {
		return no("certificate set %d of %s: cert.pem: %v", version, server, err)
	}
	public, ok := set.KeyPublic.Get()
	if !ok {
		var here facts.Leaf
		here, ok = keyHere(f, server, version, set.KeyDigest)
		public = here.KeyPublic
	}
	switch {
	case !ok && set.KeyPublic.IsAbsent():
		return no("certificate set %d of %s: %s", version, server, noKey)
	case !ok:
		return notSeen(set.KeyPublic, "whether the key of %s matches its certificate", server)
	case public != pki.KeyFingerprint(leaf):
		return no("certificate set %d of %s: the key does not match the certificate", version, server)
	}
	return yes()
}

// noWayBack tells beforehand where the server could not show again what it shows.
func (f formerServer) noWayBack() string {
	if f.returns() {
		return ""
	}
	return "there is no way back to the certificate that it has read: " + f.whole.Why()
}
