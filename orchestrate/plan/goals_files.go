package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// AuthorityExists holds when the local folder has a certificate authority.
type AuthorityExists struct{}

// LeafIssued holds when the local folder has the leaf, good for its names.
type LeafIssued struct {
	Leaf  Leaf
	Peers Peers `json:",omitzero"`
}

// GivenReady holds when the server's own files on this machine have the digest, and nothing forbids their use.
type GivenReady struct {
	Server topology.ServerName
	Digest string // [facts.Leaf.Digest]
	Names  []string
	Usage  pki.Usage
	Peers  Peers `json:",omitzero"`
}

// SetInUse holds when the version is the one in use on the host, is complete, is readable by the server's OS user, and is good for
// the names.
type SetInUse struct {
	Server  topology.ServerName
	Version int
	Names   []string
	Usage   pki.Usage `json:",omitempty"` // empty: at both ends
	Given   string    `json:",omitempty"` // the digest of the server's own files, which it must be made of; empty: it was made here
	Peers   Peers     `json:",omitzero"`
}

// ConfigInPlace holds when our option file has the text, nothing read later overrides it, and the server's own check accepts its
// configuration.
type ConfigInPlace struct {
	Server topology.ServerName
	Path   string
	Text   string
}

// Serves holds when the certificate that the server shows in a handshake is the one of the set in use, it is known to have read the rest of that
// set, and it runs with the paths that it is to read.
type Serves struct {
	Server topology.ServerName
	Paths  facts.TLSSettings `json:",omitzero"` // an empty one is not compared: there is none, or it is somebody else's choice
}

func (AuthorityExists) condition() {}
func (LeafIssued) condition()      {}
func (GivenReady) condition()      {}
func (SetInUse) condition()        {}
func (ConfigInPlace) condition()   {}
func (Serves) condition()          {}

// Look needs the local store alone, which every look brings.
func (AuthorityExists) Look() facts.Look { return facts.Look{} }

// Look needs the clock of the server's host, and the local store, which comes with files.
func (g LeafIssued) Look() facts.Look {
	return lookAt(g.Leaf.Server, facts.PartFiles|facts.PartProcess)
}

// Look needs the clock of the server's host, and the files on this machine, which come with files.
func (g GivenReady) Look() facts.Look { return lookAt(g.Server, facts.PartFiles|facts.PartProcess) }

// Look needs the files on the host, and its clock.
func (g SetInUse) Look() facts.Look { return lookAt(g.Server, facts.PartFiles|facts.PartProcess) }

// Look needs the option files, the server's judgement of them, and its version, which decides what of them counts.
func (g ConfigInPlace) Look() facts.Look {
	return lookAt(g.Server, facts.PartInstance|facts.PartConfig|facts.PartCheck)
}

// Quick is the file alone: one that is not there needs no judgement by the server's program.
func (g ConfigInPlace) Quick() Condition {
	return ConfigIs{Server: g.Server, Path: g.Path, There: true, Text: g.Text}
}

// Look needs the files and a handshake and, where it is to run with certain paths, its settings.
func (g Serves) Look() facts.Look {
	if g.Paths != (facts.TLSSettings{}) {
		return lookAt(g.Server, facts.PartFiles|facts.PartServed|facts.PartSettings)
	}
	return lookAt(g.Server, facts.PartFiles|facts.PartServed)
}

func (AuthorityExists) String() string { return "the local folder has a certificate authority" }

func (g LeafIssued) String() string {
	return fmt.Sprintf("the local folder has certificate %d of %s, good for %s", g.Leaf.Version, g.Leaf.Server, strings.Join(g.Leaf.Names, ", "))
}

func (g GivenReady) String() string {
	return fmt.Sprintf("the files that the inventory names for %s are those that the plan was made with, and are good%s", g.Server, forNames(g.Names))
}

func (g SetInUse) String() string {
	own := ""
	if g.Given != "" {
		own = " of its own files"
	}
	return fmt.Sprintf("%s uses certificate set %d%s, which the server's user can read and which is good%s", g.Server, g.Version, own, forNames(g.Names))
}

func forNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " for " + strings.Join(names, ", ")
}

func (g ConfigInPlace) String() string {
	return fmt.Sprintf("%s:%s has the TLS settings, nothing overrides them, and the server's own check accepts them", g.Server, g.Path)
}

func (g Serves) String() string {
	switch {
	case g.Paths.CRL != "":
		return fmt.Sprintf("%s shows the certificate of its set in a handshake, and runs with the list of revoked certificates %s", g.Server, g.Paths.CRL)
	case g.Paths.Cert != "":
		return fmt.Sprintf("%s shows the certificate of its set in a handshake, and runs with %s", g.Server, g.Paths.Cert)
	}
	return fmt.Sprintf("%s shows the certificate of its set in a handshake", g.Server)
}

