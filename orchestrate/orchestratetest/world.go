// Package orchestratetest is a world in memory: hosts and servers that carry out actions and yield facts, for tests of everything
// that decides.
//
// It behaves as MariaDB 10.11 was seen to behave; an end-to-end test holds each action's effect here against the effect on a real server.
// Certificates are real ones. A [World] is an executor and an observer at once.
package orchestratetest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// World is a cluster in memory. Its methods may be called from several goroutines.
type World struct {
	mu      sync.Mutex
	cluster topology.Cluster
	now     time.Time
	means   pki.Means
	servers map[topology.ServerName]*server
	hosts   map[string]topology.ServerName // address to server

	authority *pki.Authority
	next      *pki.Authority // that is to succeed it
	former    *pki.Authority // that it has succeeded
	retired   bool           // the former one is in no bundle any more
	foreign   *pki.Authority // of what was there before
	leaves    map[topology.ServerName]map[int]leaf
	noStore   bool
	own       own

	hook       func(plan.Action) error
	violations []string
	log        []plan.Action
}

type leaf struct {
	ca, cert, key string
	public        string
}

type server struct {
	name      topology.ServerName
	down      string // why nothing can be looked at; empty: it is up
	ended     string // why it did not start; empty: it runs
	instance  facts.Instance
	start     int
	nextConn  uint64
	nextPort  uint16
	dir       facts.TLSDir
	config    facts.Config
	running   facts.TLSSettings
	service   facts.Value[facts.Service]
	served    string // PEM of the certificate that is served; empty: no TLS
	trusts    string // PEM of the authorities that it has read; empty: it asks for no certificate
	revoked   string // PEM of the lists that it has read
	elsewhere string // PEM of the certificate that it serves without our settings; empty: no TLS
	tlsFault  bool   // TLS does not come up, whatever the configuration says
	rows      []facts.AccountRow
	anonymous []facts.AccountRow

	skipsStart  bool   // skip_slave_start: its threads do not start with it
	reloadFault string // what a reload ends with; empty: it works

	kept facts.Value[facts.Kept] // what it persists; absent for a server that persists nothing
	next facts.TLSSettings       // what the next reload of such a server reads

	dumps    []dump
	sessions []facts.Session
	channels map[string]*channel
	position facts.Position
	password bool

	semiSync facts.Value[facts.SemiSync]

	grants facts.Value[facts.Grants]
	lacks  []string // privileges that the administrator has not
}

type dump struct {
	facts.DumpThread
	replica   topology.ServerName
	channel   string
	encrypted bool
}

type channel struct {
	facts.Channel
	port uint16 // of the receiver's socket; 0 when it is not connected

	startedWith bool // its login was given when it was started, and is kept nowhere
}

// New makes a world of plaintext replication for the cluster: every replica runs, the account is on the primary alone.
func New(cluster topology.Cluster) *World {
	w := &World{
		cluster: cluster, now: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
		servers: map[topology.ServerName]*server{}, hosts: map[string]topology.ServerName{},
		leaves: map[topology.ServerName]map[int]leaf{},
	}
	w.means = pki.Means{Random: &counter{}, Now: w.now, NewKey: pki.GivenKey(testKey())}
	w.own = newOwn(cluster, w.means)
	for i, s := range cluster.Servers {
		w.servers[s.Name] = newServer(s, i)
		w.hosts[s.Address] = s.Name
	}
	w.servers[cluster.Primary().Name].rows = []facts.AccountRow{w.row("%")}
	for _, s := range cluster.Replicas() {
		w.replicate(s)
	}
	return w
}

func newServer(s topology.Server, index int) *server {
	return &server{
		name: s.Name,
		instance: facts.Instance{
			Version:  facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11, Patch: 19, Text: "10.11.19-MariaDB"},
			ServerID: uint32(index + 1), Hostname: string(s.Name), Port: s.MySQL.Port, Socket: "/run/mysqld/mysqld.sock",
			DataDir: "/var/lib/mysql/", PidFile: "/run/mysqld/mysqld.pid", LogBin: true, Admin: "root@localhost",
		},
		start: 1, nextConn: 5, nextPort: uint16(40000 + 100*index),
		dir: facts.TLSDir{Kind: facts.DirAbsent, Sets: map[int]facts.FileSet{}, Risk: facts.Absent[facts.Risk]()},
		config: facts.Config{
			DefaultsFile: "/etc/mysql/my.cnf", IncludeDir: "/etc/mysql/conf.d", OwnPath: "/etc/mysql/conf.d/zz-replssl.cnf",
			Own: facts.Absent[string](), Risk: facts.Absent[facts.Risk](), Others: facts.Known([]string(nil)),
		},
		service:  facts.Known(facts.Service{Manager: facts.Systemd, Name: "mariadb.service"}),
		kept:     facts.Absent[facts.Kept](),
		semiSync: facts.Absent[facts.SemiSync](),
		grants:   facts.Known(facts.Grants{Given: []facts.Grant{{Privileges: []string{"ALL PRIVILEGES"}}}}),
		channels: map[string]*channel{}, position: facts.Position{File: "binlog.000001", Pos: 4}, password: true,
	}
}

func (w *World) row(host string) facts.AccountRow {
	return facts.AccountRow{User: w.cluster.Account.User, Host: host, Require: facts.Requirement{Kind: facts.RequireNone}}
}

func (w *World) replicate(s topology.Server) {
	source, _ := w.cluster.Server(s.Source)
	c := &channel{Channel: facts.Channel{
		SourceHost: source.Address, SourcePort: source.MySQL.Port, SourceUser: w.cluster.Account.User,
		SourceServerID: w.servers[s.Source].instance.ServerID, Receiver: facts.No, Applier: facts.Yes,
		Read: w.servers[s.Source].position, Exec: w.servers[s.Source].position, Lag: facts.Known(time.Duration(0)),
	}}
	w.servers[s.Name].channels[""] = c
	if rows := &w.servers[s.Source].rows; len(*rows) == 0 {
		*rows = []facts.AccountRow{w.row("%")} // the intermediate of a chain
	}
	w.connect(w.servers[s.Name], c)
}

// Cluster is the desired state that the world was made for.
func (w *World) Cluster() topology.Cluster { return w.cluster }

// With changes a server before the test begins.
func (w *World) With(name topology.ServerName, change func(*Settings)) *World {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&Settings{w, w.servers[name]})
	return w
}

// OnAction calls a function before each action; an error that it returns is the action's.
func (w *World) OnAction(hook func(plan.Action) error) *World {
	w.hook = hook
	return w
}

// Violations are the moments at which a rule was broken: TLS required while a channel of the account was in plaintext, a server
// restarted without a certificate.
func (w *World) Violations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.violations)
}

// Done are the actions that were carried out, in order.
func (w *World) Done() []plan.Action {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// Plaintext are the channels that run without TLS, in truth and not by their options.
func (w *World) Plaintext() []facts.ChannelID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.plaintext()
}

func (w *World) plaintext() []facts.ChannelID {
	var ids []facts.ChannelID
	for _, name := range slices.Sorted(maps.Keys(w.servers)) {
		for _, d := range w.servers[name].dumps {
			if !d.encrypted {
				ids = append(ids, facts.ChannelID{Server: d.replica, Name: d.channel})
			}
		}
	}
	return ids
}

func (w *World) violate(format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}
