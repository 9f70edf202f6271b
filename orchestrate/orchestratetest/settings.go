package orchestratetest

import (
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Settings is how a test makes a server other than the usual one.
type Settings struct {
	world  *World
	server *server
}

// Account adds a row of the replication account.
func (s *Settings) Account(host string, kind facts.RequirementKind) {
	row := s.world.row(host)
	row.Require.Kind = kind
	s.server.rows = append(s.server.rows, row)
}

// Row adds a row of the replication account that demands this.
func (s *Settings) Row(host string, demands facts.Requirement) {
	row := s.world.row(host)
	row.Require = demands
	s.server.rows = append(s.server.rows, row)
}

// Anonymous adds a row without a user name.
func (s *Settings) Anonymous(host string) {
	s.server.anonymous = append(s.server.anonymous, facts.AccountRow{Host: host, Require: facts.Requirement{Kind: facts.RequireNone}})
}

// NoAccount removes every row of the replication account.
func (s *Settings) NoAccount() { s.server.rows = nil }

// Unreachable makes every look fail.
func (s *Settings) Unreachable(why string) { s.server.down = why }

// Stop stops threads of the default channel.
func (s *Settings) Stop(threads facts.Threads) {
	s.world.stop(s.server, s.server.channels[""], threads)
}

// SkipsStart keeps the threads from starting with the server, as by skip_slave_start.
func (s *Settings) SkipsStart() { s.server.skipsStart = true }

// StartedWith gives the receiver of the default channel a login that its server, a MySQL, keeps nowhere.
func (s *Settings) StartedWith() { s.server.channels[""].startedWith = true }

// Channel changes the default channel.
func (s *Settings) Channel(change func(*facts.Channel)) { change(&s.server.channels[""].Channel) }

// Instance changes how the server describes itself.
func (s *Settings) Instance(change func(*facts.Instance)) { change(&s.server.instance) }

// Service makes the server one of another service, or of none that is known.
func (s *Settings) Service(service facts.Value[facts.Service]) { s.server.service = service }

// BadDir makes the TLS dir unusable.
func (s *Settings) BadDir(fault string) {
	s.server.dir.Kind, s.server.dir.Fault = facts.DirOther, fault
}

// Risk lets others change the TLS dir, or the folder of option files.
func (s *Settings) Risk(dir, optionFiles facts.Value[facts.Risk]) {
	s.server.dir.Risk, s.server.config.Risk = dir, optionFiles
}

// TLSBroken lets TLS never come up, whatever the server is told.
func (s *Settings) TLSBroken() { s.server.tlsFault = true }

// NoPassword lets nobody know the account's password.
func (s *Settings) NoPassword() { s.server.password = false }

// Stranger adds a dump thread that no replica of the inventory has.
func (s *Settings) Stranger(user, host string) {
	s.server.dumps = append(s.server.dumps, dump{
		DumpThread: facts.DumpThread{ID: s.server.connection(), User: user, Host: host, Transport: facts.Unknown[facts.Transport](hidden)},
		replica:    "stranger",
	})
}

// Delay delays the default channel.
func (s *Settings) Delay(d time.Duration) { s.server.channels[""].Delay = d }

// ForgetStore takes the local folder of certificates away, as on another machine.
func (w *World) ForgetStore() *World {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noStore = true
	return w
}

// Cluster makes a desired state of a primary and replicas for tests, with restarts allowed.
func Cluster(primary topology.ServerName, replicas ...topology.ServerName) topology.Cluster {
	c := topology.Cluster{
		Name: string(primary), Account: topology.Account{User: "repl", Require: topology.RequireSSL},
		TLS: topology.TLS{Verify: topology.VerifyIdentity},
		Policy: topology.Policy{
			Canary: 1, Parallel: 10, Enforce: topology.EnforceLast, AllowRestart: true, MaxLag: 30 * time.Second,
		},
	}
	for _, name := range append([]topology.ServerName{primary}, replicas...) {
		s := topology.Server{
			Name: name, Address: string(name) + ".example.com", Source: primary, TLSDir: "/etc/mysql-ssl",
			MySQL: topology.MySQL{Port: 3306, Admin: "root"}, Restart: "systemctl restart mariadb",
		}
		if name == primary {
			s.Source = ""
		}
		c.Servers = append(c.Servers, s)
	}
	return c
}

// Chained lets a replica replicate from another one.
func Chained(c topology.Cluster, replica, source topology.ServerName) topology.Cluster {
	servers := append([]topology.Server{}, c.Servers...)
	for i := range servers {
		if servers[i].Name == replica {
			servers[i].Source = source
		}
	}
	c.Servers = servers
	return c
}
