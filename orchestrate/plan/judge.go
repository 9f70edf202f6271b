package plan

import (
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Demand is a condition that a secured cluster meets, however it came to be secured.
type Demand struct {
	Server    topology.ServerName
	Condition Condition
}

// Stopped are the threads of channels that somebody has stopped on purpose, and that are to stay so.
type Stopped map[facts.ChannelID]facts.Threads

// KeptStopped are the threads that were found stopped, where the operator says that this is on purpose. One that an error has stopped is not among
// them, nor one that a run has stopped which did not end well: it found it running.
func KeptStopped(c topology.Cluster, f facts.Facts, o Options) Stopped {
	kept := Stopped{}
	if !o.KeepStopped {
		return kept
	}
	links, _ := FindLinks(c, f)
	for _, l := range links {
		channel, _ := f.Channel(l.Channel).Get()
		found, marked := f.Marks.Threads[l.Channel]
		if !marked {
			found = facts.Threads{
				Receiver: channel.Receiver != facts.No || channel.ReceiverError.Number != 0,
				Applier:  channel.Applier != facts.No || channel.ApplierError.Number != 0,
			}
		}
		kept[l.Channel] = others(found)
	}
	return kept
}

// Demands are what a secured cluster meets: the account requires TLS on every server, those that are to serve TLS show a certificate that is
// good for it, and each channel is encrypted, runs, has reached
// the position that its source had when the look began, and its account is refused without TLS. A thread that is kept stopped is to be stopped.
func Demands(c topology.Cluster, links []Link, positions map[topology.ServerName]facts.Position, kept Stopped) []Demand {
	var demands []Demand
	for _, s := range c.TLSServers() {
		demands = append(demands, Demand{s.Name, ServesValid{Server: s.Name}}, Demand{s.Name, StartsAlike{Server: s.Name, Cert: currentFile(s, "cert.pem")}},
			Demand{s.Name, SetReads{Server: s.Name, Cert: currentFile(s, "cert.pem")}})
	}
	for _, l := range links {
		server, stopped := l.Channel.Server, kept[l.Channel]
		demands = append(demands, Demand{server, Encrypted{Link: l, Stopped: stopped.Receiver}}, Demand{server, Running{Link: l, Stopped: stopped}})
		if position, ok := positions[l.Source]; ok {
			demands = append(demands, Demand{server, Reached{Link: l, Position: position, Stopped: stopped}})
		}
		demands = append(demands, Demand{server, PlaintextRefused{l}})
	}
	return demands
}

// demandsOnRows are that every row of the account demands at least what the inventory wants, of the certificates that the receivers present
// now. Where it cannot be told what that is, every row still has to require TLS, but for those of a replica where nobody may alter an account and
// nobody logs in: the plan tells of these.
func demandsOnRows(c topology.Cluster, f facts.Facts, links []Link) ([]Demand, []Blocked) {
	found, faults := level{cluster: c, facts: f, links: links, shows: shown(f)}.find()
	var demands []Demand
	for _, s := range c.Servers {
		if c.IsSource(s.Name) || !frozen(f, s.Name) {
			demands = append(demands, Demand{s.Name, found.goal(s.Name, c.Account.User, !c.IsSource(s.Name))})
		}
	}
	return demands, faults
}

// Report is the judgement of a cluster: schema 1.
type Report struct {
	Schema    int               `json:"schema"`
	OK        bool              `json:"ok"`
	Cluster   string            `json:"cluster"`
	Accounts  []AccountReport   `json:"accounts"`
	Plaintext []PlaintextReport `json:"plaintext_login"`
	Replicas  []ReplicaReport   `json:"replicas"`
	Problems  []Problem         `json:"problems"`
}

// AccountReport is an account row.
type AccountReport struct {
	Server  topology.ServerName `json:"server"`
	User    string              `json:"user"`
	Host    string              `json:"host"`
	Require string              `json:"require"`

	// Of a row that demands these, as the server compares them.
	Issuer  string `json:"issuer,omitempty"`
	Subject string `json:"subject,omitempty"`
	Cipher  string `json:"cipher,omitempty"`
}

// PlaintextReport is the outcome of a plaintext login from a replica's host.
type PlaintextReport struct {
	Server  topology.ServerName `json:"server"`
	Account string              `json:"account"`
	Result  PlaintextResult     `json:"result"`
	Why     string              `json:"why"`
}

// ReplicaReport is the state of a channel. What is not known is null, with the reason in Why.
type ReplicaReport struct {
	Server     topology.ServerName  `json:"server"`
	Channel    string               `json:"channel"`
	Encrypted  bool                 `json:"encrypted"`
	Proof      Level                `json:"proof"`
	Verified   dialect.Verified     `json:"verified"`
	TLSVersion facts.Value[string]  `json:"tls_version"`
	Cipher     facts.Value[string]  `json:"cipher"`
	Why        string               `json:"why"`
	Receiver   facts.ThreadState    `json:"receiver"`
	Applier    facts.ThreadState    `json:"applier"`
	Lag        facts.Value[float64] `json:"lag_seconds"`
}

// Problem is a demand that is not met, or that nothing can tell of.
type Problem struct {
	Server topology.ServerName `json:"server"`
	Why    string              `json:"why"`
	Hint   string              `json:"hint,omitempty"`
	Known  bool                `json:"known"` // false: it could not be looked at
}

// Judge holds the demands against the facts. The positions are those of the sources when the look began; what is kept stopped is as it should be.
func Judge(c topology.Cluster, f facts.Facts, positions map[topology.ServerName]facts.Position, kept Stopped) Report {
	links, blocked := FindLinks(c, f)
	r := Report{Schema: 1, Cluster: c.Name, Accounts: []AccountReport{}, Plaintext: []PlaintextReport{}, Replicas: []ReplicaReport{}, Problems: []Problem{}}
	for _, b := range blocked {
		r.Problems = append(r.Problems, b.problem())
		r.Plaintext = append(r.Plaintext, PlaintextReport{Server: b.Target, Account: c.Account.User, Result: Untold, Why: b.Why})
		r.Replicas = append(r.Replicas, unseenReplica(b))
	}
	account, faults := demandsOnRows(c, f, links)
	for _, fault := range faults {
		r.Problems = append(r.Problems, fault.problem())
	}
	for _, d := range append(account, Demands(c, links, positions, kept)...) {
		if v := d.Condition.Holds(f); !v.Holds() {
			r.Problems = append(r.Problems, Problem{Server: d.Server, Why: v.Why(), Hint: v.Hint(), Known: v.Fails()})
		}
	}
	for _, s := range c.Sources() {
		r.Accounts = append(r.Accounts, accountReports(s.Name, f)...)
		if _, ok := positions[s.Name]; !ok {
			position := f.Server(s.Name).Position
			r.Problems = append(r.Problems, Problem{Server: s.Name, Why: "its position is not known: " + position.Why(), Hint: position.Hint()})
		}
	}
	for _, l := range links {
		r.Plaintext = append(r.Plaintext, plaintextReports(f, l)...)
		r.Replicas = append(r.Replicas, replicaReport(f, l, kept[l.Channel]))
	}
	if len(links) > 0 && !slices.ContainsFunc(links, func(l Link) bool { return !kept[l.Channel].Receiver }) {
		r.Problems = append(r.Problems, Problem{
			Server: links[0].Source, Known: true, Why: "every receiver is kept stopped: no connection is there that could be proven",
			Hint: "start one of them, and verify again",
		})
	}
	r.OK = len(r.Problems) == 0 && len(links) > 0
	return r
}

func accountReports(server topology.ServerName, f facts.Facts) []AccountReport {
	var reports []AccountReport
	for _, row := range f.Server(server).Accounts.Or(nil) {
		r := row.Require
		reports = append(reports, AccountReport{
			Server: server, User: row.User, Host: row.Host, Require: string(r.Kind), Issuer: r.Issuer, Subject: r.Subject, Cipher: r.Cipher,
		})
	}
	return reports
}

func plaintextReports(f facts.Facts, l Link) []PlaintextReport {
	result, why := TryPlaintext(f, l)
	return []PlaintextReport{{Server: l.Channel.Server, Account: accountName(f, l), Result: result, Why: why}}
}

// accountName is the account's row when there is only one, else the user name alone: which of several rows a login matched, a
// refusal does not tell.
func accountName(f facts.Facts, l Link) string {
	rows := f.Server(l.Source).Accounts.Or(nil)
	if len(rows) == 1 {
		return rows[0].String()
	}
	return l.User
}

func replicaReport(f facts.Facts, l Link, stopped facts.Threads) ReplicaReport {
	proof := proofOf(f, l, stopped.Receiver)
	channel := f.Channel(l.Channel).Or(facts.Channel{})
	explained := proof.Explain()
	if why := why(channel.Lag); why != "" {
		explained += "; lag: " + why
	}
	return ReplicaReport{
		Server: l.Channel.Server, Channel: l.Channel.Name, Encrypted: proof.Encrypted(), Proof: proof.Level, Verified: proof.Verified,
		TLSVersion: proof.TLSVersion, Cipher: proof.Cipher, Why: explained, Receiver: channel.Receiver, Applier: channel.Applier,
		Lag: seconds(channel.Lag),
	}
}

// unseenReplica stands for a replica whose channel could not be told, so that no list is shorter than the inventory.
func unseenReplica(b Blocked) ReplicaReport {
	return ReplicaReport{
		Server: b.Target, Proof: None, Verified: dialect.VerifiesNothing, Why: b.Why, Receiver: unknownState, Applier: unknownState,
		TLSVersion: facts.Unknown[string](b.Why), Cipher: facts.Unknown[string](b.Why), Lag: facts.Unknown[float64](b.Why),
	}
}

// Unseen says that the channel itself could not be told, so that nothing of it is known.
func (r ReplicaReport) Unseen() bool { return r.Receiver == unknownState }

// unknownState stands where the server's word for a thread could not be had.
const unknownState facts.ThreadState = "unknown"

func seconds(lag facts.Value[time.Duration]) facts.Value[float64] {
	if d, ok := lag.Get(); ok {
		return facts.Known(d.Seconds())
	}
	return facts.As[float64](lag)
}
