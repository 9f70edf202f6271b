package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/plain"
)

const (
	localDeadline  = 30 * time.Second
	fileDeadline   = 30 * time.Second
	serverDeadline = 60 * time.Second
	threadDeadline = 30 * time.Second
)

// planCertificates gives each server a set that is good for its names: from one authority, or its own files. All that is wrong is told before
// anything is made or copied.
func (b *builder) planCertificates() {
	defects, missing := b.certificateDefects()
	b.tell(defects...)
	for _, s := range b.cluster.Servers {
		b.sets[s.Name] = b.nextSet(s)
	}
	if b.isBlocked() {
		return
	}
	missing = slices.DeleteFunc(missing, b.isLeftAlone)
	for _, s := range b.cluster.Servers {
		if !b.isLeftAlone(s) {
			b.planRepair(s)
		}
	}
	keys, _ := b.keys()
	b.planPromote()
	b.planSuccession(keys.authority)
	if len(missing) > 0 && !b.ownFiles() {
		b.planAuthority(keys.authority)
	}
	for _, s := range missing {
		if b.ownFiles() {
			b.planGivenSet(s)
			continue
		}
		b.planSet(s, keys.leaf)
	}
}

// authorityDefects tells why no certificate that serves all could be made, for the servers that lack one, or why those that are made would not
// go with the others.
func (b *basis) authorityDefects(missing []topology.Server) []defect {
	defects := b.originDefects(missing)
	if len(missing) > 0 {
		defects = append(defects, b.newbornDefects()...)
	}
	defects = append(defects, b.kindDefects()...)
	defects = append(defects, b.comparedDefects()...)
	_, unread := b.keys()
	return append(defects, unread...)
}

// keys are the kinds of keys of what is made anew, and who does not read them; what is there stays good.
func (b *basis) keys() (kinds keyKinds, unread []defect) {
	readers := make([]pki.Reader, len(b.cluster.Servers))
	for i, s := range b.cluster.Servers {
		readers[i] = readerOf(b.facts, s.Name)
	}
	kinds = keysFor(b.cluster.TLS.Algorithm, readers)
	for i, s := range b.cluster.Servers {
		for _, kind := range kinds.all() {
			if !readers[i].Reads(kind) {
				unread = append(unread, defectOf(s.Name, pki.Told{
					Code: pki.CodeKeyKind, Cure: "choose another tls.algorithm in the inventory, or leave it out",
					Reason: fmt.Sprintf("%s does not read keys of the kind %s", readers[i].Who, kind),
				}))
			}
		}
	}
	return kinds, unread
}

type keyKinds struct{ authority, leaf pki.KeyKind }

func (k keyKinds) all() []pki.KeyKind { return slices.Compact([]pki.KeyKind{k.authority, k.leaf}) }

// keysFor are the keys that are asked for, or else the best that all servers read: each shows its certificate to the others and checks
// theirs, as a source or as a replica. An authority, which lives for long, is never given the shortest.
func keysFor(asked topology.Algorithm, servers []pki.Reader) keyKinds {
	kind, ok := pki.ParseKeyKind(string(asked))
	if !ok {
		kind = pki.P256
		if slices.ContainsFunc(servers, func(r pki.Reader) bool { return !r.Reads(pki.P256) }) {
			kind = pki.RSA2048
		}
	}
	if kind == pki.RSA2048 {
		return keyKinds{authority: pki.RSA3072, leaf: kind}
	}
	return keyKinds{authority: kind, leaf: kind}
}

// readerOf is what a server can make of files; of one whose version was not seen nothing is said.
func readerOf(f facts.Facts, server topology.ServerName) pki.Reader {
	instance, ok := f.Server(server).Instance.Get()
	if !ok {
		return pki.Reader{Who: string(server)}
	}
	return dialect.ReaderOf(instance).On(string(server))
}

