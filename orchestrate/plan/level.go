package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// identity is what a certificate tells of itself, in the one-line form in which servers compare it.
type identity struct{ Issuer, Subject string }

// RowDemand is what a row of the account shall demand at least.
type RowDemand struct {
	Host    string
	Require facts.Requirement
}

// level finds out what each row of the account shall demand, by account.require of the inventory.
type level struct {
	cluster topology.Cluster
	facts   facts.Facts
	links   []Link
	shows   func(Link) (identity, *Blocked) // what a receiver presents, or why that is not known

	known map[facts.ChannelID]identity
	users map[topology.ServerName]map[string][]Link // by server and host of the row that they log in as
	wants wants
	fault []Blocked
}

// wants are the demands on rows: what every row shall demand at least, and what some shall beyond that.
type wants struct {
	least facts.Requirement
	rows  map[topology.ServerName]map[string]facts.Requirement
}

func (w wants) of(server topology.ServerName, host string) facts.Requirement {
	if want, ok := w.rows[server][host]; ok {
		return want
	}
	return w.least
}

// list are the demands on a server's rows that go beyond the least.
func (w wants) list(server topology.ServerName) []RowDemand {
	var list []RowDemand
	for _, host := range sortedKeys(w.rows[server]) {
		list = append(list, RowDemand{Host: host, Require: w.rows[server][host]})
	}
	return list
}

// find gives the demands, or why they cannot be told.
func (l level) find() (wants, []Blocked) {
	l.wants = wants{least: facts.Requirement{Kind: facts.RequireSSL}, rows: map[topology.ServerName]map[string]facts.Requirement{}}
	if l.cluster.Account.Require == topology.RequireSSL || l.cluster.Account.Require == "" {
		return l.wants, nil
	}
	l.wants.least.Kind = facts.RequireX509
	if l.cluster.Account.Require == topology.RequireX509 {
		return l.wants, nil
	}
	if l.identify(); len(l.fault) > 0 {
		return l.wants, l.fault
	}
	if one, ok := l.only(l.links); ok || len(l.links) == 0 {
		l.demandOfAll(one)
		return l.wants, nil
	}
	l.findUsers()
	for _, s := range l.cluster.Servers {
		for _, row := range l.rowsOf(s.Name) {
			l.demandOf(s.Name, row.Host)
		}
	}
	return l.wants, l.fault
}

func (l *level) identify() {
	l.known = map[facts.ChannelID]identity{}
	for _, link := range l.links {
		who, fault := l.shows(link)
		if fault != nil {
			l.fault = append(l.fault, *fault)
			continue
		}
		l.known[link.Channel] = who
	}
}

// only is the one identity by which all the links log in, as far as the level looks at it.
func (l *level) only(links []Link) (one identity, ok bool) {
	for i, link := range links {
		who := l.known[link.Channel]
		if l.cluster.Account.Require == topology.RequireIssuer {
			who.Subject = ""
		}
		if i > 0 && who != one {
			return identity{}, false
		}
		one = who
	}
	return one, len(links) > 0
}

func (l *level) demandOfAll(who identity) {
	for _, s := range l.cluster.Servers {
		for _, row := range l.rowsOf(s.Name) {
			l.set(s.Name, row.Host, who)
		}
	}
}

func (l *level) set(server topology.ServerName, host string, who identity) {
	if l.wants.rows[server] == nil {
		l.wants.rows[server] = map[string]facts.Requirement{}
	}
	l.wants.rows[server][host] = facts.Requirement{Kind: facts.RequireSpecified, Issuer: who.Issuer, Subject: who.Subject}
}

func (l *level) rowsOf(server topology.ServerName) []facts.AccountRow {
	return l.facts.Server(server).Accounts.Or(nil)
}

// findUsers finds the row by which each receiver logs in.
func (l *level) findUsers() {
	l.users = map[topology.ServerName]map[string][]Link{}
	for _, link := range l.links {
		row, fault := l.rowOf(link)
		if fault != nil {
			l.fault = append(l.fault, *fault)
			continue
		}
		if l.users[link.Source] == nil {
			l.users[link.Source] = map[string][]Link{}
		}
		l.users[link.Source][row] = append(l.users[link.Source][row], link)
	}
}

