package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// RequiresTLS holds when every row of the account on the server requires TLS, and demands at least what is named beyond that. A replica that
// has no row meets it, the server that the account logs in to must have one.
type RequiresTLS struct {
	Server   topology.ServerName
	User     string
	Optional bool // the server need not have a row

	Least facts.Requirement // of every row; the zero value: TLS
	Rows  []RowDemand       // of single rows beyond that

	Dated bool // it is also known since when, so that a login shows whether it met that
}

// PlaintextRefused holds when a plaintext login with the account's real password was refused from the replica's host, while the
// same login over TLS worked in the same look.
type PlaintextRefused struct{ Link Link }

func (RequiresTLS) condition()      {}
func (PlaintextRefused) condition() {}

// Look needs the account rows and, of a date, which start of the server it is.
func (g RequiresTLS) Look() facts.Look {
	if g.Dated {
		return lookAt(g.Server, facts.PartAccounts|facts.PartProcess)
	}
	return lookAt(g.Server, facts.PartAccounts)
}

// Look needs two logins.
func (g PlaintextRefused) Look() facts.Look {
	return lookAt(g.Link.Channel.Server, facts.PartChannels|facts.PartTrial|facts.PartPlaintext)
}

func (g RequiresTLS) String() string {
	text := fmt.Sprintf("every row of %s on %s has REQUIRE %s, or more", g.User, g.Server, g.least())
	if len(g.Rows) > 0 {
		text += ", and " + demandsOf(g.User, g.Rows)
	}
	return text
}

func demandsOf(user string, rows []RowDemand) string {
	told := make([]string, len(rows))
	for i, row := range rows {
		told[i] = fmt.Sprintf("%s@%s: REQUIRE %s", user, row.Host, row.Require)
	}
	return strings.Join(told, "; ")
}

func (g RequiresTLS) least() facts.Requirement {
	if g.Least.Kind == "" {
		return facts.Requirement{Kind: facts.RequireSSL}
	}
	return g.Least
}

// Wanted is what a row shall demand at least.
func (g RequiresTLS) Wanted(host string) facts.Requirement {
	for _, row := range g.Rows {
		if row.Host == host {
			return row.Require
		}
	}
	return g.least()
}

func (g PlaintextRefused) String() string {
	return fmt.Sprintf("a login of %s without TLS from %s is refused, and the same login with TLS works", g.Link.User, g.Link.Channel.Server)
}

// Holds judges every row.
func (g RequiresTLS) Holds(f facts.Facts) Verdict {
	if g.Dated && provisional(f, g.Server) {
		return no("since when %s requires TLS on %s is not known: the run that set it did not come to date it", g.User, g.Server)
	}
	rows, ok := f.Server(g.Server).Accounts.Get()
	if !ok {
		seen := f.Server(g.Server).Accounts
		return notSeen(seen, "the account rows of %s", g.Server)
	}
	var open, short []string
	for _, row := range rows {
		switch want := g.Wanted(row.Host); {
		case !row.Require.TLS():
			open = append(open, row.String())
		case !row.Require.Meets(want):
			short = append(short, fmt.Sprintf("%s on %s demands %s, not %s", row, g.Server, row.Require, want))
		}
	}
	if v := noAnonymous(g.Server, f); !g.Optional && !v.Holds() {
		return v
	}
	switch {
	case len(open) > 0:
		return no("%s on %s may log in without TLS", strings.Join(open, ", "), g.Server)
	case len(rows) == 0 && !g.Optional:
		return no("%s has no account %s", g.Server, g.User)
	case len(short) > 0:
		return no("%s", strings.Join(short, "; "))
	}
	return yes()
}

// noAnonymous: a row without a user name whose host fits a replica better than the account's own row is the one that its login matches,
// whatever the account's row requires (MariaDB manual, "CREATE USER: Anonymous Accounts"). Which host fits is the server's to say, so any
// such row counts.
func noAnonymous(server topology.ServerName, f facts.Facts) Verdict {
	rows, ok := f.Server(server).Anonymous.Get()
	if !ok {
		seen := f.Server(server).Anonymous
		return notSeen(seen, "the anonymous account rows of %s", server)
	}
	for _, row := range rows {
		if !row.Require.TLS() {
			return no("the anonymous row ''@%s on %s may be matched instead of the account's, without TLS", row.Host, server)
		}
	}
	return yes()
}

// PlaintextResult is the outcome of a plaintext login in one word.
type PlaintextResult string

// The results.
const (
	Refused  PlaintextResult = "refused"
	Accepted PlaintextResult = "accepted"
	Untold   PlaintextResult = "unknown"
)

// TryPlaintext says what a plaintext login showed. A refusal is the server's own, and counts only beside a login over TLS that worked:
// otherwise the password may simply be wrong.
func TryPlaintext(f facts.Facts, l Link) (PlaintextResult, string) {
	server := f.Server(l.Channel.Server)
	value := server.Plaintext[l.Channel.Name]
	plain, ok := value.Get()
	switch {
	case !ok:
		return Untold, value.Why()
	case plain.OK:
		return Accepted, fmt.Sprintf("%s let %s in without TLS", l.Source, l.User)
	case !dialect.Refuses(plain.Errno):
		return Untold, fmt.Sprintf("the plaintext login failed for another reason than the account: %s", plain.Text)
	}
	trial, ok := server.Trials[l.Channel.Name].Get()
	switch {
	case !ok:
		return Untold, "the plaintext login failed, but so may any login: " + server.Trials[l.Channel.Name].Why()
	case !trial.OK:
		return Untold, "the plaintext login failed, but so did the login over TLS: " + trial.Text
	}
	return Refused, plain.Text
}

// Holds judges the two logins.
func (g PlaintextRefused) Holds(f facts.Facts) Verdict {
	switch result, why := TryPlaintext(f, g.Link); result {
	case Refused:
		return yes()
	case Accepted:
		return no("%s", why)
	case Untold:
		tried := f.Server(g.Link.Channel.Server).Plaintext[g.Link.Channel.Name]
		return unclear("whether a plaintext login of %s from %s is refused: %s", g.Link.User, g.Link.Channel.Server, why).hinting(tried.Hint())
	}
	return unclear("no result")
}
