package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// Here is the target of what is done on the operator's own machine.
const Here topology.ServerName = ""

// Action is one change of the world. The set is closed: whoever interprets actions (the one that carries them out, the in-memory
// world, the runbook) does it by an exhaustive switch over the types of this file.
//
// Its String is the only sentence about it.
type Action interface {
	fmt.Stringer
	Target() topology.ServerName
	kind() string
}

// Leaf is a certificate to be issued: one version of a server's set.
type Leaf struct {
	Server  topology.ServerName
	Version int
	Names   []string // DNS names and IP addresses, exactly as peers use them

	CommonName string `json:",omitempty"` // what its replicas compare with the host, and nothing else; empty: none of them does that
}

// The actions.
type (
	// CreateAuthority makes the certificate authority of the cluster in the local folder.
	CreateAuthority struct {
		Cluster string
		Key     pki.KeyKind
	}

	// PrepareAuthority makes the authority that is to succeed the one in the local folder, which then holds both.
	PrepareAuthority struct {
		Cluster string
		Key     pki.KeyKind
	}

	// PromoteAuthority lets the authority that was prepared issue.
	PromoteAuthority struct{}

	// RetireAuthority takes the former authority out of the bundle of the local folder.
	RetireAuthority struct{}

	// ForgetAuthority removes the former authority's key.
	ForgetAuthority struct{}

	// IssueLeaf issues a leaf into the local folder.
	IssueLeaf struct {
		Leaf Leaf
		Key  pki.KeyKind

		// CommonName is what the subject is made of, by [pki.CommonName].
		CommonName string
	}

	// InstallSet lays a set down on a host, beside the version in use, which stays: the version of that number from the local folder or,
	// where Given is not empty, the server's own files, as long as they still have that digest ([facts.Leaf.Digest]).
	InstallSet struct {
		Server  topology.ServerName
		Dir     string
		Version int
		Owner   string // OS user of the server
		Given   string `json:",omitempty"`
	}

	// TrustSet lays a set down that has the certificate and the key of another on the host, and the authorities of the local folder,
	// beside the version in use, which stays.
	TrustSet struct {
		Server  topology.ServerName
		Dir     string
		Version int
		From    int
		Owner   string // OS user of the server
	}

	// RepairSet gives the files of an installed set back their owner and modes.
	RepairSet struct {
		Server  topology.ServerName
		Dir     string
		Version int
		Owner   string // OS user of the server
	}

	// PruneSets removes all installed sets of a server but these.
	PruneSets struct {
		Server topology.ServerName
		Dir    string
		Keep   []int // ascending; never empty
	}

	// SwitchSet makes an installed set the one in use, in one rename.
	SwitchSet struct {
		Server  topology.ServerName
		Dir     string
		Version int
	}

	// UnswitchSet takes the first set out of use again.
	UnswitchSet struct {
		Server topology.ServerName
		Dir    string
	}

	// WriteConfig writes our own option file.
	WriteConfig struct {
		Server topology.ServerName
		Path   string
		Text   string
	}

	// RemoveConfig removes our own option file.
	RemoveConfig struct {
		Server topology.ServerName
		Path   string
	}

	// Persist gives a running server the paths of its TLS files so that they outlive a restart. What it serves changes with the next
	// ReloadTLS.
	Persist struct {
		Server   topology.ServerName
		Settings facts.TLSSettings

		Former facts.FormerPaths // for the journal: nothing else tells them, once they are overwritten
	}

	// Unpersist gives the running server the former paths of its TLS files. Each that was persisted is so again, each other one no more.
	Unpersist struct {
		Server topology.ServerName
		Former facts.TLSSettings
		Kept   facts.TLSSettings // an empty path was not persisted
	}

	// Restart restarts a server by a shell command, and ends when the server answers.
	Restart struct {
		Server  topology.ServerName
		Command string

		// Unit is the unit of systemd that the command restarts; empty where it is not known to be one.
		Unit string `json:",omitempty"`
	}

	// ReloadTLS lets a server read its certificate files again.
	ReloadTLS struct{ Server topology.ServerName }

	// StopThreads stops threads of a channel.
	StopThreads struct {
		Channel facts.ChannelID
		Threads facts.Threads
	}

	// StartThreads starts threads of a channel.
	StartThreads struct {
		Channel facts.ChannelID
		Threads facts.Threads
	}

	// ChangeTLS sets all TLS options of a channel. Host, account and position cannot be expressed.
	ChangeTLS struct {
		Channel facts.ChannelID
		Options facts.TLSOptions

		Heartbeat string `json:",omitempty"` // the period that the channel keeps, as its server prints it
	}

	// Require sets what rows of an account must present. What a row demanded before is replaced as a whole.
	Require struct {
		Server topology.ServerName
		User   string
		Rows   []facts.RowChange
		Binlog bool // let the statement replicate
	}
)

// Target is the operator's own machine.
func (CreateAuthority) Target() topology.ServerName { return Here }

// Target is the operator's own machine.
func (PrepareAuthority) Target() topology.ServerName { return Here }

// Target is the operator's own machine.
func (PromoteAuthority) Target() topology.ServerName { return Here }

