package observe

import (
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// tellLacking puts beside what a server would not tell the statement that lets it: one statement for all that the look asks for. What is unknown
// for another reason keeps its own hint.
func (q *inquiry) tellLacking() {
	instance, known := q.instance.Get()
	held, seen := q.seen.Grants.Get()
	if !known || !seen || held.Unread {
		return
	}
	hint := dialect.GrantHint(string(q.server.Name), instance.Admin, dialect.Lacking(instance.Version, held, q.works(instance)...))
	lacks := func(works ...dialect.Work) bool { return len(dialect.Lacking(instance.Version, held, works...)) > 0 }
	if lacks(dialect.SeeBinlog) {
		hintAt(&q.seen.Instance, hint)
		hintAt(&q.seen.Position, hint)
		hintAt(&q.seen.Binlogs, hint)
	}
	if lacks(dialect.SeeChannels) {
		hintAt(&q.seen.Channels, hint)
	}
	if lacks(q.sessionWorks(instance)...) {
		hintAt(&q.seen.DumpThreads, hint)
		hintAt(&q.seen.Sessions, hint)
	}
	if lacks(dialect.SeeAccounts) {
		hintAt(&q.seen.Accounts, hint)
		hintAt(&q.seen.Anonymous, hint)
	}
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
