package observe

import (
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// tellLackingFirst puts beside what the first answers would not tell the statement that lets the server tell it. The look at the host reads
// those answers once the server is met, so that nothing may change them later.
func (q *inquiry) tellLackingFirst() {
	l := q.lacking()
	if l.any(dialect.SeeBinlog) {
		hintAt(&q.seen.Instance, l.hint)
		hintAt(&q.seen.Position, l.hint)
		hintAt(&q.seen.Binlogs, l.hint)
	}
	if l.any(dialect.SeeChannels) {
		hintAt(&q.seen.Channels, l.hint)
	}
}

// tellLackingRest is the same for the rest.
func (q *inquiry) tellLackingRest() {
	l := q.lacking()
	if l.any(q.sessionWorks(l.instance)...) {
		hintAt(&q.seen.DumpThreads, l.hint)
		hintAt(&q.seen.Sessions, l.hint)
	}
	if l.any(dialect.SeeAccounts) {
		hintAt(&q.seen.Accounts, l.hint)
		hintAt(&q.seen.Anonymous, l.hint)
	}
}

// lacking are the rights that the administrator has not, and one statement that gives all of them that the look asks for. What is unknown for
// another reason keeps its own hint.
type lacking struct {
	instance facts.Instance
	held     facts.Grants
	seen     bool
	hint     string
}

func (q *inquiry) lacking() lacking {
	instance, known := q.instance.Get()
	held, seen := q.seen.Grants.Get()
	if !known || !seen || held.Unread {
		return lacking{instance: instance}
	}
	hint := dialect.GrantHint(string(q.server.Name), instance.Admin, dialect.Lacking(instance.Version, held, q.works(instance)...))
	return lacking{instance, held, true, hint}
}

func (l lacking) any(works ...dialect.Work) bool {
	return l.seen && len(dialect.Lacking(l.instance.Version, l.held, works...)) > 0
}

// works are what the look asks the server for.
func (q *inquiry) works(instance facts.Instance) []dialect.Work {
	var works []dialect.Work
	if q.wants(facts.PartChannels | onTrial) {
		works = append(works, dialect.SeeChannels)
	}
	if q.wants(facts.PartInstance | facts.PartPosition) {
		works = append(works, dialect.SeeBinlog)
	}
	if q.wants(facts.PartSessions) {
		works = append(works, q.sessionWorks(instance)...)
	}
	if q.wants(facts.PartAccounts) {
		works = append(works, dialect.SeeAccounts)
	}
	return works
}

func (q *inquiry) sessionWorks(instance facts.Instance) []dialect.Work {
	if q.dialect.ShowsTransports(instance) {
		return []dialect.Work{dialect.SeeSessions, dialect.SeeTransports}
	}
	return []dialect.Work{dialect.SeeSessions}
}

func hintAt[T any](v *facts.Value[T], hint string) {
	if v.IsUnknown() {
		*v = v.WithHint(hint)
	}
}
