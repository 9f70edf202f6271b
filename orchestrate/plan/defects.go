package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// defect is what is wrong with certificates, or with what they lie in, and what no step of a plan mends. A plan blocks on it, or warns where the
// code only warns; lint tells it.
type defect struct {
	server   topology.ServerName // [Here] for this machine
	pki.Told                     // of the file as a person finds it
	text     string              // what a plan says
	unseen   bool                // it could not be looked at: there is no code, and no file
}

// defectOf is a defect of which a plan says the reason, and nothing else.
func defectOf(server topology.ServerName, found pki.Told) defect {
	return defect{server: server, Told: found, text: found.Reason}
}

// notKnown is a defect of what could not be looked at.
func notKnown(server topology.ServerName, hint, why string) defect {
	return defect{server: server, Told: pki.Told{Reason: why, Cure: hint}, text: why, unseen: true}
}

func onHost(s topology.Server, path string) string { return fmt.Sprintf("%s:%s", s.Name, path) }

// tell blocks on defects, or warns of them.
func (b *builder) tell(defects ...defect) {
	for _, f := range defects {
		if !f.unseen && severityOf(f.Code) == pki.Warns {
			b.warnOf(f.server, "%s", f.text)
			continue
		}
		b.block(f.server, f.Cure, "%s", f.text)
	}
}

// certificateDefects is all that is wrong with the certificates of the cluster and their folders, and the servers that need another set.
func (b *basis) certificateDefects() (defects []defect, missing []topology.Server) {
	if b.ownFiles() {
		defects = b.givenDefects()
	} else {
		defects = b.clockDefects()
	}
	bad := serversOf(defects)
	for _, s := range b.cluster.Servers {
		if !bad[s.Name] {
			found, lacks := b.setDefects(s)
			defects = append(defects, found...)
			if lacks {
				missing = append(missing, s)
			}
		}
	}
	if !b.ownFiles() {
		defects = append(defects, b.authorityDefects(missing)...)
	}
	return defects, missing
}

func serversOf(defects []defect) map[topology.ServerName]bool {
	servers := map[topology.ServerName]bool{}
	for _, f := range defects {
		if f.unseen || severityOf(f.Code) == pki.Forbids {
			servers[f.server] = true
		}
	}
	return servers
}

// setDefects tells why the set of a server can neither stay nor be replaced, or that it lacks one. Where no host was looked at nothing is said.
func (b *basis) setDefects(s topology.Server) (defects []defect, lacks bool) {
	if !b.asked(s.Name) {
		return nil, false
	}
	v := b.setInUse(s, b.nextSet(s)).Holds(b.facts)
	switch {
	case v.Unclear():
		return []defect{notKnown(s.Name, v.Hint(), v.Why())}, false
	case v.Holds() && !b.isReplaced(s) && !b.renews(s):
		return nil, false
	case b.repairs(s):
		return b.dirDefects(s), false
	}
	return append(b.dirDefects(s), b.openDefects(s)...), true
}

// nextSet is the version that a server shall use, as far as its files are there: the one in use where certificates are made here.
func (b *basis) nextSet(s topology.Server) int {
	if b.ownFiles() {
		return b.givenVersion(s)
	}
	return b.currentSet(s)
}

// asked says that a server was to be looked at.
func (b *basis) asked(server topology.ServerName) bool {
	_, asked := b.facts.Servers[server]
	return asked
}

// clockDefects tells of clocks that are not known: whether certificates are valid over there could not be judged.
func (b *basis) clockDefects() []defect {
	var defects []defect
	for _, s := range b.cluster.Servers {
		if clock := b.facts.Server(s.Name).Clock; b.asked(s.Name) && !clock.IsKnown() {
			defects = append(defects, notKnown(s.Name, clock.Hint(), "whether certificates are valid by its clock is not known: "+whyNot(clock)))
		}
	}
	return defects
}

// flaw is what keeps a set from its use: what a condition says of it, and what lint finds; that is nothing where it could not be looked at.
type flaw struct {
	verdict Verdict
	whole   pki.Told      // of the set as a whole, or of a file as it is called in a set; without a code there is none
	found   []pki.Finding // in its files
}

func flawOf(code pki.Code, file, reason string, verdict Verdict) flaw {
	return flaw{verdict: verdict, whole: pki.Told{Code: code, File: file, Reason: reason}}
}

func verdictOf(flaws []flaw) Verdict {
	verdicts := make([]Verdict, len(flaws))
	for i, f := range flaws {
		verdicts[i] = f.verdict
	}
	return all(verdicts...)
}

// in tells what is found in a set that lies in a folder.
func (f flaw) in(dir string) []pki.Told {
	told := toldIn(dir, f.found)
	if f.whole.Code != "" {
		f.whole.File = strings.TrimSuffix(dir+"/"+f.whole.File, "/")
		told = append(told, f.whole)
	}
	return told
}

func toldIn(dir string, found []pki.Finding) []pki.Told {
	told := make([]pki.Told, len(found))
	for i, finding := range found {
		told[i] = finding.In(pki.NamesIn(dir))
	}
	return told
}
