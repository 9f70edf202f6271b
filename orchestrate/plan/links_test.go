package plan_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestAConnectedChannelIsBelievedWhereItsSourceShowsIt: servers that nobody configured share the port and the id.
func TestAConnectedChannelIsBelievedWhereItsSourceShowsIt(t *testing.T) {
	cluster := topology.Cluster{
		Account: topology.Account{User: "repl"},
		Servers: []topology.Server{{Name: "db1", Address: "db1"}, {Name: "db2", Address: "db2", Source: "db1"}},
	}
	for name, c := range map[string]struct {
		host   string
		thread string // as db1 shows it
		want   string
	}{
		"by its name":                       {"DB1", "", ""},
		"by another name, and logged in":    {"main", "10.0.0.2:40000", ""},
		"by another name, of somebody else": {"other-primary", "10.0.0.3:40001", "it is connected to other-primary:3306 (server id 1)"},
	} {
		channel := facts.Channel{SourceHost: c.host, SourcePort: 3306, SourceUser: "repl", SourceServerID: 1, Receiver: facts.Yes}
		threads := []facts.DumpThread{}
		if c.thread != "" {
			threads = append(threads, facts.DumpThread{User: "repl", Host: c.thread})
		}
		socket := facts.Socket{Local: netip.MustParseAddrPort("10.0.0.2:40000"), Remote: netip.MustParseAddrPort("10.0.0.1:3306")}
		links, blocked := plan.FindLinks(cluster, facts.Facts{Servers: map[topology.ServerName]facts.Server{
			"db1": {Instance: facts.Known(facts.Instance{ServerID: 1, Port: 3306}), DumpThreads: facts.Known(threads)},
			"db2": {Channels: facts.Known([]facts.Channel{channel}), Process: facts.Known(facts.Process{Sockets: []facts.Socket{socket}})},
		}})
		switch {
		case c.want == "" && (len(links) != 1 || len(blocked) > 0):
			t.Errorf("%s: %+v", name, blocked)
		case c.want != "" && (len(links) > 0 || len(blocked) != 1 || !strings.Contains(blocked[0].Why, c.want)):
			t.Errorf("%s: links %+v, blocked %+v", name, links, blocked)
		}
	}
}