// newbornDefects tells where a certificate that is made now would not be valid yet, or not any more, by the clock of a host.
func (b *basis) newbornDefects() []defect {
	var defects []defect
	for _, s := range b.cluster.Servers {
		clock := b.facts.Server(s.Name).Clock.Or(0) // of one that is not known is told before
		if host := b.facts.At.Add(clock); host.Before(pki.ValidFrom(b.facts.At)) || clock > pki.LeafLife {
			defects = append(defects, defectOf(s.Name, pki.Told{
				Code: CodeClock, Cure: "set the clock of its host, or that of this machine, whichever is wrong",
				Reason: fmt.Sprintf("its clock is %s, and a certificate that is made now is not valid then", differs(clock)),
			}))
		}
	}
	return defects
}

func differs(clock time.Duration) string {
	if clock < 0 {
		return plain.Duration(-clock) + " behind that of this machine"
	}
	return plain.Duration(clock) + " ahead of that of this machine"
}

func (b *basis) setInUse(s topology.Server, version int) SetInUse {
	want := b.wantOf(s)
	return SetInUse{Server: s.Name, Version: version, Names: want.Names, Usage: want.Usage, Given: b.givenDigest(s), Peers: peersIn(want)}
}

// originDefects tells where the certificates in use come from more than one authority, or some have to be made and the authority of the others
// is not here.
func (b *basis) originDefects(missing []topology.Server) []defect {
	store := b.facts.Store.Or(facts.Store{})
	if store.CA.IsUnknown() {
		return []defect{{server: Here, text: "the certificate authority: " + store.CA.Why(), Told: pki.Told{
			Code: CodeUnusable, File: pki.FileCA, Reason: store.CA.Why(), Cure: "mend that file, or name the folder of the cluster's certificates: --pki DIR",
		}}}
	}
	ca, here := store.CA.Get()
	first := ""
	var defects []defect
	for _, s := range b.cluster.Servers {
		set, used := b.dir(s).CurrentSet()
		differ := func(hint, reason string) {
			defects = append(defects, defectOf(s.Name, pki.Told{
				Code: CodeOtherAuthority, File: onHost(s, currentFile(s, pki.FileCA)), Cure: hint, Reason: "its certificates come from another authority than " + reason,
			}))
		}
		switch {
		case !used || set.CA == "":
			continue
		case here && b.isSucceeding(ca, set.CA):
			if !b.succeeds {
				defects = append(defects, defectOf(s.Name, pki.Told{
					Code: CodeOtherAuthority, File: onHost(s, currentFile(s, pki.FileCA)), Cure: "go on with it: replssl rotate ca",
					Reason: "another authority is about to take the place of the one that issues, and its set does not trust what the local folder does",
				}))
			}
		case here && !sameBundle(ca, set.CA):
			differ("name the pki folder that they were made in: --pki DIR", "the one in the local folder")
		case !here && len(missing) > 0:
			return append(defects, defectOf(Here, pki.Told{
				Code: CodeOtherAuthority, File: pki.FileCA, Cure: "bring the pki folder from the machine that made the others, and name it: --pki DIR",
				Reason: fmt.Sprintf("%s needs a certificate, and the authority that %s uses is not in the local folder", missing[0].Name, s.Name),
			}))
		case !here && first != "" && !sameBundle(first, set.CA):
			differ("bring the pki folder of the cluster, and name it: --pki DIR", "those of the servers before it")
		}
		first = cmp.Or(first, set.CA)
	}
	return defects
}

func (b *builder) planAuthority(kind pki.KeyKind) {
	if (AuthorityExists{}).Holds(b.facts).Holds() {
		return
	}
	b.add(Step{
		ID: "authority", Target: Here, Title: fmt.Sprintf("make a certificate authority with an %s key", kind),
		Reason: "there is none in the local folder",
		Goal:   AuthorityExists{}, Deadline: localDeadline,
		Actions: []Action{CreateAuthority{Cluster: b.cluster.Name, Key: kind}},
		Undo:    Undo{Reason: "it is a local file that nothing uses by itself; delete the folder by hand"},
	})
}

