package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// planRepair puts modes and owners right where that is all that the set in use lacks. A certificate that was issued and waits is laid down
// instead: it may be there because of the modes.
func (b *builder) planRepair(s topology.Server) {
	current := b.currentSet(s)
	goal := b.setInUse(s, current)
	if goal.Holds(b.facts).Holds() || !b.repairs(s) {
		return
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
}

// dirDefects tells where the host would refuse to write into the TLS dir.
func (b *basis) dirDefects(s topology.Server) []defect {
	dir, what := b.dir(s), "the TLS dir "+s.TLSDir
	if risks := riskDefects(s, what, s.TLSDir, dir.Risk); len(risks) > 0 || dir.Kind != facts.DirOther {
		return risks
	}
	return []defect{{server: s.Name, text: fmt.Sprintf("%s cannot be used: %s", what, dir.Fault), Told: pki.Told{
		Code: CodeTLSDir, File: onHost(s, s.TLSDir), Reason: dir.Fault,
		Cure: fmt.Sprintf("make room for a folder at %s, or choose another tls.dir in the inventory", s.TLSDir),
	}}}
}

// riskDefects tells where others could change a folder that is to be written to, or whether they could is not known.
func riskDefects(s topology.Server, what, path string, risk facts.Value[facts.Risk]) []defect {
	found, known := risk.Get()
	found.Why = pki.Printable(found.Why)
	switch {
	case known:
		return []defect{{server: s.Name, text: fmt.Sprintf("%s: %s", what, found.Why), Told: pki.Told{
			Code: CodeTLSDir, File: onHost(s, path), Reason: found.Why, Cure: onItsHost(found),
		}}}
	case risk.IsUnknown():
		return []defect{notKnown(s.Name, risk.Hint(), fmt.Sprintf("%s: who else may write there is not known: %s", what, risk.Why()))}
	}
	return nil
}

// checkRisk is false where it blocks.
func (b *builder) checkRisk(s topology.Server, what, path string, risk facts.Value[facts.Risk]) bool {
	found := riskDefects(s, what, path, risk)
	b.tell(found...)
	return len(found) == 0
}

func onItsHost(r facts.Risk) string {
	if r.Cure == "" || pki.Printable(r.Cure) != r.Cure {
		return "choose a place that belongs to root alone, such as tls.dir: /etc/mysql-ssl; a chown or chmod could take from others what they live in"
	}
	return fmt.Sprintf("on its host, as root, after a look at what was put there: %s", r.Cure)
}

// riskWarnings tell of a TLS dir that others could change, though nothing has to be written there now.
func (b *basis) riskWarnings(s topology.Server) []defect {
	dir := b.dir(s)
	risk, known := dir.Risk.Get()
	if !known || dir.Kind == facts.DirAbsent {
		return nil
	}
	risk.Why = pki.Printable(risk.Why)
	return []defect{{server: s.Name, text: fmt.Sprintf("the TLS dir %s: %s; %s", s.TLSDir, risk.Why, onItsHost(risk)), Told: pki.Told{
		Code: CodeTLSDirRisk, File: onHost(s, s.TLSDir), Reason: risk.Why, Cure: onItsHost(risk),
	}}}
}

// openDefects tells of folders that others may write to, where a new set would be laid down, or the way back is one to a set of somebody else's.
func (b *basis) openDefects(s topology.Server) []defect {
	var list []defect
	tell := func(why, cure string) {
		list = append(list, defect{server: s.Name, text: fmt.Sprintf("the TLS dir %s: %s", s.TLSDir, why), Told: pki.Told{
			Code: CodeTLSDir, File: onHost(s, s.TLSDir), Reason: why, Cure: cure + " on its host, after a look at who wrote there",
		}})
	}
	dir := b.dir(s)
	if dir.Open != "" {
		tell(dir.Open, fmt.Sprintf("chmod 755 %s/versions", s.TLSDir))
	}
	if set, used := dir.CurrentSet(); used && set.Owner != "" {
		folder := fmt.Sprintf("versions/%d", dir.Current)
		tell(fmt.Sprintf("%s belongs to %s", folder, pki.Printable(set.Owner)), fmt.Sprintf("chown root %s/%s", s.TLSDir, folder))
	}
	return list
}

// repairs says that the set in use would be good if its modes and owners were right, and that no other waits.
func (b *basis) repairs(s topology.Server) bool {
	dir, goal := b.dir(s), b.setInUse(s, b.currentSet(s))
	set, used := dir.CurrentSet()
	if !used || dir.Kind != facts.DirReal || len(set.Faults) > 0 || set.Readable.IsUnknown() {
		return false
	}
	return all(goal.isOwn(set), goal.good(b.facts, set).verdict).Holds() && !b.waits(s, dir.Current)
}

func (b *basis) waits(s topology.Server, current int) bool {
	if b.ownFiles() {
		return b.givenVersion(s) != current
	}
	waiting, _ := b.waitingLeaf(s)
	return waiting > current || b.renews(s)
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
		b.tell(b.riskWarnings(s)...)
		goal := OnlySets{Server: s.Name, Keep: b.keptSets(s)}
		if b.isLeftAlone(s) || !b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{}).Risk.IsAbsent() || len(goal.Keep) == 0 || goal.Holds(b.facts).Holds() {
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
	for _, shown := range b.presentsSets(b.ownChannels(s)) {
		guards = append(guards, Guard{Condition: shown})
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
