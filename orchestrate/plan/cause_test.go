package plan_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
)

// ailing is a secured site on which the receiver of db2 has an error, and the files of its channel are those of the set in use.
func ailing(t *testing.T, number int, text string, change func(c *facts.Channel, used map[string]facts.Named, source *facts.Server)) (facts.Facts, plan.Link) {
	t.Helper()
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := s.quiet()
	links, blocked := plan.FindLinks(s.cluster, f)
	if len(links) != 1 {
		t.Fatal(blocked)
	}
	source := f.Servers["db1"]
	f = edit(f, "db2", func(server *facts.Server) {
		channels := server.Channels.Or(nil)
		c := &channels[0]
		c.Receiver, c.ReceiverError = facts.Connecting, facts.ThreadError{Number: number, Text: text}
		set, _ := server.TLSDir.Or(facts.TLSDir{}).CurrentSet()
		used := map[string]facts.Named{
			c.TLS.CA:   {Readable: facts.Known(true), Certs: set.CA, Public: facts.Absent[string]()},
			c.TLS.Cert: {Readable: facts.Known(true), Certs: set.Cert, Public: facts.Absent[string]()},
			c.TLS.Key:  {Readable: facts.Known(true), Public: set.KeyPublic},
		}
		change(c, used, &source)
		server.Used, server.Channels = facts.Known(used), facts.Known(channels)
	})
	f.Servers["db1"] = source
	return f, links[0]
}

func TestCauses(t *testing.T) {
	const denied = "Access denied for user 'repl'@'10.9.9.9' (using password: YES)"
	for _, c := range []struct {
		name   string
		number int
		text   string
		change func(c *facts.Channel, used map[string]facts.Named, source *facts.Server)
		want   string // empty: nothing is found
	}{
		{"nothing", 2026, "", func(*facts.Channel, map[string]facts.Named, *facts.Server) {}, ""},
		{"not of the files", 2003, "", func(c *facts.Channel, used map[string]facts.Named, _ *facts.Server) {
			used[c.TLS.CA] = facts.Named{Readable: facts.Absent[bool]()}
		}, ""},
		{"missing CA", 2026, "", func(c *facts.Channel, used map[string]facts.Named, _ *facts.Server) {
			used[c.TLS.CA] = facts.Named{Readable: facts.Absent[bool]()}
		}, "db2:/etc/mysql-ssl/current/ca.pem: there is no such file"},
		{"closed key", 2026, "", func(c *facts.Channel, used map[string]facts.Named, _ *facts.Server) {
			used[c.TLS.Key] = facts.Named{Readable: facts.Known(false)}
		}, "db2:/etc/mysql-ssl/current/key.pem: the key file of the channel cannot be read by mysql"},
		{"sealed key", 2026, "", func(c *facts.Channel, used map[string]facts.Named, _ *facts.Server) {
			used[c.TLS.Key] = facts.Named{Readable: facts.Known(true), Public: facts.Unknown[string]("x"), Sealed: true}
		}, "has a passphrase"},
		{"key of another", 2026, "", func(c *facts.Channel, used map[string]facts.Named, _ *facts.Server) {
			used[c.TLS.Key] = facts.Named{Readable: facts.Known(true), Public: facts.Known("another")}
		}, "db2:/etc/mysql-ssl/current/key.pem: it is not the key of db2:/etc/mysql-ssl/current/cert.pem"},
		{"no TLS", 2026, "", func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.ServedTLS = facts.Absent[facts.ServedTLS]()
		}, "db1: it offers no TLS"},
		{"unseen source", 2026, "", func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.ServedTLS = facts.Unknown[facts.ServedTLS]("gone")
		}, ""},
		{"no row for the address", 1130, "Host '10.9.9.9' is not allowed to connect to this MariaDB server", func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.Accounts = facts.Known([]facts.AccountRow{{User: "repl", Host: "192.0.2.%", Require: facts.Requirement{Kind: facts.RequireSSL}}})
		}, "no row of repl fits the address 10.9.9.9"},
		{"another subject", 1045, denied, func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.Accounts = facts.Known([]facts.AccountRow{{User: "repl", Host: "%", Require: facts.Requirement{Kind: facts.RequireSpecified, Subject: "/CN=x"}}})
		}, "repl@% on db1: it requires SUBJECT /CN=x"},
		{"anonymous", 1045, denied, func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.Anonymous = facts.Known([]facts.AccountRow{{Host: "10.9.9.9"}})
		}, "the row without a user name"},
		{"no reason told, one row", 1045, "", func(c *facts.Channel, _ map[string]facts.Named, _ *facts.Server) {
			c.TLS.Enabled = false
		}, "it requires TLS (SSL), and the channel uses none"},
		{"no reason told, one row of another network", 1045, "", func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.Accounts = facts.Known([]facts.AccountRow{{User: "repl", Host: "10.1.2.3", Require: facts.Requirement{Kind: facts.RequireNone}}})
		}, ""},
		{"accounts unseen", 1045, denied, func(_ *facts.Channel, _ map[string]facts.Named, source *facts.Server) {
			source.Accounts = facts.Unknown[[]facts.AccountRow]("gone")
		}, ""},
	} {
		f, link := ailing(t, c.number, c.text, c.change)
		cause, found := plan.CauseOf(f, link)
		if found != (c.want != "") || !strings.Contains(cause.String(), c.want) || found && cause.Do == "" {
			t.Errorf("%s: found %v: %s; %s", c.name, found, cause, cause.Do)
		}
	}
}
