package discover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// world is a made-up network: servers by the host they are on, and the addresses of the hosts.
type world struct {
	t       *testing.T
	hosts   map[string][]Seen
	address map[string]string // by host
	looked  []string
}

func (w *world) Servers(_ context.Context, host string) ([]Seen, error) {
	w.looked = append(w.looked, host)
	if servers, ok := w.hosts[host]; ok {
		return servers, nil
	}
	return nil, errors.New(host + ": no such host")
}

func (w *world) Known(address string) string {
	for host, at := range w.address {
		if at == address {
			return host
		}
	}
	return address
}

func (w *world) Address(host string) string {
	if at, ok := w.address[host]; ok {
		return at
	}
	return host
}

// server is a made-up server.
func server(id uint32, port int, parts ...any) Seen {
	s := Seen{Socket: fmt.Sprintf("/run/%d.sock", id), Instance: facts.Instance{ServerID: id, Port: port}}
	for _, part := range parts {
		switch part := part.(type) {
		case facts.Channel:
			s.Channels = append(s.Channels, part)
		case dialect.Registered:
			s.Registered = append(s.Registered, part)
		case facts.DumpThread:
			s.DumpThreads = append(s.DumpThreads, part)
		case dialect.ReplicationAccount:
			s.Accounts = append(s.Accounts, part)
		default:
			panic(fmt.Sprintf("%T is no part of a server", part))
		}
	}
	return s
}

func from(id uint32, host string) facts.Channel {
	return facts.Channel{SourceServerID: id, SourceHost: host, SourcePort: usualPort, Receiver: facts.Yes}
}

// stopped is a channel that was connected once.
func stopped(id uint32, host string) facts.Channel {
	c := from(id, host)
	c.Receiver = facts.No
	return c
}

func replica(id uint32, host string) dialect.Registered {
	return dialect.Registered{ServerID: id, Host: host, Port: 3306}
}

func thread(user, host string) facts.DumpThread { return facts.DumpThread{User: user, Host: host} }

func row(user, host string) dialect.ReplicationAccount {
	return dialect.ReplicationAccount{User: user, Host: host, Super: user == "root"}
}

// told is a finding in a few words.
func told(found Found, err error) string {
	var b strings.Builder
	for _, s := range found.Servers {
		fmt.Fprintf(&b, "%s<%s", s.Name, s.Source)
		if s.Address != "" {
			fmt.Fprintf(&b, " at %s", s.Address)
		}
		if s.Port != usualPort {
			fmt.Fprintf(&b, " port %d", s.Port)
		}
		if s.Socket != "" {
			b.WriteString(" " + s.Socket)
		}
		if s.Stopped {
			b.WriteString(" stopped")
		}
		b.WriteString("; ")
	}
	b.WriteString("account " + found.Account)
	for _, note := range found.Notes {
		b.WriteString("\nnote: " + note)
	}
	for _, q := range found.Open {
		fmt.Fprintf(&b, "\n%s? %s [%s] %s", q.Text, q.Ask, q.Default, q.Flag)
	}
	if err != nil {
		b.WriteString("\nerror: " + err.Error())
	}
	return b.String()
}