// Holds judges the store.
func (AuthorityExists) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	if !ok {
		return notSeen(f.Store, "the folder of certificates")
	}
	switch {
	case store.CA.IsKnown():
		return yes()
	case store.CA.IsAbsent():
		return no("the folder of certificates has no authority")
	}
	return notSeen(store.CA, "the authority")
}

// Holds judges the leaf in the store.
func (g LeafIssued) Holds(f facts.Facts) Verdict {
	store, ok := f.Store.Get()
	if !ok {
		return notSeen(f.Store, "the folder of certificates")
	}
	leaf, ok := store.Leaves[g.Leaf.Server][g.Leaf.Version]
	if !ok {
		return no("certificate %d of %s is not issued", g.Leaf.Version, g.Leaf.Server)
	}
	return g.Peers.judge(f, g.Leaf.Server, g.Leaf.Names, "", leaf).verdict
}

// Holds compares and judges the files.
func (g GivenReady) Holds(f facts.Facts) Verdict {
	own := f.Store.Or(facts.Store{}).Given[g.Server]
	leaf, ok := own.Get()
	switch {
	case !ok:
		return notSeen(own, "the files that the inventory names for %s", g.Server)
	case leaf.Digest() != g.Digest:
		return no("the files that the inventory names for %s have changed since the plan was made", g.Server).hinting("plan again")
	}
	return g.Peers.judge(f, g.Server, g.Names, g.Usage, leaf).verdict
}

// Holds judges the files on the host.
func (g SetInUse) Holds(f facts.Facts) Verdict {
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	return verdictOf(g.flaws(f, dir))
}

// flaws are all that is wrong with the files on the host.
func (g SetInUse) flaws(f facts.Facts, dir facts.TLSDir) []flaw {
	set, ok := dir.CurrentSet()
	switch {
	case dir.Kind == facts.DirOther:
		return []flaw{flawOf(CodeTLSDir, "", dir.Fault, no("the TLS dir of %s: %s", g.Server, dir.Fault))}
	case !ok:
		return []flaw{{verdict: no("%s uses no certificate set", g.Server)}}
	case dir.Current != g.Version:
		return []flaw{{verdict: no("%s uses certificate set %d, not %d", g.Server, dir.Current, g.Version)}}
	case len(set.Faults) > 0:
		return g.standing(dir, set)
	}
	return append(g.standing(dir, set), flaw{verdict: g.isOwn(set)}, g.good(f, set))
}

// standing is what is wrong with how a set stands there: files that are missing, else modes and owners.
func (g SetInUse) standing(dir facts.TLSDir, set facts.FileSet) []flaw {
	if len(set.Faults) > 0 {
		why := strings.Join(set.Faults, ", ")
		return []flaw{flawOf(CodeOnHost, "", why, no("certificate set %d of %s: %s", g.Version, g.Server, why))}
	}
	var flaws []flaw
	if dir.Open != "" {
		flaws = append(flaws, flawOf(CodeTLSDir, "", dir.Open, no("the TLS dir of %s: %s", g.Server, dir.Open)))
	}
	if len(set.Loose) > 0 {
		code, file, why := CodeOnHost, "", strings.Join(set.Loose, ", ")
		if set.Exposed {
			code, file = CodeKeyOpen, pki.FileKey
		}
		flaws = append(flaws, flawOf(code, file, why, no("certificate set %d of %s: %s", g.Version, g.Server, why)))
	}
	switch v := readable(g.Server, set); {
	case v.Fails():
		flaws = append(flaws, flawOf(CodeOnHost, "", "the user of the server cannot read it", v))
	case v.Unclear():
		flaws = append(flaws, flaw{verdict: v})
	}
	return flaws
}

func readable(server topology.ServerName, set facts.FileSet) Verdict {
	can, ok := set.Readable.Get()
	switch {
	case !ok:
		return notSeen(set.Readable, "whether the server's user can read the files of %s", server)
	case !can:
		return no("the server's user cannot read the files of %s", server)
	}
	return yes()
}

// isOwn compares with the server's own files, where the set is to be made of them.
func (g SetInUse) isOwn(set facts.FileSet) Verdict {
	if g.Given != "" && normalDigest(leafOf(set)) != g.Given {
		return no("certificate set %d of %s is not that of its own files", g.Version, g.Server)
	}
	return yes()
}

// noKey says what is wrong with a key.pem of which openssl makes nothing.
const noKey = "key.pem holds no private key that can be read without a passphrase"

