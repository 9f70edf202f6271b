// Package facts is the observed state of a cluster, three-valued: known, absent, or unknown with the reason.
//
// It holds no secret: private keys appear as digests, passwords only as the fact that they can be had.
package facts

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/topology"
)

// Facts is what one observation saw. Parts that it was not asked for are unknown.
type Facts struct {
	At      time.Time // the operator's clock
	Servers map[topology.ServerName]Server
	Store   Value[Store]
	Marks   Marks
}

// Server finds what was seen of a server; of one that was not looked at, everything is unknown.
func (f Facts) Server(name topology.ServerName) Server { return f.Servers[name] }

// Channel finds a channel. It is absent when its server was looked at and has none of that name.
func (f Facts) Channel(id ChannelID) Value[Channel] {
	channels, ok := f.Server(id.Server).Channels.Get()
	if !ok {
		return As[Channel](f.Server(id.Server).Channels)
	}
	for _, c := range channels {
		if c.Name == id.Name {
			return Known(c)
		}
	}
	return Absent[Channel]()
}

// Server is what was seen of one server and its host.
type Server struct {
	Instance    Value[Instance]
	Process     Value[Process]
	Clock       Value[time.Duration] // how far the host's clock is ahead of the operator's, as a lower bound of its distance; comes with Process
	Service     Value[Service]       // by which its host restarts it
	Grants      Value[Grants]        // what the account that the tool is logged in with may do
	Channels    Value[[]Channel]
	DumpThreads Value[[]DumpThread]
	Sessions    Value[[]Session]
	Accounts    Value[[]AccountRow] // rows of the replication account's user name
	Anonymous   Value[[]AccountRow] // rows without a user name, which a login of any name may match
	Position    Value[Position]     // end of its own binary log
	SemiSync    Value[SemiSync]     // absent where replication is not acknowledged by anybody
	Binlogs     Value[[]string]     // the binary logs that it still holds, oldest first
	ServedTLS   Value[ServedTLS]    // by a handshake; absent when the server offers no TLS
	Settings    Value[TLSSettings]  // the TLS variables of the running server

	// Variables are all TLS variables of the running server by name, and where it has each from; they come with Settings.
	Variables Value[map[string]Variable]

	// Named are the certificate files that the next start would read and that stand outside of the TLS dir, by path; they come with Config.
	Named Value[map[string]Named]

	// Used are the certificate files that the server's channels name, by path as the channel has it: of those whose receiver has an error, since
	// nobody asks for the files of a channel that is connected.
	Used Value[map[string]Named]

	RunTime     Value[[]string] // settings made at run time, which a restart would lose: name=value
	Kept        Value[Kept]     // part of PartSettings; absent for a server that persists nothing
	Config      Value[Config]
	Confined    Value[Confined] // comes with PartProcess and PartFiles together; absent: no security module enforces a profile on the server
	ConfigCheck Value[Check]    // the server's own judgement of its configuration files
	TLSDir      Value[TLSDir]
	Logins      Value[map[string]KeptLogin] // by channel name, what the server keeps of its receivers' logins; absent where it forgets none. They come with Password.
	Password    Value[Source]               // where the replication account's password can be had; never the password
	Trials      map[string]Value[Trial]     // by channel name: a login over TLS with the files that stand on the host
	Plaintext   map[string]Value[Attempt]   // by channel name: a login without TLS from this host
}

// Instance is the server as it describes itself.
type Instance struct {
	Version    Version
	ServerID   uint32
	Hostname   string
	Port       int
	Socket     string
	DataDir    string
	PidFile    string
	ReadOnly   bool
	Frozen     bool // super_read_only: nobody may write, whatever they may do elsewhere
	LogBin     bool
	BinlogDB   bool   // binlog_do_db or binlog_ignore_db is set
	Admin      string // the account that the tool is logged in with: user@host
	PerfSchema bool

	// TLSLibrary is the library that the server is built with, and its version: "WolfSSL 5.7.6"; empty on MySQL, which does not tell.
	TLSLibrary string

	// LoginsInTable says that receivers have their logins in mysql.slave_master_info, and not in files of the data folder.
	LoginsInTable bool

	// Group is the name of the group whose member the server is set up to be, empty for none: of Group Replication on MySQL, of a Galera cluster on
	// MariaDB.
	Group string

	// Members is how many a Galera cluster has that this server is in; 0 elsewhere.
	Members int
}