func TestFind(t *testing.T) {
	repl := thread("repl", "10.0.0.2:40000")
	for _, c := range []struct {
		name   string
		wanted Wanted
		world  world
		want   string
	}{
		{
			"a star, whose replicas are called by their addresses",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "10.0.0.2"), replica(3, "10.0.0.3"), repl, repl)},
				"db2": {server(2, 3306, from(1, "10.0.0.1"))},
				"db3": {server(3, 3307, from(1, "10.0.0.1"))},
			}, address: map[string]string{"db1": "10.0.0.1", "db2": "10.0.0.2", "db3": "10.0.0.3"}},
			"db1<; db2<db1; db3<db1 port 3307; account repl",
		},
		{
			"the replicas know the primary by a name of their own",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(3, "10.0.0.3"), replica(2, "10.0.0.2"), repl, repl)},
				"db2": {server(2, 3306, from(1, "main"))}, "db3": {server(3, 3306, from(1, "main.example.com"))},
			}, address: map[string]string{"db1": "10.0.0.1", "db2": "10.0.0.2", "db3": "10.0.0.3"}},
			"db1< at main; db2<db1; db3<db1; account repl\nnote: the replicas of db1 reach it as main, main.example.com: each of these names will be in its certificate",
		},
		{
			"a chain is followed down",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), repl)},
				"db2": {server(2, 3306, from(1, "db1"), replica(3, "db3"))},
				"db3": {server(3, 3306, from(2, "db2.intern"))},
			}},
			"db1<; db2<db1 at db2.intern; db3<db2; account repl",
		},
		{
			"masters of each other end",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), from(2, "db2"), repl)},
				"db2": {server(2, 3306, from(1, "db1"), replica(1, "db1"))},
			}},
			"db1<; db2<db1; account repl\nnote: db1 replicates from db2:3306 itself, and is taken for the primary all the same: begin at the top to have the whole of it",
		},
		{
			"a replica whose host is not known is asked for",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3306, replica(2, "10.0.0.2"), repl)}}},
			"db1<; account repl\ndb1 has a replica with the server id 2, which it sees as 10.0.0.2:3306, and it is not reached: " +
				"10.0.0.2: no such host? Host of the replica with the server id 2 [] --replica HOST",
		},
		{
			"and believed when a person names it",
			Wanted{Primary: "db1", Replicas: []string{"db2"}},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "10.0.0.2"), repl)}, "db2": {server(2, 3306, from(1, "db1"))},
			}},
			"db1<; db2<db1; account repl",
		},
		{
			"but not where another server answers",
			Wanted{Primary: "db1", Replicas: []string{"db9"}},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "10.0.0.2"), repl)}, "db9": {server(9, 3306, from(7, "db7"))},
			}},
			"db1<; account repl\ndb1 has a replica with the server id 2, which it sees as 10.0.0.2:3306, and it is not reached: " +
				"10.0.0.2: no such host; db9: no server there has the id 2 and replicates from db1? Host of the replica with the server id 2 [] --replica HOST\n" +
				"--replica db9: no server there replicates from one of the servers that were found? Host of the replica that is meant [] --replica HOST",
		},
		{
			"nor where one has the id alone",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), repl)}, "db2": {server(2, 3306, from(7, "db7"))}, "10.0.0.2": {},
			}},
			"db1<; account repl\ndb1 has a replica with the server id 2, which it sees as db2:3306, and it is not reached: " +
				"db2: no server there has the id 2 and replicates from db1; 10.0.0.2: no server there has the id 2 and replicates from db1? " +
				"Host of the replica with the server id 2 [] --replica HOST",
		},
		{
			"a replica that gives a name which nobody knows is found by who is logged in",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "localhost.localdomain"), repl)}, "10.0.0.2": {server(2, 3306, from(1, "db1"))},
			}},
			"db1<; 10.0.0.2<db1; account repl",
		},
		{
			"a replica that is stopped is found where the account has a row for it",
			Wanted{Primary: "db1", Account: "repl"},
			world{hosts: map[string][]Seen{
				"db1":      {server(1, 3306, row("repl", "10.0.0.2"), row("repl", "10.0.0.3"), row("repl", "10.0.%"), row("other", "10.0.0.4"))},
				"10.0.0.2": {server(2, 3306, facts.Channel{SourceHost: "db1", SourcePort: 3306})},
			}},
			"db1<; 10.0.0.2<db1 stopped; account repl\nnote: 10.0.0.2 replicates from db1 and is not connected to it now\n" +
				"note: repl may log in from 10.0.0.3, where no replica is found: if there is one, name it by --replica HOST",
		},
		{
			"or when it is named, behind its source",
			Wanted{Primary: "db1", Account: "repl", Replicas: []string{"db3", "db2"}},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306)}, "db2": {server(2, 3306, stopped(1, "db1"))}, "db3": {server(3, 3306, stopped(2, "db2"))},
			}},
			"db1<; db2<db1 stopped; db3<db2 stopped; account repl\nnote: db2 replicates from db1 and is not connected to it now\n" +
				"note: db3 replicates from db2 and is not connected to it now",
		},
		{
			"several accounts are logged in",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), thread("a", "db2:1"), thread("b", "db2:2"), thread("b", "db2:3"))},
				"db2": {server(2, 3306, from(1, "db1"))},
			}},
			"db1<; db2<db1; account \nreplicas are logged in at db1 as b, a? Replication account [b] --account USER",
		},
		{
			"nobody is logged in, and one account may",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3306, row("repl", "%"), row("root", "localhost"))}}},
			"db1<; account repl\nno replica is connected to db1? Host of a replica [] --replica HOST",
		},
		{
			"nobody may but administrators",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3306, row("root", "localhost"))}}},
			"db1<; account \nno replica is logged in at db1, and no account but administrators has the right to replicate? Replication account [] --account USER\n" +
				"no replica is connected to db1? Host of a replica [] --replica HOST",
		},
		{
			"several servers on the primary's host",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3307), server(2, 3308)}}},
			"account \ndb1 has servers with the ports 3307, 3308? Port of the primary [3307] --port PORT",
		},
		{
			"of which one has the usual port",
			Wanted{Primary: "db1", Account: "repl"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3307), server(2, 3306)}}},
			"db1<; account repl\nno replica is connected to db1? Host of a replica [] --replica HOST",
		},
		{
			"one of which could not be asked, and may be the primary",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {{Socket: "/x", Err: errors.New("db1: refused (1045)")}, server(9, 3307)}}},
			"account \ndb1 has servers with the ports 3307, and what could not be asked may be the primary: db1: refused (1045)? " +
				"Port of the primary [] --port PORT",
		},
		{
			"with the same port",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3306), server(2, 3306)}}},
			"account \ndb1 has several servers with the port 3306, behind the sockets /run/1.sock, /run/2.sock? Socket of the primary [] --socket SOCKET",
		},
		{
			"a server of another cluster, whose primary has the id too, is no replica because the account may log in from there",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), repl, row("repl", "db9"))}, "db2": {server(2, 3306, from(1, "db1"))},
				"db9": {server(3, 3306, from(1, "other-primary"))},
			}},
			"db1<; db2<db1; account repl\nnote: repl may log in from db9, which replicates from other-primary:3306 with the server id 1, " +
				"and nothing shows that this is db1: if it is, name it by --replica db9",
		},
		{
			"unless a person says so",
			Wanted{Primary: "db1", Account: "repl", Replicas: []string{"db9"}},
			world{hosts: map[string][]Seen{"db1": {server(1, 3306)}, "db9": {server(3, 3306, from(1, "main"))}}},
			"db1< at main; db9<db1; account repl\nnote: db9 replicates from main:3306 with the server id 1, " +
				"which is taken for db1 since --replica names db9: make sure that it is",
		},
		{
			"two that are stopped on a host that is named",
			Wanted{Primary: "db1", Account: "repl", Replicas: []string{"db2"}},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306)}, "db2": {server(2, 3306, stopped(1, "db1")), server(3, 3307, stopped(1, "db1"))},
			}},
			"db1<; db2<db1 stopped; db2-3307<db1 port 3307 stopped; account repl\nnote: db2 replicates from db1 and is not connected to it now\n" +
				"note: db2-3307 is one more server on db2: what a list of hosts says of db2 has to be written under servers.db2-3307.ssh\n" +
				"note: db2-3307 replicates from db1 and is not connected to it now",
		},
		{
			"one that is stopped beside one that is connected",
			Wanted{Primary: "db1", Replicas: []string{"db2"}},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), repl)}, "db2": {server(2, 3306, from(1, "db1")), server(3, 3307, stopped(1, "db1"))},
			}},
			"db1<; db2<db1; db2-3307<db1 port 3307 stopped; account repl\n" +
				"note: db2-3307 is one more server on db2: what a list of hosts says of db2 has to be written under servers.db2-3307.ssh\n" +
				"note: db2-3307 replicates from db1 and is not connected to it now",
		},
		{
			"or the one that is asked for, on a host of others",
			Wanted{Primary: "db1", Account: "repl", Port: 3307, Socket: "/run/1.sock"},
			world{hosts: map[string][]Seen{"db1": {server(1, 3307), server(2, 3307), {Socket: "/x", Err: errors.New("no")}}}},
			"db1< port 3307 /run/1.sock; account repl\nno replica is connected to db1? Host of a replica [] --replica HOST",
		},
		{
			"two servers on one host",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306, replica(2, "db2"), replica(3, "db2"), repl)},
				"db2": {server(2, 3306, from(1, "db1")), server(3, 3307, from(1, "db1"))},
			}},
			"db1<; db2<db1; db2-3307<db1 port 3307; account repl\n" +
				"note: db2-3307 is one more server on db2: what a list of hosts says of db2 has to be written under servers.db2-3307.ssh",
		},
		{
			"servers of another cluster with the same ids are told by their ports",
			Wanted{Primary: "db1", Port: 3307},
			world{hosts: map[string][]Seen{
				"db1": {server(1, 3306), server(1, 3307, dialect.Registered{ServerID: 2, Host: "db2", Port: 3309}, repl)},
				"db2": {
					server(2, 3306, from(1, "db1")), server(2, 3308, facts.Channel{SourceServerID: 1, SourceHost: "db1", SourcePort: 3307, Receiver: facts.Yes}),
					server(2, 3309, facts.Channel{SourceServerID: 1, SourceHost: "db1", SourcePort: 3307, Receiver: facts.Yes}), server(2, 3309, from(1, "db1")),
				},
			}},
			"db1< port 3307; db2<db1 port 3309; account repl",
		},
		{
			"the primary is not reached", Wanted{Primary: "db1"}, world{}, "account \nerror: db1: no such host",
		},
		{
			"the primary does not let us in",
			Wanted{Primary: "db1"},
			world{hosts: map[string][]Seen{"db1": {{Err: errors.New("db1: refused (1045)")}}}},
			"account \nerror: db1: refused (1045)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.world.t = t
			if got := told(Find(t.Context(), c.wanted, &c.world)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestFindIsTheSameEachTime: nothing hangs on the order of a map.
func TestFindIsTheSameEachTime(t *testing.T) {
	first := ""
	for range 50 {
		w := &world{t: t, hosts: map[string][]Seen{
			"db1": {server(1, 3306, thread("c", "x:1"), thread("b", "y:1"), thread("a", "z:1"), replica(2, "db2"))},
		}}
		got := told(Find(t.Context(), Wanted{Primary: "db1"}, w))
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("once\n%s\nand once\n%s", first, got)
		}
	}
}
