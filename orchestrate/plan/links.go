package plan

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// FindLinks finds the channel of each replica of the inventory, by the name, port and id of its source. Replicas whose channel
// cannot be told, or logs in as another account, are named as blocked.
func FindLinks(c topology.Cluster, f facts.Facts) ([]Link, []Blocked) {
	var links []Link
	var blocked []Blocked
	for _, s := range c.Replicas() {
		link, fault := findLink(c, f, s)
		if fault != nil {
			blocked = append(blocked, *fault)
			continue
		}
		links = append(links, link)
	}
	return links, blocked
}

func findLink(c topology.Cluster, f facts.Facts, s topology.Server) (Link, *Blocked) {
	channels, ok := f.Server(s.Name).Channels.Get()
	if !ok {
		seen := f.Server(s.Name).Channels
		return Link{}, unseen(s, seen.Hint(), "its channels could not be looked at: %s", seen.Why())
	}
	source, ok := f.Server(s.Source).Instance.Get()
	if !ok {
		seen := f.Server(s.Source).Instance
		return Link{}, unseen(s, seen.Hint(), "its source %s could not be looked at: %s", s.Source, seen.Why())
	}
	sourceServer, _ := c.Server(s.Source)
	var matches, doubtful []facts.Channel
	for _, channel := range channels {
		switch {
		case channel.LeadsTo(source, sourceServer.Address, string(sourceServer.Name), sourceServer.SSH.Address):
			matches = append(matches, channel)
		case channel.SourceServerID == 0 || !channel.MayLeadTo(source):
		case isElsewhere(channel, s, f):
			doubtful = append(doubtful, channel)
		default:
			matches = append(matches, channel)
		}
	}
	switch {
	case len(channels) == 0:
		return Link{}, fault(s, "set its replication up first, or take it out of the inventory: replssl secures replication that exists", "it does not replicate")
	case len(matches) == 0 && len(doubtful) > 0:
		return Link{}, unseen(s, fmt.Sprintf("look again, if it was connecting just then; if %s is %s, write servers.%s.address: %s",
			doubtful[0].SourceHost, s.Source, s.Source, doubtful[0].SourceHost),
			"it is connected to %s, and %s, which has that port and id too, does not show its login", describeSources(doubtful), s.Source)
	case len(matches) == 0:
		return Link{}, fault(s, fmt.Sprintf("correct primary, or servers.%s.replicates_from, in the inventory", s.Name),
			"it does not replicate from %s (server id %d) but from %s", s.Source, source.ServerID, describeSources(channels))
	case len(matches) > 1:
		return Link{}, fault(s, "one channel from a source is served: remove the others, or take it out of the inventory", "it has several channels from %s", s.Source)
	}
	return linkOf(c, f, s, matches[0])
}

func linkOf(c topology.Cluster, f facts.Facts, s topology.Server, channel facts.Channel) (Link, *Blocked) {
	id := facts.ChannelID{Server: s.Name, Name: channel.Name}
	if channel.SourceUser == "" {
		return Link{}, fault(s, keepLogin(f, id, c.Account.User), "channel %s has no login: the one that its receiver was started with is gone since it stopped", id)
	}
	if channel.SourceUser != c.Account.User {
		return Link{}, fault(s, "set account.user to the account that the replicas use; one inventory serves one account",
			"channel %s logs in as %s, and the inventory says %s", id, channel.SourceUser, c.Account.User)
	}
	return Link{Channel: id, Source: s.Source, Host: channel.SourceHost, Port: channel.SourcePort, User: channel.SourceUser}, nil
}

func fault(s topology.Server, hint, format string, args ...any) *Blocked {
	return &Blocked{Target: s.Name, Why: fmt.Sprintf(format, args...), Hint: hint}
}

func unseen(s topology.Server, hint, format string, args ...any) *Blocked {
	b := fault(s, hint, format, args...)
	b.Unseen = true
	return b
}

// isElsewhere says that the channel is connected, and that the source of the inventory shows no login of its kind though both ends were
// seen: the id and the port alone do not do, since servers that nobody configured share the id 1.
func isElsewhere(c facts.Channel, s topology.Server, f facts.Facts) bool {
	link := Link{
		Channel: facts.ChannelID{Server: s.Name, Name: c.Name}, Source: s.Source, Host: c.SourceHost, Port: c.SourcePort, User: c.SourceUser,
	}
	process, threads := f.Server(s.Name).Process, f.Server(s.Source).DumpThreads
	if c.Receiver != facts.Yes || !process.IsKnown() || !threads.IsKnown() {
		return false
	}
	return !link.DumpThread(f).IsKnown()
}

func describeSources(channels []facts.Channel) string {
	sources := make([]string, len(channels))
	for i, c := range channels {
		sources[i] = fmt.Sprintf("%s:%d (server id %d)", c.SourceHost, c.SourcePort, c.SourceServerID)
	}
	return strings.Join(sources, ", ")
}