// planSet issues what is missing and lays it down on the host.
func (b *builder) planSet(s topology.Server, kind pki.KeyKind) {
	leaf := b.nextLeaf(s)
	b.sets[s.Name] = leaf.Version
	if issued := (LeafIssued{leaf, peersIn(b.wantOf(s))}); !issued.Holds(b.facts).Holds() {
		b.add(Step{
			ID: stepID("leaf", s.Name), Target: Here, Title: fmt.Sprintf("issue an %s certificate for %s", kind, s.Name),
			Reason: b.whyAnotherSet(s),
			Needs:  []string{"authority", "promote"},
			Goal:   issued, Deadline: localDeadline,
			Actions: []Action{IssueLeaf{Leaf: leaf, Key: kind, CommonName: b.commonName(s)}},
			Undo:    Undo{Reason: "it is a local file that nothing uses by itself; delete the folder by hand"},
		})
	}
	b.warnOfIssued(s, leaf.Version)
	step := b.fileStep(s, leaf.Version)
	step.Needs = []string{stepID("leaf", s.Name)}
	step.Guards = append([]Guard{{Condition: LeafIssued{leaf, peersIn(b.wantOf(s))}}}, step.Guards...)
	b.add(step)
}

// nextLeaf is an issued leaf that waits to be laid down, else the next version after all that exist here and on the host, which carries what
// the one in use does: a person may have issued that with further names.
func (b *basis) nextLeaf(s topology.Server) Leaf {
	leaf := Leaf{Server: s.Name, Names: b.wantOf(s).Names, CommonName: b.comparedName(s)}
	waiting, last := b.waitingLeaf(s)
	if leaf.Version = waiting; waiting == 0 {
		leaf.Version = last + 1
		leaf.Names = slices.Compact(slices.Sorted(slices.Values(slices.Concat(leaf.Names, b.namesInUse(s)))))
	}
	return leaf
}

// namesInUse are those of the set in use, where its certificate was made here.
func (b *basis) namesInUse(s topology.Server) []string {
	now := b.inUse(s)
	for _, leaf := range b.facts.Store.Or(facts.Store{}).Leaves[s.Name] {
		if made := leafIn(leaf.Cert); now != nil && made != nil && now.Equal(made) {
			return pki.AlternativeNames(now)
		}
	}
	return nil
}

// waitingLeaf is the newest version here that is newer than the one in use, good, and could be laid down, 0 for none, and the last of all. What
// has been replaced stays so: the reason may be one that no look shows.
func (b *basis) waitingLeaf(s topology.Server) (waiting, last int) {
	dir := b.dir(s)
	for version := range dir.Sets {
		last = max(last, version)
	}
	for version, leaf := range b.facts.Store.Or(facts.Store{}).Leaves[s.Name] {
		last = max(last, version)
		onHost, there := dir.Sets[version]
		usable := !there || onHost.KeyDigest == leaf.KeyDigest && onHost.Cert == leaf.Cert
		if version > dir.Current && usable && b.isOfNow(leaf) && verdictOn(b.judge(s, leaf)).Holds() {
			waiting = max(waiting, version)
		}
	}
	return waiting, last
}

// isOfNow says that an issued leaf is of the authority that is to issue: while one succeeds another, an older one may wait.
func (b *basis) isOfNow(leaf facts.Leaf) bool {
	cert := leafIn(leaf.Cert)
	return b.phase() != PhaseLeaves || cert == nil || isIssuedBy(cert, b.succeededBy()) && len(beyond(b.facts.Store.Or(facts.Store{}).CA.Or(""), leaf.CA)) == 0
}

// isReplaced says that a person has issued a set that is newer than the good one in use, by the authority that is here.
func (b *basis) isReplaced(s topology.Server) bool {
	return !b.ownFiles() && b.facts.Store.Or(facts.Store{}).CA.IsKnown() && b.waits(s, b.currentSet(s))
}

// whyAnotherSet is what is wrong with the set in use, or that it is replaced.
func (b *builder) whyAnotherSet(s topology.Server) string {
	current := b.currentSet(s)
	waiting, _ := b.waitingLeaf(s)
	switch v := b.setInUse(s, current).Holds(b.facts); {
	case !v.Holds():
		return v.Why()
	case waiting == 0 && b.renews(s):
		return b.whyRenewed(s)
	}
	return fmt.Sprintf("set %d was issued to replace set %d, which is in use", b.sets[s.Name], current) + whatIsIssued(b.made(s, b.sets[s.Name]))
}

