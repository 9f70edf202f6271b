package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// checkRights blocks, before anything is done, where the administrator lacks a privilege for an action of the plan or for a way back: a server
// says so only when the statement comes, and a rescue that lacks it too would leave things half done. Where nothing is to be done nothing is
// lacking.
//
// What could not be read of the privileges warns, and does not block: every session may ask for its own, so that an answer which is not
// understood is a form that is not known here, not a privilege that is not there.
func (b *builder) checkRights() {
	works := b.worksByServer()
	for _, s := range b.cluster.Servers {
		instance := b.facts.Server(s.Name).Instance.Or(facts.Instance{})
		grants := b.facts.Server(s.Name).Grants
		held, seen := grants.Get()
		lacking := dialect.Lacking(instance.Version, held, works[s.Name]...)
		switch {
		case len(lacking) == 0:
		case !seen:
			b.warnOf(s.Name, "whether %s may do all of this was not seen: %s", instance.Admin, whyNot(grants))
		case held.Unread:
			b.warnOf(s.Name, "%s may lack privileges that this plan takes: %s; not all that SHOW GRANTS tells is understood",
				instance.Admin, rightNames(lacking))
		default:
			b.block(s.Name, dialect.GrantHint(string(s.Name), instance.Admin, lacking), "%s lacks privileges on %s that this plan takes: %s",
				instance.Admin, s.Name, lackedFor(instance.Version, lacking, works[s.Name]))
		}
	}
}

// worksByServer is what all actions take, and all ways back, each once.
func (b *builder) worksByServer() map[topology.ServerName][]dialect.Work {
	works := map[topology.ServerName][]dialect.Work{}
	for _, step := range b.plan.Steps {
		for _, a := range slices.Concat(step.Actions, step.Rescue) {
			server := a.Target()
			taken, known := worksOf(a, b.facts.Server(server).Instance.Or(facts.Instance{}).ReadOnly)
			if a, back := a.(Unpersist); back && !b.resets(a) {
				taken = []dialect.Work{dialect.PersistPaths}
			}
			if !known {
				b.block(server, "", "%s: what privileges %T takes is not known", step.ID, a)
			}
			for _, w := range taken {
				if !slices.Contains(works[server], w) {
					works[server] = append(works[server], w)
				}
			}
		}
	}
	return works
}

// resets says that a path which is persisted until then is so no more afterwards: to set it to what was persisted before takes less.
func (b *builder) resets(a Unpersist) bool {
	s, _ := b.cluster.Server(a.Server)
	ours := b.ourPaths(s).Paths()
	for i, path := range a.Kept.Paths() {
		if path.Value == "" && ours[i].Value != "" {
			return true
		}
	}
	return false
}

// worksOf is what an action takes of its server; nothing where it is done by files and commands of the host, or here. It does not know an
// action that is none of this package's.
func worksOf(action Action, readOnly bool) (works []dialect.Work, known bool) {
	switch a := action.(type) {
	case CreateAuthority, PrepareAuthority, PromoteAuthority, RetireAuthority, ForgetAuthority, TrustSet, IssueLeaf, InstallSet, RepairSet, PruneSets, SwitchSet, UnswitchSet, WriteConfig, RemoveConfig, Restart:
		return nil, true
	case Persist:
		return []dialect.Work{dialect.PersistPaths}, true
	case Unpersist:
		return []dialect.Work{dialect.UnpersistPaths}, true
	case ReloadTLS:
		return []dialect.Work{dialect.ReloadFiles}, true
	case StopThreads, StartThreads:
		return []dialect.Work{dialect.RunThreads}, true
	case ChangeTLS:
		return []dialect.Work{dialect.ChangeChannel}, true
	case Require:
		works = []dialect.Work{dialect.AlterRows}
		if !a.Binlog {
			works = append(works, dialect.SkipBinlog)
		}
		if readOnly {
			works = append(works, dialect.WriteReadOnly)
		}
		return works, true
	}
	return nil, false
}

// lackedFor names rights, each with the work that takes it.
func lackedFor(v facts.Version, lacking []dialect.Right, works []dialect.Work) string {
	told := make([]string, len(lacking))
	for i, right := range lacking {
		var takes []string
		for _, w := range works {
			if slices.ContainsFunc(dialect.NeedsOf(v, w), func(n dialect.Need) bool { return n.Right == right }) {
				takes = append(takes, string(w))
			}
		}
		told[i] = fmt.Sprintf("%s (to %s)", right.Privilege, strings.Join(takes, ", to "))
	}
	return strings.Join(told, "; ")
}

func rightNames(rights []dialect.Right) string {
	names := make([]string, len(rights))
	for i, right := range rights {
		names[i] = right.Privilege
	}
	return strings.Join(names, ", ")
}
