package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planRepair puts modes and owners right where that is all that the set in use lacks, and tells whether it is. A certificate that was issued
// and waits is laid down instead: it may be there because of the modes.
func (b *builder) planRepair(s topology.Server) bool {
	current := b.currentSet(s)
	goal := b.setInUse(s, current)
	if !b.repairable(s, goal) || b.waits(s, current) {
		b.checkOpen(s)
		return false
	}
	if !b.checkDir(s) {
		return true
	}
	b.warnExposed(s, current)
	b.add(Step{
		ID: stepID("repair", s.Name), Target: s.Name, Title: fmt.Sprintf("put owner and modes of the certificate files of %s right", s.Name),
		Reason: goal.Holds(b.facts).Why(),
		Goal:   goal, Deadline: fileDeadline,
		Guards:  []Guard{{Condition: SetIs{Server: s.Name, Version: current}}},
		Actions: []Action{RepairSet{Server: s.Name, Dir: s.TLSDir, Version: current, Owner: b.facts.Server(s.Name).Process.Or(facts.Process{}).OSUser}},
		Undo:    Undo{Reason: "modes and owners that were wrong are not brought back"},
	})
	return true
}

// checkOpen blocks where a new set would be laid down in a folder that others may write to.
func (b *builder) checkOpen(s topology.Server) {
	if open := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{}).Open; open != "" {
		b.block(s.Name, fmt.Sprintf("chmod 755 %s/versions on its host, after a look at who wrote there", s.TLSDir), "the TLS dir %s: %s", s.TLSDir, open)
	}
}

// checkDir blocks, and is false, where the host would refuse to write into the TLS dir.
func (b *builder) checkDir(s topology.Server) bool {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	what := "the TLS dir " + s.TLSDir
	if b.checkRisk(s, what, dir.Risk) && dir.Kind == facts.DirOther {
		b.block(s.Name, fmt.Sprintf("make room for a folder at %s, or choose another tls.dir in the inventory", s.TLSDir), "%s cannot be used: %s", what, dir.Fault)
		return false
	}
	return dir.Risk.IsAbsent()
}

// checkRisk is false where it blocks: others could change the folder, or whether they could is not known.
func (b *builder) checkRisk(s topology.Server, what string, risk facts.Value[facts.Risk]) bool {
	found, known := risk.Get()
	switch {
	case known:
		b.block(s.Name, onItsHost(found), "%s: %s", what, found.Why)
	case risk.IsUnknown():
		b.block(s.Name, risk.Hint(), "%s: who else may write there is not known: %s", what, risk.Why())
	}
	return risk.IsAbsent()
}

func onItsHost(r facts.Risk) string {
	return fmt.Sprintf("on its host, as root, after a look at what was put there: %s", r.Cure)
}

// warnOfRisk tells of a TLS dir that others could change, though nothing has to be written there now.
func (b *builder) warnOfRisk(s topology.Server) {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	if risk, known := dir.Risk.Get(); known && dir.Kind != facts.DirAbsent {
		b.warnOf(s.Name, "the TLS dir %s: %s; %s", s.TLSDir, risk.Why, onItsHost(risk))
	}
}

// repairable says that the set would be good if its modes and owners were right.
func (b *builder) repairable(s topology.Server, goal SetInUse) bool {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	set, used := dir.CurrentSet()
	if !used || dir.Kind != facts.DirReal || len(set.Faults) > 0 || set.Readable.IsUnknown() {
		return false
	}
	return all(goal.isOwn(set), goal.good(b.facts, set)).Holds()
}

func (b *builder) waits(s topology.Server, current int) bool {
	if b.cluster.TLS.Source == topology.SourceFiles {
		return b.givenVersion(s) != current
	}
	next := b.nextLeaf(s)
	return next.Version > current && (LeafIssued{next, peersIn(b.wantOf(s))}).Holds(b.facts).Holds()
}

// warnExposed says that a mode which is put right does not make a key secret again.
func (b *builder) warnExposed(s topology.Server, version int) {
	if set := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{}).Sets[version]; !set.Exposed {
		return
	}
	instead := fmt.Sprintf("replssl pki issue %s, before you apply, lets a new one take its place", s.Name)
	if b.cluster.TLS.Source == topology.SourceFiles {
		instead = "have a certificate made for a new key, and name those files in the inventory before you apply"
	}
	b.warnOf(s.Name, "every user of its host could read %s/versions/%d/key.pem until now, and may have a copy; %s", s.TLSDir, version, instead)
}

// withRepairs: who waits for the files of a server waits for their repair too.
func withRepairs(needs []string) []string {
	all := slices.Clone(needs)
	for _, id := range needs {
		if server, is := strings.CutPrefix(id, stepID("files", "")); is {
			all = append(all, stepID("repair", topology.ServerName(server)))
		}
	}
	return all
}

