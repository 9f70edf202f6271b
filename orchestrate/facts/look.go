package facts

import (
	"slices"

	"github.com/replssl/replssl/orchestrate/topology"
)

// Part is a portion of a server's facts that can be looked at on its own.
type Part uint

// The parts. Each names the fields of [Server] that it brings.
const (
	PartInstance  Part = 1 << iota // Instance
	PartProcess                    // Process, Clock
	PartChannels                   // Channels
	PartSessions                   // DumpThreads, Sessions
	PartAccounts                   // Accounts, Anonymous
	PartPosition                   // Position, Binlogs
	PartServed                     // ServedTLS
	PartSettings                   // Settings, RunTime
	PartConfig                     // Config
	PartCheck                      // ConfigCheck
	PartService                    // Service
	PartFiles                      // TLSDir
	PartPassword                   // Password, Logins
	PartGrants                     // Grants
	PartUsed                       // Used, of channels whose receiver has an error
	PartTrial                      // Trials, of every channel: one login each
	PartPlaintext                  // Plaintext, of every channel: one refused login each
)

// PartsQuiet are all parts that can be had without a login as the replication account.
const PartsQuiet = PartInstance | PartProcess | PartChannels | PartSessions | PartAccounts | PartPosition | PartServed |
	PartSettings | PartConfig | PartCheck | PartService | PartFiles | PartPassword | PartGrants | PartUsed

// Has says that every one of the parts is in p.
func (p Part) Has(parts Part) bool { return p&parts == parts }

// Look is a request: which parts of which servers. The marks are always looked at; see [Look.Store].
type Look map[topology.ServerName]Part

// Store says that the local folder of certificates is looked at: with the files of any server, which it vouches for, and by a look at
// nothing else.
func (l Look) Store() bool {
	for _, parts := range l {
		if parts.Has(PartFiles) {
			return true
		}
	}
	return len(l) == 0
}

// Add widens the look.
func (l Look) Add(name topology.ServerName, parts Part) { l[name] |= parts }

// Merge widens the look by another.
func (l Look) Merge(other Look) {
	for name, parts := range other {
		l.Add(name, parts)
	}
}

// Has says that the look brings whatever the other would.
func (l Look) Has(other Look) bool {
	for name, parts := range other {
		if !l[name].Has(parts) {
			return false
		}
	}
	return !other.Store() || l.Store()
}

// Names are the servers of the look, sorted.
func (l Look) Names() []topology.ServerName {
	names := make([]topology.ServerName, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