// SemiSync is replication that is acknowledged: a source lets a commit wait until replicas have it.
type SemiSync struct {
	Waits   bool // commits wait, and have not given that up
	Needs   int  // acknowledgements of each
	Clients int  // receivers that acknowledge
	Timeout time.Duration

	Acknowledges bool // as a replica: its receiver does
}

// Flavour is the family of a server.
type Flavour string

// The families.
const (
	MariaDB Flavour = "MariaDB"
	MySQL   Flavour = "MySQL"
	Percona Flavour = "Percona Server"
)

// Version is a server's version as numbers.
type Version struct {
	Flavour             Flavour
	Major, Minor, Patch int
	Text                string // as the server gives it
}

// Process is the server's process on its host.
type Process struct {
	PID          int
	OSUser       string
	DefaultsFile string   // of its command line; empty when it has none
	Start        StartID  // changes with every start of the server
	Sockets      []Socket // its established TCP connections
}

// Service is a server as the service manager of its host knows it. It was found from the running process, so that a restart of the service
// is one of this server.
type Service struct {
	Manager Manager
	Name    string // of the unit, as systemd has it: mysqld@my\x2ddb.service; of the script: mysql
}

// Manager is what starts and stops the services of a host.
type Manager string

// The managers.
const (
	Systemd Manager = "systemd"
	SysV    Manager = "init script" // in /etc/init.d
)

// StartID tells one start of a server from another.
type StartID string

// Socket is an established TCP connection.
type Socket struct{ Local, Remote netip.AddrPort }

// KeptLogin is what a server keeps of a receiver's login, by which it logs in when it is started without another.
type KeptLogin struct {
	User     string
	Password bool // there is one

	// Moves says that the receiver goes to another source of a list when its own fails (SOURCE_CONNECTION_AUTO_FAILOVER).
	Moves bool
}

// ChannelID names a channel in the cluster.
type ChannelID struct {
	Server topology.ServerName
	Name   string // empty for the default channel
}

func (id ChannelID) String() string {
	if id.Name == "" {
		return string(id.Server)
	}
	return string(id.Server) + "/" + id.Name
}

// ThreadState is the state of a replication thread in the words of the server.
type ThreadState string

// The states.
const (
	Yes        ThreadState = "Yes"
	No         ThreadState = "No"
	Connecting ThreadState = "Connecting"
	Preparing  ThreadState = "Preparing"
)

// Runs says that the thread was started and has not ended, connected or not.
func (s ThreadState) Runs() bool { return s == Yes || s == Connecting || s == Preparing }

// Threads says which threads of a channel run.
type Threads struct {
	Receiver bool
	Applier  bool
}

// Channel is one replication channel as its replica shows it.
type Channel struct {
	Name           string
	SourceHost     string // the literal string of the channel, which is what the certificate must carry
	SourcePort     int
	SourceUser     string
	SourceServerID uint32 // 0 until it has connected once
	Receiver       ThreadState
	Applier        ThreadState
	ReceiverError  ThreadError
	ApplierError   ThreadError
	GaveUp         int // after so many tries to connect the receiver stopped by itself; 0: it did not, or the server does not tell
	TLS            TLSOptions
	Read           Position // of the source's binary log: received
	Exec           Position // of the source's binary log: applied
	Lag            Value[time.Duration]
	Delay          time.Duration // asked for, as by MASTER_DELAY
	Filtered       bool          // some replication filter is set
	Until          bool          // an UNTIL condition is pending, which a restart of the threads would lose
	Heartbeat      string        // seconds of its period as the server prints them; empty where it shows none, or keeps it by itself
	GTID           string        // the GTID mode as the server words it
}

