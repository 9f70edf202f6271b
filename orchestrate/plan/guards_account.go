package plan

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Presents holds when a login over TLS with the files on the replica's host works, and the source asked for the certificate and got it: with
// that issuer and subject, where they are named.
type Presents struct {
	Link            Link
	Issuer, Subject string
}

// RowsAre holds when the rows that are still there demand that, and nothing else.
type RowsAre struct {
	Server topology.ServerName
	User   string
	Rows   []RowDemand
}

// Arrives holds when a statement about the rows reaches every replica through the binary log of the server and finds the rows there, as
// they are on the server: where a row is missing the statement stops the applier (error 1396), and it would weaken a row that demands more.
type Arrives struct {
	Server topology.ServerName
	Rows   []RowDemand // what the rows demand before, by host
	Links  []Link
}

func (Presents) condition() {}
func (RowsAre) condition()  {}
func (Arrives) condition()  {}

// Look needs a login.
func (g Presents) Look() facts.Look { return TrialWorks{g.Link}.Look() }

// Look needs the account rows.
func (g RowsAre) Look() facts.Look { return lookAt(g.Server, facts.PartAccounts) }

// Look needs the binary log of the server, and channels and rows of the replicas.
func (g Arrives) Look() facts.Look {
	look := lookAt(g.Server, facts.PartInstance|facts.PartAccounts)
	for _, l := range g.Links {
		look.Add(l.Channel.Server, facts.PartChannels|facts.PartAccounts)
	}
	return look
}

func (g Presents) String() string {
	what := "the certificate on that host"
	if g.Issuer != "" {
		what = "a certificate of " + g.Issuer
	}
	if g.Subject != "" {
		what += " with the subject " + g.Subject
	}
	return fmt.Sprintf("a login of %s over TLS from %s to %s:%d works, and presents %s", g.Link.User, g.Link.Channel.Server, g.Link.Host, g.Link.Port, what)
}

func (g RowsAre) String() string {
	return fmt.Sprintf("the rows of %s on %s are as before: %s", g.User, g.Server, demandsOf(g.User, g.Rows))
}

func (g Arrives) String() string {
	return fmt.Sprintf("the statement reaches every replica through the binary log of %s, and finds the same rows there", g.Server)
}

// Holds judges the trial login.
func (g Presents) Holds(f facts.Facts) Verdict {
	if v := (TrialWorks{g.Link}).Holds(f); !v.Holds() {
		return v
	}
	server := g.Link.Channel.Server
	trial := f.Server(server).Trials[g.Link.Channel.Name].Or(facts.Trial{})
	switch {
	case trial.Subject == "":
		return no("%s did not ask %s for its certificate", g.Link.Source, server).
			hinting(fmt.Sprintf("ssl_ca of %s must name the authorities of its replicas: SELECT @@ssl_ca", g.Link.Source))
	case g.Issuer != "" && trial.Issuer != g.Issuer:
		return no("the certificate of %s is issued by %s, not by %s", server, trial.Issuer, g.Issuer)
	case g.Subject != "" && trial.Subject != g.Subject:
		return no("the certificate of %s has the subject %s, not %s", server, trial.Subject, g.Subject)
	}
	return yes()
}

// Holds compares the rows.
func (g RowsAre) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Server).Accounts
	rows, ok := seen.Get()
	if !ok {
		return notSeen(seen, "the account rows of %s", g.Server)
	}
	for _, want := range g.Rows {
		if row, there := rowOfHost(rows, want.Host); there && !row.Require.Same(want.Require) {
			return no("%s on %s demands %s, and demanded %s", row, g.Server, row.Require, want.Require)
		}
	}
	return yes()
}

func rowOfHost(rows []facts.AccountRow, host string) (facts.AccountRow, bool) {
	i := slices.IndexFunc(rows, func(row facts.AccountRow) bool { return row.Host == host })
	if i < 0 {
		return facts.AccountRow{}, false
	}
	return rows[i], true
}

// Holds judges the way and the rows.
func (g Arrives) Holds(f facts.Facts) Verdict {
	instance, ok := f.Server(g.Server).Instance.Get()
	switch {
	case !ok:
		return notSeen(f.Server(g.Server).Instance, "the binary log of %s", g.Server)
	case !instance.LogBin || instance.BinlogDB:
		return no("the binary log of %s is off or filtered", g.Server)
	}
	verdicts := []Verdict{g.sameRows(f, g.Server)}
	for _, l := range g.Links {
		verdicts = append(verdicts, passes(f, l), g.sameRows(f, l.Channel.Server))
	}
	return all(verdicts...)
}

func passes(f facts.Facts, l Link) Verdict {
	channel, seen := channelOf(f, l)
	switch {
	case !seen.Holds():
		return seen
	case channel.Receiver != facts.Yes || channel.Applier != facts.Yes:
		return no("channel %s does not run (%s, %s)", l.Channel, channel.Receiver, channel.Applier)
	case channel.Delay > 0 || channel.Until || channel.Filtered:
		return no("channel %s is delayed, filtered or waits for an UNTIL condition", l.Channel)
	}
	return yes()
}

// sameRows: the rows are there and demand the same, and no other row lets a login in without TLS.
func (g Arrives) sameRows(f facts.Facts, server topology.ServerName) Verdict {
	seen := f.Server(server).Accounts
	rows, ok := seen.Get()
	if !ok {
		return notSeen(seen, "the account rows of %s", server)
	}
	for _, want := range g.Rows {
		switch row, there := rowOfHost(rows, want.Host); {
		case !there:
			return no("%s has no row of the account for %s", server, want.Host)
		case !row.Require.Same(want.Require):
			return no("%s on %s demands %s, and %s on %s", row, server, row.Require, want.Require, g.Server)
		}
	}
	for _, row := range rows {
		if !row.Require.TLS() && !slices.ContainsFunc(g.Rows, func(want RowDemand) bool { return want.Host == row.Host }) {
			return no("%s on %s may log in without TLS, and the statement does not name it", row, server)
		}
	}
	return yes()
}