// Target is the operator's own machine.
func (RetireAuthority) Target() topology.ServerName { return Here }

// Target is the operator's own machine.
func (ForgetAuthority) Target() topology.ServerName { return Here }

// Target is the server whose host gets the set.
func (a TrustSet) Target() topology.ServerName { return a.Server }

// Target is the operator's own machine.
func (IssueLeaf) Target() topology.ServerName { return Here }

// Target is the server whose host gets the set.
func (a InstallSet) Target() topology.ServerName { return a.Server }

// Target is the server whose set is switched.
func (a SwitchSet) Target() topology.ServerName { return a.Server }

// Target is the server whose set is taken out of use.
func (a UnswitchSet) Target() topology.ServerName { return a.Server }

// Target is the server whose set is repaired.
func (a RepairSet) Target() topology.ServerName { return a.Server }

// Target is the server whose sets are pruned.
func (a PruneSets) Target() topology.ServerName { return a.Server }

// Target is the server whose settings are persisted.
func (a Persist) Target() topology.ServerName { return a.Server }

// Target is the server whose settings are persisted no more.
func (a Unpersist) Target() topology.ServerName { return a.Server }

// Target is the server that the file belongs to.
func (a WriteConfig) Target() topology.ServerName { return a.Server }

// Target is the server that the file belongs to.
func (a RemoveConfig) Target() topology.ServerName { return a.Server }

// Target is the server that restarts.
func (a Restart) Target() topology.ServerName { return a.Server }

// Target is the server that reloads.
func (a ReloadTLS) Target() topology.ServerName { return a.Server }

// Target is the replica.
func (a StopThreads) Target() topology.ServerName { return a.Channel.Server }

// Target is the replica.
func (a StartThreads) Target() topology.ServerName { return a.Channel.Server }

// Target is the replica.
func (a ChangeTLS) Target() topology.ServerName { return a.Channel.Server }

// Target is the server whose rows are altered.
func (a Require) Target() topology.ServerName { return a.Server }

func (CreateAuthority) kind() string  { return "create-authority" }
func (PrepareAuthority) kind() string { return "prepare-authority" }
func (PromoteAuthority) kind() string { return "promote-authority" }
func (RetireAuthority) kind() string  { return "retire-authority" }
func (ForgetAuthority) kind() string  { return "forget-authority" }
func (TrustSet) kind() string         { return "trust-set" }
func (IssueLeaf) kind() string        { return "issue-leaf" }
func (InstallSet) kind() string       { return "install-set" }
func (SwitchSet) kind() string        { return "switch-set" }
func (UnswitchSet) kind() string      { return "unswitch-set" }
func (RepairSet) kind() string        { return "repair-set" }
func (PruneSets) kind() string        { return "prune-sets" }
func (Persist) kind() string          { return "persist" }
func (Unpersist) kind() string        { return "unpersist" }
func (WriteConfig) kind() string      { return "write-config" }
func (RemoveConfig) kind() string     { return "remove-config" }
func (Restart) kind() string          { return "restart" }
func (ReloadTLS) kind() string        { return "reload-tls" }
func (StopThreads) kind() string      { return "stop-threads" }
func (StartThreads) kind() string     { return "start-threads" }
func (ChangeTLS) kind() string        { return "change-tls" }
func (Require) kind() string          { return "require" }

func (a CreateAuthority) String() string {
	return fmt.Sprintf("make the certificate authority of cluster %s with an %s key", a.Cluster, a.Key)
}

func (a PrepareAuthority) String() string {
	return fmt.Sprintf("make the next certificate authority of cluster %s with an %s key, beside the one that issues", a.Cluster, a.Key)
}

func (PromoteAuthority) String() string { return "let the next certificate authority issue" }

func (RetireAuthority) String() string {
	return "take the former certificate authority out of the local folder's bundle"
}

func (ForgetAuthority) String() string {
	return "remove the former certificate authority with its key"
}

func (a TrustSet) String() string {
	return fmt.Sprintf("make set %d of %s:%s of set %d, with the authorities of the local folder, owned by %s", a.Version, a.Server, a.Dir, a.From, a.Owner)
}

func (a IssueLeaf) String() string {
	names := strings.Join(a.Leaf.Names, ", ")
	return fmt.Sprintf("issue certificate %d of %s with an %s key for %s", a.Leaf.Version, a.Leaf.Server, a.Key, names)
}

func (a InstallSet) String() string {
	return fmt.Sprintf("copy certificate set %d to %s:%s/versions/%d, owned by %s", a.Version, a.Server, a.Dir, a.Version, a.Owner)
}

func (a SwitchSet) String() string {
	return fmt.Sprintf("point %s:%s/current at version %d", a.Server, a.Dir, a.Version)
}

func (a UnswitchSet) String() string {
	return fmt.Sprintf("remove the link %s:%s/current", a.Server, a.Dir)
}

func (a RepairSet) String() string {
	return fmt.Sprintf("give the files of %s:%s/versions/%d to %s, closed to others", a.Server, a.Dir, a.Version, a.Owner)
}

