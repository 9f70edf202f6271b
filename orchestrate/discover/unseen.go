package discover

import (
	"context"
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/plain"
)

// leads says that a channel of the server leads to the source.
func (f *finder) leads(seen Seen, source *met) bool {
	return slices.ContainsFunc(seen.Channels, func(c facts.Channel) bool {
		return c.LeadsTo(source.seen.Instance, source.Name, source.Host, f.look.Address(source.Name)) ||
			c.MayLeadTo(source.seen.Instance) && f.look.Known(c.SourceHost) == source.Name
	})
}

// isConnected says that a receiver of the server is connected to a server with the id of the source.
func isConnected(seen Seen, source *met) bool {
	return slices.ContainsFunc(seen.Channels, func(c facts.Channel) bool { return c.SourceServerID == source.ID && c.Receiver == facts.Yes })
}

// unproven is a channel of the server that has the id and the port of the source, and calls it by a name that nobody knows.
func unproven(seen Seen, source *met) (facts.Channel, bool) {
	i := slices.IndexFunc(seen.Channels, func(c facts.Channel) bool { return c.SourceServerID != 0 && c.MayLeadTo(source.seen.Instance) })
	if i < 0 {
		return facts.Channel{}, false
	}
	return seen.Channels[i], true
}

// unseen looks for replicas on a host that a person names, though their source does not see them. The person's word does for the name of
// the source.
func (f *finder) unseen(ctx context.Context, source *met, host string) {
	servers, err := f.look.Servers(ctx, host)
	if err != nil {
		return
	}
	f.takeAll(servers, source, host)
	for {
		seen, ok := f.match(servers, source, func(s Seen) bool { return isUnproven(s, source) }, 0)
		if !ok {
			return
		}
		c, _ := unproven(seen, source)
		f.take(servers, source, host, seen)
		f.note("%s replicates from %s:%d with the server id %d, which is taken for %s since --replica names %s: make sure that it is",
			f.met[len(f.met)-1].Name, c.SourceHost, c.SourcePort, c.SourceServerID, source.Name, host)
	}
}

func isUnproven(seen Seen, source *met) bool {
	_, ok := unproven(seen, source)
	return ok
}

// takeAll takes every server of a host that replicates from the source, and says whether there was one.
func (f *finder) takeAll(servers []Seen, source *met, host string) bool {
	before := len(f.met)
	for {
		seen, ok := f.match(servers, source, func(s Seen) bool { return f.leads(s, source) }, 0)
		if !ok {
			return len(f.met) > before
		}
		f.take(servers, source, host, seen)
	}
}

func (f *finder) take(servers []Seen, source *met, host string, seen Seen) {
	f.meet(host, source.Name, seen, servers)
	m := f.met[len(f.met)-1]
	m.Stopped = !slices.ContainsFunc(seen.Channels, func(c facts.Channel) bool { return c.MayLeadTo(source.seen.Instance) && c.Receiver == facts.Yes })
	if m.Stopped {
		f.note("%s replicates from %s and is not connected to it now", m.Name, source.Name)
	}
}

// hinted looks at a host that the account may log in from. Nothing is taken from it that is not proven.
func (f *finder) hinted(ctx context.Context, source *met, host string) {
	servers, err := f.look.Servers(ctx, host)
	if err == nil && f.takeAll(servers, source, host) {
		return
	}
	text := fmt.Sprintf("%s may log in from %s, where no replica is found: if there is one, name it by --replica HOST", f.Found.Account, host)
	for _, seen := range servers {
		if c, ok := unproven(seen, source); ok && !slices.Contains(f.Replicas, host) && !f.ids[seen.Instance.ServerID] {
			text = fmt.Sprintf("%s may log in from %s, which replicates from %s:%d with the server id %d, and nothing shows that this is %s: "+
				"if it is, name it by --replica %s", f.Found.Account, host, c.SourceHost, c.SourcePort, c.SourceServerID, source.Name, host)
		}
	}
	if !slices.Contains(f.Notes, text) {
		f.Notes = append(f.Notes, text)
	}
}

// strangers are hosts that a person named and on which no replica was found.
func (f *finder) strangers(ctx context.Context) {
	for _, host := range f.Replicas {
		if f.used[host] {
			continue
		}
		why := "no server there replicates from one of the servers that were found"
		servers, err := f.look.Servers(ctx, host)
		switch {
		case err != nil:
			why = plain.Cause(err)
		case len(servers) == 1 && servers[0].Err != nil:
			why = plain.Cause(servers[0].Err)
		}
		f.Open = append(f.Open, Question{
			About: AReplica, Text: fmt.Sprintf("--replica %s: %s", host, why),
			Ask: "Host of the replica that is meant", Flag: "--replica HOST", Wrong: host,
		})
	}
}
