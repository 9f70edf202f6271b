package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// doings are what a plan would do, in a few words, by the server or channel that it is done to.
type doings struct {
	servers  map[topology.ServerName][]string
	channels map[facts.ChannelID][]string
}

// reconnects is what is said of a channel whose receiver is stopped and started; one that changes to TLS does so anyway.
const (
	reconnects     = "reconnect"
	changes        = "change to TLS"
	changesOptions = "change TLS options"
)

// onEncrypted is what is said of a channel that is seen to be encrypted: it has no change to TLS before it.
func onEncrypted(words []string) []string {
	words = slices.Clone(words)
	for i, word := range words {
		if word == changes {
			words[i] = changesOptions
		}
	}
	return words
}

func doingsOf(p Plan) doings {
	d := doings{servers: map[topology.ServerName][]string{}, channels: map[facts.ChannelID][]string{}}
	for _, s := range p.Steps {
		d.add(s)
	}
	for id, words := range d.channels {
		if slices.Contains(words, changes) {
			d.channels[id] = slices.DeleteFunc(words, func(word string) bool { return word == reconnects })
		}
	}
	return d
}

func (d doings) add(s Step) {
	stopped := map[facts.ChannelID]bool{}
	for _, action := range s.Actions {
		switch a := action.(type) {
		case CreateAuthority, PrepareAuthority, PromoteAuthority, RetireAuthority, ForgetAuthority: // on the operator's machine, and of no server
		case IssueLeaf:
			d.server(a.Leaf.Server, "new certificate")
		case InstallSet:
			d.server(a.Server, "new certificate")
		case TrustSet:
			d.server(a.Server, "new authorities")
		case SwitchSet:
			d.server(a.Server, "new certificate")
		case UnswitchSet:
			d.server(a.Server, "no certificate")
		case RepairSet:
			d.server(a.Server, "owner and modes of the certificate")
		case PruneSets:
			d.server(a.Server, "remove old certificates")
		case Persist:
			d.server(a.Server, "new settings")
		case Unpersist:
			d.server(a.Server, "no settings")
		case WriteConfig:
			d.server(a.Server, "new settings")
		case RemoveConfig:
			d.server(a.Server, "no settings")
		case Restart:
			d.server(a.Server, "restart")
		case ReloadTLS:
			d.server(a.Server, "reload certificate")
		case Require:
			for _, row := range a.Rows {
				d.server(a.Server, requireWords(row))
			}
		case StopThreads:
			stopped[a.Channel] = true
		case StartThreads:
			d.channel(a.Channel, startWords(a, stopped[a.Channel]))
		case ChangeTLS:
			d.channel(a.Channel, changeWords(a))
		}
	}
}

func requireWords(row facts.RowChange) string {
	switch {
	case row.Wanted.Kind == facts.RequireNone:
		return "no longer require TLS"
	case !row.Raises():
		return "require less"
	case row.Wanted.Subject != "":
		return "require a subject"
	case row.Wanted.Issuer != "":
		return "require an issuer"
	case row.Wanted.Kind == facts.RequireX509:
		return "require a certificate"
	}
	return "require TLS"
}

func startWords(a StartThreads, stopped bool) string {
	if stopped {
		return reconnects
	}
	return "start " + threadNames(a.Threads)
}

func changeWords(a ChangeTLS) string {
	if !a.Options.Enabled {
		return "change to plaintext"
	}
	return changes
}

func (d doings) server(name topology.ServerName, word string) {
	if !slices.Contains(d.servers[name], word) {
		d.servers[name] = append(d.servers[name], word)
	}
}

func (d doings) channel(id facts.ChannelID, word string) {
	if !slices.Contains(d.channels[id], word) {
		d.channels[id] = append(d.channels[id], word)
	}
}

// hindrance is why a plan does nothing to a server: what blocks there or on the operator's machine, else where something blocks. It is
// empty for a plan that is not blocked.
func hindrance(p Plan, server topology.ServerName) string {
	var others []topology.ServerName
	for _, b := range p.Blocked {
		if b.Target == server || b.Target == Here {
			return "blocked: " + strings.TrimPrefix(b.Why, string(server)+": ")
		}
		if !slices.Contains(others, b.Target) {
			others = append(others, b.Target)
		}
	}
	switch len(others) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("blocked by %s", others[0])
	}
	return fmt.Sprintf("blocked by %s and %d more", others[0], len(others)-1)
}
