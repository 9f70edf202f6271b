// Package topology is the desired state: which servers there are, who replicates from whom, and what their replication must
// become. It is read from an inventory, strictly, with all faults reported at once.
package topology

import (
	"fmt"
	"slices"
	"time"
)

// ServerName is the inventory's name for a server; it is unique in a cluster.
type ServerName string

// Cluster is one primary with everything that replicates from it, and the policy for changing it.
type Cluster struct {
	Name    string
	Servers []Server // the primary first, then the replicas in the order of the inventory
	Account Account
	TLS     TLS
	Policy  Policy
}

// Server is one database server and the way to it.
type Server struct {
	Name    ServerName
	Address string     // DNS name or IP where the server is reached by its peers, unless a channel says otherwise
	Source  ServerName // whom it replicates from; empty for the primary
	SSH     SSH
	MySQL   MySQL
	TLSDir  string // absolute folder of the certificate sets on the host
	Given   Given
	Restart string // shell command that restarts the server; empty: the host's service manager is asked which service the server is
}

// SSH is how a server's host is reached.
type SSH struct {
	User          string
	Address       string // host name or IP without port
	Port          int
	IdentityFiles []string // private keys; nil: those that ssh would take by default, and the agent
	KnownHosts    []string // those that exist are read
	Jump          []SSH    // hosts to go through, the nearest first; none of them has a Jump of its own
	Sudo          bool     // commands run as root, by sudo without a password

	CertificateFiles []string // of the keys; one beside its key is found without
	IdentitiesOnly   bool     // of the agent's keys, only those of IdentityFiles are offered
	AgentSocket      string   // "none": no agent; empty: that of SSH_AUTH_SOCK
	HostKeyAlias     string   // the name under which the host's key is recorded; empty: its address
	Alias            string   // what a person calls it, where it is a jump host

	// PassphraseCommand prints the passphrase of an identity file on standard output. It runs on this machine, by /bin/sh; empty: a person
	// is asked.
	PassphraseCommand string
}

// String is the way as ssh takes it, without the jump hosts.
func (s SSH) String() string { return fmt.Sprintf("%s@%s:%d", s.User, s.Address, s.Port) }

// OSUser is who runs the commands on the host, and whom the server sees behind its unix socket.
func (s SSH) OSUser() string {
	if s.Sudo {
		return "root"
	}
	return s.User
}

// MySQL is how the server is reached on its host.
type MySQL struct {
	Socket string // absolute path, or empty to find it
	Port   int
	Admin  string // account that replssl logs in with

	// Password is where the account's password is; the zero value: it has none, since the socket tells the server who asks.
	Password PasswordSource
}

// PasswordSource is a place on this machine that holds a password. At most one field is set.
type PasswordSource struct {
	File    string // its first line
	Env     string // name of an environment variable
	Command string // its output's first line; run by /bin/sh
}

// IsZero says that there is no password.
func (p PasswordSource) IsZero() bool { return p == PasswordSource{} }

// Account is the replication account.
type Account struct {
	User         string
	Require      Require
	PasswordFile string // local file with the password; empty: it is read where the receiver has it
}

// Require is what an account must present to log in.
type Require string

// The requirements, weakest first.
const (
	RequireSSL     Require = "ssl"     // any TLS connection
	RequireX509    Require = "x509"    // with a certificate of an authority that the server trusts
	RequireIssuer  Require = "issuer"  // with one of the authority that issued the replica's
	RequireSubject Require = "subject" // with one of the replica's own subject, by that authority
)

// Enforce says when TLS is required of the account.
type Enforce string

// The two orders.
const (
	EnforceLast  Enforce = "last"  // after every channel is proven
	EnforceFirst Enforce = "first" // before the channels are changed: the classic order of the runbooks
)

// Policy bounds how the cluster may be changed.
type Policy struct {
	Canary       int           // how many replicas go first, alone
	Parallel     int           // how many steps go at a time after that
	Unavailable  int           // how many replicas may have a thread paused at a time, at most; 0: as many as Parallel
	Failures     int           // after so many failed steps no further one begins
	Pause        time.Duration // between two waves of replicas
	Enforce      Enforce
	AllowRestart bool
	MaxLag       time.Duration // a replica further behind is not touched
}

// Primary is the server at the top.
func (c Cluster) Primary() Server { return c.Servers[0] }

// Replicas are all servers but the primary, in order.
func (c Cluster) Replicas() []Server { return c.Servers[1:] }

// Server finds a server by name.
func (c Cluster) Server(name ServerName) (Server, bool) {
	for i := range c.Servers {
		if c.Servers[i].Name == name {
			return c.Servers[i], true
		}
	}
	return Server{}, false
}

// IsSource says that some server replicates from the named one.
func (c Cluster) IsSource(name ServerName) bool {
	for i := range c.Servers {
		if c.Servers[i].Source == name && c.Servers[i].Name != name {
			return true
		}
	}
	return false
}

// ReplicasOf are the servers that replicate from the named one.
func (c Cluster) ReplicasOf(name ServerName) []Server {
	var found []Server
	for _, s := range c.Servers {
		if s.Source == name && s.Name != name {
			found = append(found, s)
		}
	}
	return found
}

// Sources are the servers that others replicate from, the primary first.
func (c Cluster) Sources() []Server {
	var found []Server
	for _, s := range c.Servers {
		if c.IsSource(s.Name) {
			found = append(found, s)
		}
	}
	return found
}

// CommonName is what a server's certificate is called: the address by which the inventory knows it, where that is no other server's too, since
// the names of certificates must differ. Receivers up to MySQL 5.7 look at nothing else.
func (c Cluster) CommonName(server Server) string {
	same := slices.ContainsFunc(c.Servers, func(other Server) bool { return other.Name != server.Name && other.Address == server.Address })
	if same {
		return string(server.Name)
	}
	return server.Address
}