// good judges a set on a host. Where the host could not tell the public half of its key, this machine vouches for it when it has the very
// same key file.
func (g SetInUse) good(f facts.Facts, set facts.FileSet) flaw {
	leaf := leafOf(set)
	here, same := keyHere(f, g.Server, g.Version, set.KeyDigest)
	var ok bool
	switch leaf.KeyPublic, ok = set.KeyPublic.Get(); {
	case set.KeyPublic.IsAbsent() && !same:
		return flawOf(CodeOnHost, pki.FileKey, noKey, no("certificate set %d of %s: %s", g.Version, g.Server, noKey))
	case !ok && !same:
		return flaw{verdict: notSeen(set.KeyPublic, "whether the key of %s matches its certificate", g.Server)}
	}
	leaf.KeyPublic, leaf.KeyForm = cmp.Or(leaf.KeyPublic, here.KeyPublic), here.KeyForm
	return g.Peers.judge(f, g.Server, g.Names, g.Usage, leaf)
}

// keyHere finds the set on this machine that has a key file of that digest.
func keyHere(f facts.Facts, server topology.ServerName, version int, keyDigest string) (here facts.Leaf, ok bool) {
	store := f.Store.Or(facts.Store{})
	if leaf, ok := store.Leaves[server][version]; ok && leaf.KeyDigest == keyDigest {
		return leaf, leaf.KeyPublic != ""
	}
	for _, version := range sortedKeys(store.Leaves[server]) { // a set with other authorities has the key of another
		if leaf := store.Leaves[server][version]; leaf.KeyPublic != "" && leaf.KeyDigest == keyDigest {
			return leaf, true
		}
	}
	given := store.Given[server].Or(facts.Leaf{})
	return given, given.KeyPublic != "" && given.KeyDigest == keyDigest
}

// takeOut is what helps where another setting wins over ours.
const takeOut = "take that setting out of the file, or off the command line, of the server"

// Holds judges the option files.
func (g ConfigInPlace) Holds(f facts.Facts) Verdict {
	server := f.Server(g.Server)
	config, ok := server.Config.Get()
	if !ok {
		return notSeen(server.Config, "the option files of %s", g.Server)
	}
	own, ok := config.Own.Get()
	switch {
	case config.Own.IsUnknown():
		return notSeen(config.Own, "%s:%s", g.Server, g.Path)
	case !ok || own != g.Text:
		return no("%s:%s does not have the TLS settings", g.Server, g.Path)
	}
	return all(g.wins(f, config), accepted(g.Server, server.ConfigCheck))
}

// wins holds when no setting that is read after the text says otherwise.
func (g ConfigInPlace) wins(f facts.Facts, config facts.Config) Verdict {
	d, err := dialectOf(f, g.Server)
	if err != nil {
		return unclear("%v", err)
	}
	if winners := d.Overriding(g.Text, config.Suffix, config.Later); len(winners) > 0 {
		return no("a setting that is read later wins: %s", settingTexts(winners)).hinting(takeOut)
	}
	return yes()
}

func settingTexts(settings []facts.Setting) string {
	texts := make([]string, len(settings))
	for i, s := range settings {
		texts[i] = s.String()
	}
	return strings.Join(texts, "; ")
}

func accepted(server topology.ServerName, check facts.Value[facts.Check]) Verdict {
	outcome, ok := check.Get()
	switch {
	case !ok:
		return notSeen(check, "the configuration check of %s", server)
	case !outcome.OK:
		return no("the server's own check refuses the configuration of %s: %s", server, outcome.Text).
			hinting("correct its option files and apply again: with such a setting the server would not start")
	}
	return yes()
}

// Holds compares the served certificate with the file.
func (g Serves) Holds(f facts.Facts) Verdict {
	server := f.Server(g.Server)
	dir, ok := server.TLSDir.Get()
	if !ok {
		return notSeen(server.TLSDir, "the TLS dir of %s", g.Server)
	}
	set, ok := dir.CurrentSet()
	if !ok {
		return no("%s uses no certificate set", g.Server)
	}
	served, ok := server.ServedTLS.Get()
	switch {
	case server.ServedTLS.IsAbsent():
		return no("%s offers no TLS", g.Server).hinting(whyNoTLS(g.Server, server.Settings))
	case !ok:
		return notSeen(server.ServedTLS, "what %s serves", g.Server)
	case !sameLeaf(served.Chain, set.Cert):
		return no("%s serves another certificate than the one in its TLS dir", g.Server)
	}
	return all(g.runsWith(server.Settings), g.hasRead(f, dir))
}

// runsWith compares the paths. The same certificate may lie elsewhere too, where the next start would not look for it.
func (g Serves) runsWith(seen facts.Value[facts.TLSSettings]) Verdict {
	settings, ok := seen.Get()
	if !ok && g.Paths != (facts.TLSSettings{}) {
		return notSeen(seen, "the TLS settings of %s", g.Server)
	}
	running := settings.Paths()
	for i, path := range g.Paths.Paths() {
		switch path.Value {
		case "", running[i].Value:
		case g.Paths.CRL:
			return no("%s does not run with the list of revoked certificates %s", g.Server, path.Value)
		default:
			return no("%s runs with %s = %s, not with %s", g.Server, path.Name, valueOr(running[i].Value), path.Value)
		}
	}
	return yes()
}