func (a PruneSets) String() string {
	return fmt.Sprintf("remove the certificate sets in %s:%s/versions other than %s", a.Server, a.Dir, numbers(a.Keep))
}

func (a Persist) String() string {
	return fmt.Sprintf("let %s persist the paths of its TLS files: %s", a.Server, a.Settings.Cert)
}

func (a Unpersist) String() string {
	if a.Kept != (facts.TLSSettings{}) {
		return fmt.Sprintf("let %s persist those paths of its TLS files that it persisted before: %s", a.Server, strings.Join(namesOfPaths(a.Kept), ", "))
	}
	return fmt.Sprintf("take the paths of the TLS files out of what %s persists", a.Server)
}

func (a WriteConfig) String() string {
	return fmt.Sprintf("write the TLS settings to %s:%s", a.Server, a.Path)
}

func (a RemoveConfig) String() string { return fmt.Sprintf("remove %s:%s", a.Server, a.Path) }

func (a Restart) String() string { return fmt.Sprintf("restart %s by %s", a.Server, a.Command) }

func (a ReloadTLS) String() string {
	return fmt.Sprintf("let %s read its certificate files again", a.Server)
}

func (a StopThreads) String() string {
	return fmt.Sprintf("stop the %s of %s", threadNames(a.Threads), a.Channel)
}

func (a StartThreads) String() string {
	return fmt.Sprintf("start the %s of %s", threadNames(a.Threads), a.Channel)
}

func (a ChangeTLS) String() string {
	if !a.Options.Enabled {
		return fmt.Sprintf("turn TLS off on channel %s", a.Channel)
	}
	check := "check the chain of"
	if a.Options.VerifyIdentity {
		check = "check the chain and the host name of"
	}
	return fmt.Sprintf("set all TLS options of channel %s: encrypt, and %s its source by %s", a.Channel, check, a.Options.CA)
}

func (a Require) String() string {
	where := "in " + string(a.Server) + " alone, not in its binary log"
	if a.Binlog {
		where = "in " + string(a.Server) + " and through its binary log"
	}
	return fmt.Sprintf("%s, %s", a.demands(), where)
}

// demands names what is demanded, once for all rows of which the same is.
func (a Require) demands() string {
	var words []string
	hosts := map[string][]string{}
	for _, row := range a.Rows {
		word := demandWords(row)
		if len(hosts[word]) == 0 {
			words = append(words, word)
		}
		hosts[word] = append(hosts[word], row.Host)
	}
	told := make([]string, len(words))
	for i, word := range words {
		told[i] = word + " of " + rowNames(a.User, hosts[word])
	}
	return strings.Join(told, "; ")
}

func demandWords(row facts.RowChange) string {
	switch {
	case row.Wanted.Kind == facts.RequireNone:
		return "no longer require TLS"
	case !row.Raises():
		return "require no more than " + inWords(row.Wanted)
	}
	return "require " + inWords(row.Wanted)
}

func inWords(r facts.Requirement) string {
	switch r.Kind {
	case facts.RequireSSL:
		return "TLS"
	case facts.RequireX509:
		return "TLS with a certificate"
	case facts.RequireNone, facts.RequireSpecified:
	}
	return "TLS with " + r.String()
}

// Raises says that no row lets a login in afterwards that it refused before. An action either raises all of its rows or takes that back.
func (a Require) Raises() bool {
	return len(a.Rows) > 0 && !slices.ContainsFunc(a.Rows, func(row facts.RowChange) bool { return !row.Raises() })
}

// KeepsTLS says that every row requires TLS before and after.
func (a Require) KeepsTLS() bool {
	return !slices.ContainsFunc(a.Rows, func(row facts.RowChange) bool { return !row.Former.TLS() || !row.Wanted.TLS() })
}

// Hosts are those of the rows.
func (a Require) Hosts() []string {
	hosts := make([]string, len(a.Rows))
	for i, row := range a.Rows {
		hosts[i] = row.Host
	}
	return hosts
}

// back takes the requirement back.
func (a Require) back() Require {
	rows := make([]facts.RowChange, len(a.Rows))
	for i, row := range a.Rows {
		rows[i] = row.Back()
	}
	a.Rows = rows
	return a
}

// Again is the command that starts the server also where systemd has given up: after StartLimitBurst starts in StartLimitIntervalSec it refuses
// every further one, until the count is reset (systemd.unit(5)).
func (a Restart) Again() string {
	if a.Unit == "" {
		return a.Command
	}
	return fmt.Sprintf("%s; %s", shell.Words("systemctl", "reset-failed", "--", a.Unit), a.Command)
}

func threadNames(t facts.Threads) string {
	switch {
	case t.Receiver && t.Applier:
		return "receiver and applier"
	case t.Receiver:
		return "receiver"
	case t.Applier:
		return "applier"
	}
	return "no thread"
}

func rowNames(user string, hosts []string) string {
	names := make([]string, len(hosts))
	for i, host := range hosts {
		names[i] = user + "@" + host
	}
	return strings.Join(names, ", ")
}

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, number := range list {
		words[i] = strconv.Itoa(number)
	}
	return strings.Join(words, ", ")
}
