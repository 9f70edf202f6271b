package discover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/plain"
)

// usualPort is where a server listens that nobody told otherwise.
const usualPort = 3306

// Find looks for the cluster of a primary. What a person has to tell is in [Found.Open]; the error says that the primary cannot be looked at.
func Find(ctx context.Context, wanted Wanted, look Lookout) (Found, error) {
	f := &finder{Wanted: wanted, look: look, ids: map[uint32]bool{}, used: map[string]bool{}}
	if err := f.primary(ctx); err != nil || len(f.Open) > 0 {
		return f.Found, err
	}
	f.account()
	for done := 0; done < len(f.met); { // which becomes longer meanwhile
		f.replicasOf(ctx, f.met[done])
		done++
	}
	f.strangers(ctx)
	f.nobody()
	f.addresses()
	for _, m := range f.met {
		f.Servers = append(f.Servers, m.Server)
	}
	return f.Found, context.Cause(ctx)
}

// finder goes from each server to those that replicate from it.
type finder struct {
	Wanted
	Found
	look Lookout
	met  []*met
	ids  map[uint32]bool // of the servers that were met
	used map[string]bool // hosts that a person named, and that turned out to be a replica's
}

// met is a server that belongs to the cluster.
type met struct {
	Server
	seen Seen
}

func (f *finder) meet(host, source string, seen Seen, among []Seen) {
	samePort := slices.IndexFunc(among, func(s Seen) bool { return s.Instance.Port == seen.Instance.Port && s.Socket != seen.Socket })
	m := &met{seen: seen, Server: Server{
		Name: host, Source: source, Port: seen.Instance.Port, ID: seen.Instance.ServerID, Version: seen.Instance.Version.Text,
	}}
	if reached := f.look.Address(host); reached != host {
		m.Reached = reached
	}
	if samePort >= 0 {
		m.Socket = seen.Socket
	}
	if slices.ContainsFunc(f.met, func(other *met) bool { return strings.EqualFold(other.Name, host) }) {
		m.Name, m.Host = fmt.Sprintf("%s-%d", host, m.Port), host
		f.note("%s is one more server on %s: what a list of hosts says of %s has to be written under servers.%s.ssh", m.Name, host, host, m.Name)
	}
	f.met = append(f.met, m)
	f.ids[m.ID] = true
	f.used[host] = true
}

func (f *finder) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// primary finds the server on the primary's host.
func (f *finder) primary(ctx context.Context) error {
	servers, err := f.look.Servers(ctx, f.Primary)
	if err != nil {
		return err
	}
	seen, err := f.choose(servers)
	if err != nil || len(f.Open) > 0 {
		return err
	}
	f.meet(f.Primary, "", seen, servers)
	for _, c := range seen.Channels {
		f.note("%s replicates from %s:%d itself, and is taken for the primary all the same: begin at the top to have the whole of it",
			f.Primary, c.SourceHost, c.SourcePort)
	}
	return nil
}

// account finds out with which account the replicas log in: by who is logged in, else by who may.
func (f *finder) account() {
	if f.Found.Account = f.Wanted.Account; f.Found.Account != "" {
		return
	}
	seen := f.met[0].seen
	var users []string
	for _, thread := range seen.DumpThreads {
		users = append(users, thread.User)
	}
	why := "replicas are logged in at " + f.Primary + " as"
	if len(users) == 0 {
		why = "no replica is logged in at " + f.Primary + "; the right to replicate have"
		for _, row := range seen.Accounts {
			if !row.Super {
				users = append(users, row.User)
			}
		}
	}
	ranked := byCount(users)
	if len(ranked) == 1 {
		f.Found.Account = ranked[0]
		return
	}
	q := Question{About: TheAccount, Text: why + " " + strings.Join(ranked, ", "), Ask: "Replication account", Flag: "--account USER"}
	if len(ranked) == 0 {
		q.Text = "no replica is logged in at " + f.Primary + ", and no account but administrators has the right to replicate"
	} else {
		q.Default = ranked[0]
	}
	f.Open = append(f.Open, q)
}