// fileStep copies a set and switches to it.
func (b *builder) fileStep(s topology.Server, version int) Step {
	process := b.facts.Server(s.Name).Process.Or(facts.Process{})
	goal := b.setInUse(s, version)
	step := Step{
		ID: stepID("files", s.Name), Target: s.Name, Title: fmt.Sprintf("copy the certificate to %s", s.Name),
		Reason: b.whyAnotherSet(s),
		Goal:   goal, Deadline: fileDeadline,
		Actions: []Action{InstallSet{Server: s.Name, Dir: s.TLSDir, Version: version, Owner: process.OSUser, Given: goal.Given}},
	}
	b.switchWhileStopped(s, version, &step)
	return step
}

// switching are the planned steps that stop the receivers of the channels while they switch their files.
func (b *builder) switching(channels ...facts.ChannelID) []string {
	var ids []string
	for _, channel := range channels {
		step, _ := b.step(stepID("files", channel.Server))
		if _, stops := step.Found[channel]; stops {
			ids = append(ids, step.ID)
		}
	}
	return ids
}

// switchWhileStopped adds the switch. A receiver opens the three files one after the other at every connect, so one that reads
// them from this folder is stopped meanwhile, on the way back too. The step is done when each is connected again: no login is tried with
// the new set before, since a trial takes the files that are in use.
func (b *builder) switchWhileStopped(s topology.Server, version int, step *Step) {
	readers := b.readersOf(s)
	if len(readers) > 0 {
		step.Guards = append(step.Guards, b.comesBack(s, readers)...)
		step.Found = b.threadsOf(readers...)
		step.Impact = reconnectImpact(readers...)
		step.Goal = All(append([]Condition{step.Goal, b.upAgain(s, readers)}, b.presentsSets(readers)...)...)
	}
	step.Actions = append(step.Actions, whileStopped(readers, SwitchSet{Server: s.Name, Dir: s.TLSDir, Version: version})...)
	back := whileStopped(readers, switchBack(s, b.facts.Server(s.Name).TLSDir.Or(facts.TLSDir{})))
	step.Rescue = back
	step.Rescued = All(SetIs{Server: s.Name, Version: b.currentSet(s)}, b.upAgain(s, readers))
	if b.readsOurFiles(s) && b.reloads(s) {
		back = append(slices.Clone(back), ReloadTLS{Server: s.Name})
	}
	step.Undo = Undo{Actions: back}
}

// comesBack lets no receiver be stopped that could not even log in with the files that it has: its account may be locked, or its password another by
// now. Where these files, or those of its source, are no good any more a login says nothing of the account, and the new set is what helps.
func (b *builder) comesBack(s topology.Server, readers []facts.ChannelID) []Guard {
	var guards []Guard
	for _, l := range b.links {
		channel, _ := b.facts.Channel(l.Channel).Get()
		if slices.Contains(readers, l.Channel) && channel.Receiver == facts.Yes && b.isWell(s) && b.isWell(b.server(l.Source)) &&
			(Serves{Server: l.Source}).Holds(b.facts).Holds() {
			guards = append(guards, Guard{Condition: TrialWorks{Link: l}})
		}
	}
	return guards
}

// isWell says that the set in use is good, whether or not it is to be replaced.
func (b *builder) isWell(s topology.Server) bool {
	inUse := b.setInUse(s, b.currentSet(s))
	inUse.Given = ""
	return inUse.Holds(b.facts).Holds()
}

func whileStopped(channels []facts.ChannelID, action Action) []Action {
	receiver := facts.Threads{Receiver: true}
	var before, after []Action
	for _, id := range channels {
		before = append(before, StopThreads{Channel: id, Threads: receiver})
		after = append(after, StartThreads{Channel: id, Threads: receiver})
	}
	return slices.Concat(before, []Action{action}, after)
}

func switchBack(s topology.Server, dir facts.TLSDir) Action {
	if dir.Current == 0 {
		return UnswitchSet{Server: s.Name, Dir: s.TLSDir}
	}
	return SwitchSet{Server: s.Name, Dir: s.TLSDir, Version: dir.Current}
}

// currentFile is the stable path of a file of the set in use.
func currentFile(s topology.Server, name string) string { return s.TLSDir + "/current/" + name }