// rowOf is the row by which a receiver logs in: the only one, or the one that fits what the source sees of its connection.
func (l *level) rowOf(link Link) (host string, fault *Blocked) {
	rows := l.rowsOf(link.Source)
	if len(rows) == 1 {
		return rows[0].Host, nil
	}
	blocked := func(hint, format string, args ...any) *Blocked {
		return &Blocked{Target: link.Channel.Server, Why: fmt.Sprintf(format, args...), Hint: hint, Unseen: true}
	}
	thread := link.DumpThread(l.facts)
	seen, ok := thread.Get()
	if !ok {
		return "", blocked("plan again when its receiver is connected",
			"as which of the rows of %s on %s it logs in is not known: %s", link.User, link.Source, thread.Why())
	}
	row, ok := dialect.MatchRow(rows, clientOf(l.facts, link, seen))
	if !ok {
		return "", blocked(fmt.Sprintf("SELECT CURRENT_USER() in a session of that account from there shows it; drop the rows of %s that are not used", link.User),
			"%s sees its login as %s@%s, and no row of %s fits that", link.Source, seen.User, seen.Host, link.User)
	}
	return row.Host, nil
}

// clientOf is who logs in, as the source sees it: by name where the source shows one, and by the address of the socket.
func clientOf(f facts.Facts, l Link, thread facts.DumpThread) dialect.Client {
	host, port := dialect.SplitPeer(thread.Host)
	if address, err := netip.ParseAddr(host); err == nil {
		return dialect.Client{Address: address.Unmap()}
	}
	client := dialect.Client{Name: host}
	for _, socket := range f.Server(l.Channel.Server).Process.Or(facts.Process{}).Sockets {
		if int(socket.Local.Port()) == port && int(socket.Remote.Port()) == l.Port {
			client.Address = socket.Local.Addr().Unmap()
		}
	}
	return client
}

// demandOf finds what a row shall demand, by the receivers that log in as it: here, or where nobody does, on another server, since rows go
// down a chain.
func (l *level) demandOf(server topology.ServerName, host string) {
	users := l.users[server][host]
	if len(users) == 0 {
		users = l.usersElsewhere(host)
	}
	row := fmt.Sprintf("%s@%s", l.cluster.Account.User, host)
	one, ok := l.only(users)
	switch {
	case ok:
		l.set(server, host, one)
	case len(users) > 0 && l.cluster.Account.Require == topology.RequireSubject:
		l.block(server, "make a row for each replica, or give their certificates one subject and different serial numbers; or set account.require: issuer",
			"one row takes one subject, and as %s log in %s", row, l.told(users))
	case len(users) > 0:
		l.block(server, "make a row for the replicas of each issuer, or set account.require: x509",
			"one row takes one issuer, and as %s log in %s", row, l.told(users))
	default:
		l.block(server, fmt.Sprintf("drop it, if nobody needs it: DROP USER '%s'@'%s'; or set account.require: x509", l.cluster.Account.User, host),
			"no replica logs in as %s, so that whose certificate it should demand cannot be told", row)
	}
}

func (l *level) usersElsewhere(host string) []Link {
	var users []Link
	for _, s := range l.cluster.Servers {
		users = append(users, l.users[s.Name][host]...)
	}
	return users
}

func (l *level) block(server topology.ServerName, hint, format string, args ...any) {
	l.fault = append(l.fault, Blocked{Target: server, Why: fmt.Sprintf(format, args...), Hint: hint})
}

// told are receivers with what they present.
func (l *level) told(links []Link) string {
	told := make([]string, len(links))
	for i, link := range links {
		who := l.known[link.Channel]
		shown := who.Issuer
		if l.cluster.Account.Require == topology.RequireSubject {
			shown = who.Subject
		}
		told[i] = fmt.Sprintf("%s with %s", link.Channel, cmp.Or(shown, "none"))
	}
	return strings.Join(told, ", ")
}