// planPrunes removes sets that nobody will go back to, when everything else of their server is done and proven.
func (b *builder) planPrunes() {
	for _, s := range b.cluster.Servers {
		b.warnOfRisk(s)
		goal := OnlySets{Server: s.Name, Keep: b.keptSets(s)}
		if !b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{}).Risk.IsAbsent() || len(goal.Keep) == 0 || goal.Holds(b.facts).Holds() {
			continue
		}
		b.add(Step{
			ID: stepID("prune", s.Name), Target: s.Name, Title: fmt.Sprintf("remove the certificate sets of %s that are out of use", s.Name),
			Reason: goal.Holds(b.facts).Why(),
			Needs:  b.allOf(s.Name),
			Goal:   goal, Deadline: fileDeadline,
			Guards:  b.proven(s),
			Actions: []Action{PruneSets{Server: s.Name, Dir: s.TLSDir, Keep: goal.Keep}},
			Undo:    Undo{Reason: "a key that is removed cannot be brought back; the set before the one in use stays on the host"},
		})
	}
}

// keptSets are the one that will be in use, and the one that a person would go back to: the one in use now or, where that stays, the newest
// other that is complete. What somebody reads by its number is kept too.
func (b *builder) keptSets(s topology.Server) []int {
	dir := b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})
	use := b.sets[s.Name]
	if dir.Kind != facts.DirReal || use == 0 {
		return nil
	}
	kept := []int{use}
	if former := formerSet(dir, use); former != 0 {
		kept = append(kept, former)
	}
	for version := range dir.Sets {
		if b.readByNumber(s, version) && !slices.Contains(kept, version) {
			kept = append(kept, version)
		}
	}
	slices.Sort(kept)
	return kept
}

func formerSet(dir facts.TLSDir, use int) int {
	if set, used := dir.CurrentSet(); used && dir.Current != use && len(set.Faults) == 0 {
		return dir.Current
	}
	newest := 0
	for version, set := range dir.Sets {
		if version != use && len(set.Faults) == 0 {
			newest = max(newest, version)
		}
	}
	return newest
}

// readByNumber says that a server or one of its channels names files of the version, or that the server shows its certificate, and that no
// step changes it.
func (b *builder) readByNumber(s topology.Server, version int) bool {
	seen := b.facts.Server(s.Name)
	set := seen.TLSDir.Or(facts.TLSDir{}).Sets[version]
	running := seen.Settings.Or(facts.TLSSettings{})
	if !b.has(stepID("serve", s.Name)) &&
		(names(s, version, running.CA, running.Cert, running.Key, running.CRL) || b.showsAnother(s) && sameLeaf(seen.ServedTLS.Or(facts.ServedTLS{}).Chain, set.Cert)) {
		return true
	}
	for _, channel := range seen.Channels.Or(nil) {
		id := facts.ChannelID{Server: s.Name, Name: channel.Name}
		if !b.has(channelStepID("change", id)) && names(s, version, channel.TLS.CA, channel.TLS.Cert, channel.TLS.Key, channel.TLS.CRL) {
			return true
		}
	}
	return false
}

// showsAnother says that the server shows another certificate than that of the set that will be in use. Else no other set with that certificate
// is needed.
func (b *builder) showsAnother(s topology.Server) bool {
	seen := b.facts.Server(s.Name)
	return !sameLeaf(seen.ServedTLS.Or(facts.ServedTLS{}).Chain, seen.TLSDir.Or(facts.TLSDir{}).Sets[b.sets[s.Name]].Cert)
}

func names(s topology.Server, version int, paths ...string) bool {
	folder := s.TLSDir + "/versions/" + strconv.Itoa(version) + "/"
	return slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, folder) })
}

// allOf are the steps of a server that are planned so far.
func (b *builder) allOf(server topology.ServerName) []string {
	var ids []string
	for _, step := range b.plan.Steps {
		if step.Target == server {
			ids = append(ids, step.ID)
		}
	}
	return ids
}

// proven is what shows that a server and its channels are well with the set in use.
func (b *builder) proven(s topology.Server) []Guard {
	guards := []Guard{{Condition: b.setInUse(s, b.sets[s.Name])}}
	if slices.ContainsFunc(b.cluster.TLSServers(), func(one topology.Server) bool { return one.Name == s.Name }) {
		guards = append(guards, Guard{Condition: Serves{Server: s.Name}})
	}
	for _, l := range b.links {
		if l.Channel.Server == s.Name {
			channel, _ := b.facts.Channel(l.Channel).Get()
			guards = append(guards, Guard{Condition: b.secured(l, channel)})
		}
	}
	return guards
}

// OnlySets holds when a host has no other sets than these, and nothing that a run which died has left.
type OnlySets struct {
	Server topology.ServerName
	Keep   []int // ascending
}

func (OnlySets) condition() {}

// Look needs the files on the host.
func (g OnlySets) Look() facts.Look { return lookAt(g.Server, facts.PartFiles) }

func (g OnlySets) String() string {
	return fmt.Sprintf("%s has no certificate sets other than %s", g.Server, numbers(g.Keep))
}

// Holds compares the versions.
func (g OnlySets) Holds(f facts.Facts) Verdict {
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	var others []int
	for _, version := range slices.Sorted(maps.Keys(dir.Sets)) {
		if !slices.Contains(g.Keep, version) {
			others = append(others, version)
		}
	}
	if len(dir.Left) > 0 {
		return no("%s still has what a run that died has left in its TLS dir: %s", g.Server, strings.Join(dir.Left, ", "))
	}
	if len(others) > 0 {
		return no("%s still has the certificate sets %s", g.Server, numbers(others))
	}
	return yes()
}