// byCount are the words without repetition, the most frequent first.
func byCount(words []string) []string {
	count := map[string]int{}
	for _, word := range words {
		count[word]++
	}
	ranked := slices.Compact(slices.Sorted(slices.Values(words)))
	slices.SortStableFunc(ranked, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	return ranked
}

// replicasOf finds the replicas that a server sees, then those that it does not see and that a person or the account hints at.
func (f *finder) replicasOf(ctx context.Context, source *met) {
	byID := func(a, b dialect.Registered) int { return cmp.Compare(a.ServerID, b.ServerID) }
	for _, row := range slices.SortedFunc(slices.Values(source.seen.Registered), byID) {
		if !f.ids[row.ServerID] {
			f.registered(ctx, source, row)
		}
	}
	for _, host := range f.Replicas {
		f.unseen(ctx, source, host)
	}
	for _, row := range source.seen.Accounts {
		host := f.look.Known(row.Host)
		if row.User == f.Found.Account && isHost(row.Host) && !f.belongs(host, row.Host) {
			f.hinted(ctx, source, host)
		}
	}
}

// belongs says that a host is one of those that were found.
func (f *finder) belongs(names ...string) bool {
	return slices.ContainsFunc(f.met, func(m *met) bool {
		return slices.Contains(names, m.Name) || slices.Contains(names, f.look.Address(m.Name))
	})
}

// isHost says that the host of an account row is one host, and not a pattern.
func isHost(host string) bool {
	return host != "" && host != "localhost" && !strings.ContainsAny(host, "%_/")
}

// registered reaches a replica that its source sees.
func (f *finder) registered(ctx context.Context, source *met, row dialect.Registered) {
	var failures []string
	for _, host := range f.candidates(source, row) {
		servers, err := f.look.Servers(ctx, host)
		if err != nil {
			failures = append(failures, plain.Cause(err))
			continue
		}
		for _, seen := range servers {
			if seen.Err != nil {
				failures = append(failures, plain.Cause(seen.Err))
			}
		}
		if seen, ok := f.match(servers, source, func(s Seen) bool {
			return s.Instance.ServerID == row.ServerID && (f.leads(s, source) || isConnected(s, source))
		}, row.Port); ok {
			f.meet(host, source.Name, seen, servers)
			return
		}
		failures = append(failures, fmt.Sprintf("%s: no server there has the id %d and replicates from %s", host, row.ServerID, source.Name))
	}
	f.Open = append(f.Open, Question{
		About: AReplica,
		Text: fmt.Sprintf("%s has a replica with the server id %d, which it sees as %s:%d, and it is not reached: %s",
			source.Name, row.ServerID, row.Host, row.Port, strings.Join(failures, "; ")),
		Ask: fmt.Sprintf("Host of the replica with the server id %d", row.ServerID), Flag: "--replica HOST",
	})
}

// candidates are the hosts on which a replica may be: those that a person names, the likely ones first, then what the source calls it, and
// at last whoever is logged in there.
func (f *finder) candidates(source *met, row dialect.Registered) []string {
	var likely, others []string
	for _, host := range f.Replicas {
		switch {
		case host == row.Host || f.look.Address(host) == row.Host:
			likely = append(likely, host)
		case !f.used[host]:
			others = append(others, host)
		}
	}
	hosts := append(likely, f.look.Known(row.Host))
	hosts = append(hosts, others...)
	for _, thread := range source.seen.DumpThreads {
		peer, _ := dialect.SplitPeer(thread.Host)
		if host := f.look.Known(peer); !f.used[host] && peer != "" {
			hosts = append(hosts, host)
		}
	}
	met := map[string]bool{"": true}
	return slices.DeleteFunc(hosts, func(host string) bool {
		again := met[host]
		met[host] = true
		return again
	})
}

// match is the server of a host that replicates from the source. Where servers of several clusters have the same ids, the ports decide.
func (f *finder) match(servers []Seen, source *met, fits func(Seen) bool, port int) (Seen, bool) {
	best, most := Seen{}, 0
	for _, seen := range servers {
		if seen.Err != nil || f.ids[seen.Instance.ServerID] || !fits(seen) {
			continue
		}
		points := 1
		if slices.ContainsFunc(seen.Channels, func(c facts.Channel) bool { return c.SourcePort == source.Port }) {
			points += 2
		}
		if seen.Instance.Port == port {
			points++
		}
		if points > most {
			best, most = seen, points
		}
	}
	return best, most > 0
}

// nobody asks for a replica where none was found, and none was asked for already.
func (f *finder) nobody() {
	if len(f.met) > 1 || slices.ContainsFunc(f.Open, func(q Question) bool { return q.About == AReplica }) {
		return
	}
	f.Open = append(f.Open, Question{
		About: AReplica, Text: "no replica is connected to " + f.Primary, Ask: "Host of a replica", Flag: "--replica HOST",
	})
}

// addresses takes from the replicas where they reach their source.
func (f *finder) addresses() {
	for _, source := range f.met {
		var hosts []string
		for _, m := range f.met {
			for _, c := range m.seen.Channels {
				if m.Source == source.Name && (c.SourceServerID == source.ID || len(m.seen.Channels) == 1) {
					hosts = append(hosts, c.SourceHost)
				}
			}
		}
		ranked := byCount(hosts)
		if reached := cmp.Or(source.Reached, source.Host, source.Name); len(ranked) > 0 && !slices.Contains(ranked, reached) {
			source.Address = ranked[0]
		}
		if len(ranked) > 1 {
			f.note("the replicas of %s reach it as %s: each of these names will be in its certificate", source.Name, strings.Join(ranked, ", "))
		}
	}
}
