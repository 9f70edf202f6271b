// Package discover finds out which servers replicate from a primary, by what the servers say of each other, and writes the inventory of
// them. It looks and changes nothing.
//
// A replica is believed only when it was reached itself: its server id is the one that its source sees, and its channel leads to that source.
package discover

import (
	"context"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// Lookout is who looks at hosts.
type Lookout interface {
	// Servers are the database servers on a host, looked at once. The error is why the host cannot be looked at.
	Servers(ctx context.Context, host string) ([]Seen, error)

	// Known is the name of the host that has the address, or the address where none is known.
	Known(address string) string

	// Address is where a list of hosts says that the host of that name is reached, or the name.
	Address(host string) string
}

// Seen is one server as it was looked at.
type Seen struct {
	Socket string // on its host
	Err    error  // why it could not be asked; nothing else is known then

	Instance    facts.Instance
	Channels    []facts.Channel
	DumpThreads []facts.DumpThread
	Registered  []dialect.Registered
	Accounts    []dialect.ReplicationAccount
}

// Wanted is what a person has told. Only the primary must be given.
type Wanted struct {
	Primary  string   // its host
	Port     int      // of the primary's server; 0: the only server on the host, or the one with port 3306
	Socket   string   // of the primary's server; empty: the only one that fits
	Replicas []string // hosts of replicas that cannot be found otherwise
	Account  string   // the replication account
}

// Found is a cluster as its servers tell it.
type Found struct {
	Servers []Server // the primary first, each source before its replicas
	Account string
	Notes   []string   // what a person should know, a sentence each
	Open    []Question // what nobody but a person can tell; the rest is not complete before
}

// Server is one server of the cluster.
type Server struct {
	Name    string // of its host; of one more server there, with the port behind it
	Host    string // of one more server on a host; empty: the name is the host's
	Source  string // whom it replicates from; empty for the primary
	Address string // where its replicas reach it, if not at Reached
	Reached string // where its host is reached, as a list of hosts says; empty: by its name
	Port    int
	Socket  string // given where the port does not tell which server of the host it is
	ID      uint32
	Version string
	Stopped bool // the receiver is not connected
}

// OnlyConnected is what holds for every cluster that was found.
const OnlyConnected = "only replicas that are connected are listed by their sources; name stopped ones by --replica HOST"

// Subject is what a question is about.
type Subject string

// The subjects.
const (
	ThePort    Subject = "port"
	TheSocket  Subject = "socket"
	TheAccount Subject = "account"
	AReplica   Subject = "replica"
)

// Question is something that could not be found out.
type Question struct {
	About   Subject
	Text    string // what is not known, and why
	Ask     string // the question itself
	Default string // the most likely answer; empty where there is none
	Flag    string // of the command line, with its value
	Wrong   string // an answer that was given before and is none; empty where there is none
}