// MayLeadTo says that the channel knows its source by the server's port, and by its id once it has connected. It is no proof: servers that
// nobody configured share the id 1.
func (c Channel) MayLeadTo(server Instance) bool {
	return c.SourcePort == server.Port && (c.SourceServerID == 0 || c.SourceServerID == server.ServerID)
}

// LeadsTo says that the channel may lead to the server and calls it by one of its names, or by what its host calls itself.
func (c Channel) LeadsTo(server Instance, names ...string) bool {
	if !strings.HasPrefix(server.Hostname, "localhost") { // which every host may call itself
		names = append(slices.Clone(names), server.Hostname)
	}
	return c.MayLeadTo(server) && slices.ContainsFunc(names, func(name string) bool { return name != "" && strings.EqualFold(name, c.SourceHost) })
}

// Threads says which threads of the channel run.
func (c Channel) Threads() Threads {
	return Threads{Receiver: c.Receiver.Runs(), Applier: c.Applier.Runs()}
}

// ThreadError is the last error of a thread; the zero value is none.
type ThreadError struct {
	Number int
	Text   string
}

// TLSOptions are all TLS options of a channel.
type TLSOptions struct {
	Enabled        bool
	CA             string
	CAPath         string
	Cert           string
	Key            string
	Cipher         string
	CRL            string
	CRLPath        string
	VerifyIdentity bool
}

// DumpThread is the primary's side of a receiver.
type DumpThread struct {
	ID        uint64 // connection id: grows with every login since the server's start
	User      string
	Host      string // the peer as the server prints it: host:port
	Transport Value[Transport]
}

// Transport is how a session is carried, in the server's own view.
type Transport struct {
	Encrypted bool
	Version   Value[string] // TLS version
	Cipher    Value[string]
}

// Session is a connection to a server, other than a dump thread.
type Session struct {
	ID   uint64
	User string
	Host string
}

// AccountRow is one row of the account tables, as SHOW CREATE USER tells it.
type AccountRow struct {
	User    string
	Host    string
	Require Requirement
	Plugin  string // by which it alone logs in, in lower case; empty where it was not told, or is one of several
}

func (r AccountRow) String() string { return r.User + "@" + r.Host }

// Marks are what only the journal can tell.
type Marks struct {
	// Threads are the thread states found before the first action of an unfinished step: a stopped thread cannot tell who
	// stopped it.
	Threads map[ChannelID]Threads

	// Requirements are, by server, the youngest session that set the requirement there.
	Requirements map[topology.ServerName]RequirementMark

	// Raised are, by server, the rows of which a run that did not end well has begun to demand more.
	Raised map[topology.ServerName]Raise

	// Read are, by server, the digest of the set that was in use when it last read its files by an action of ours. A later start of the server
	// has read what was in use then.
	Read map[topology.ServerName]string

	// Paths are, by server, the TLS files that it read and persisted before a run that did not end well let it persist others.
	Paths map[topology.ServerName]FormerPaths

	// Starts are the servers of which a run that did not end well has changed what their next start reads, or has begun a restart.
	Starts map[topology.ServerName]StartMark

	// Renewing is when a renewal of certificates began that has not ended well; zero: there is none.
	Renewing time.Time

	// Succeeding is the phase of a change of the authority that was begun and has not ended well; 0: there is none.
	Succeeding int
}

// StartMark is what was begun with the start of a server.
type StartMark struct {
	File    string    // our option file, as far as it was ever written by an action of ours
	Command string    // that starts the server; empty where no restart was begun
	Since   time.Time // zero: in this run
}

// FormerPaths are the TLS files of a server: those that it read, and those of them that it persisted.
type FormerPaths struct{ Read, Kept TLSSettings }

// Raise is that rows were made to demand more: since when, and what each demanded before.
type Raise struct {
	RequirementMark

	Former map[string]Requirement // by the host of the row
}

// RequirementMark dates a requirement by a connection: every login with a greater id, or after another start, met it.
type RequirementMark struct {
	Connection uint64
	Start      StartID

	// Provisional: the run died before it could date it by a connection that came after it, so that a greater id tells nothing.
	Provisional bool
}
