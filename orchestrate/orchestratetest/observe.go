package orchestratetest

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

type lag = time.Duration

// Everything is a look at all that can be seen without a login as the account.
func Everything(c topology.Cluster) facts.Look {
	look := facts.Look{}
	for _, s := range c.Servers {
		look.Add(s.Name, facts.PartsQuiet)
	}
	return look
}

// Facts is everything that can be seen, logins of the account included.
func (w *World) Facts() facts.Facts { return w.see(w.everything()) }

func (w *World) everything() facts.Look {
	look := Everything(w.cluster)
	for _, s := range w.cluster.Servers {
		look.Add(s.Name, facts.PartTrial|facts.PartPlaintext)
	}
	return look
}

// Observe yields exactly the parts that the look asks for.
func (w *World) Observe(_ context.Context, look facts.Look) facts.Facts { return w.see(look) }

func (w *World) see(look facts.Look) facts.Facts {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := facts.Facts{At: w.now, Servers: map[topology.ServerName]facts.Server{}}
	if look.Store() {
		f.Store = facts.Known(w.store())
	}
	for _, name := range look.Names() {
		s := w.servers[name]
		if why := s.unanswered(); why != "" {
			f.Servers[name] = unreachable(why)
			continue
		}
		f.Servers[name] = w.look(s, look[name])
	}
	return f
}

func unreachable(why string) facts.Server {
	return facts.Server{Instance: facts.Unknown[facts.Instance](why), Process: facts.Unknown[facts.Process](why)}
}

func (w *World) look(s *server, parts facts.Part) facts.Server {
	var seen facts.Server
	put(parts, facts.PartInstance, &seen.Instance, s.instance)
	put(parts, facts.PartProcess, &seen.Process, facts.Process{
		PID: 100 + s.start, OSUser: "mysql", DefaultsFile: s.config.DefaultsFile, Start: s.startID(), Sockets: w.sockets(s),
	})
	put(parts, facts.PartProcess, &seen.Clock, 0)
	if parts.Has(facts.PartService) {
		seen.Service = s.service
	}
	if parts.Has(facts.PartGrants) {
		seen.Grants = s.grants
	}
	put(parts, facts.PartUsed, &seen.Used, map[string]facts.Named{})
	put(parts, facts.PartChannels, &seen.Channels, s.channelList())
	put(parts, facts.PartSessions, &seen.DumpThreads, s.dumpList())
	put(parts, facts.PartSessions, &seen.Sessions, slices.Clone(s.sessions))
	put(parts, facts.PartAccounts, &seen.Accounts, slices.Clone(s.rows))
	put(parts, facts.PartAccounts, &seen.Anonymous, slices.Clone(s.anonymous))
	put(parts, facts.PartPosition, &seen.Position, s.position)
	put(parts, facts.PartPosition, &seen.Binlogs, []string{s.position.File})
	if parts.Has(facts.PartSemiSync) {
		seen.SemiSync = s.acknowledged()
	}
	put(parts, facts.PartSettings, &seen.Settings, s.settings())
	put(parts, facts.PartSettings, &seen.Variables, w.variables(s))
	put(parts, facts.PartSettings, &seen.RunTime, []string{})
	if parts.Has(facts.PartSettings) {
		seen.Kept = s.kept
	}
	put(parts, facts.PartConfig, &seen.Config, s.withKept(w.configOf(s)))
	put(parts, facts.PartConfig, &seen.Named, map[string]facts.Named{})
	put(parts, facts.PartCheck, &seen.ConfigCheck, facts.Check{OK: true})
	put(parts, facts.PartFiles, &seen.TLSDir, s.tlsDir())
	if parts.Has(facts.PartServed) {
		seen.ServedTLS = facts.Absent[facts.ServedTLS]()
		if s.served != "" {
			seen.ServedTLS = facts.Known(facts.ServedTLS{Chain: s.served, Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256"})
		}
	}
	w.lookForLogins(s, parts, &seen)
	return seen
}

func (s *server) acknowledged() facts.Value[facts.SemiSync] {
	semi, ok := s.semiSync.Get()
	if !ok {
		return s.semiSync
	}
	connected := false
	for _, c := range s.channels {
		connected = connected || c.Receiver == facts.Yes
	}
	semi.Acknowledges = semi.Acknowledges && connected
	return facts.Known(semi)
}

func put[T any](asked, part facts.Part, field *facts.Value[T], value T) {
	if asked.Has(part) {
		*field = facts.Known(value)
	}
}

func (w *World) lookForLogins(s *server, parts facts.Part, seen *facts.Server) {
	if parts.Has(facts.PartPassword) {
		seen.Password = facts.Unknown[facts.Source]("master.info may not be read")
		if s.password {
			seen.Password = facts.Known(facts.Source("the receiver's own settings"))
		}
		seen.Logins = s.logins()
	}
	seen.Trials, seen.Plaintext = map[string]facts.Value[facts.Trial]{}, map[string]facts.Value[facts.Attempt]{}
	for name, c := range s.channels {
		if parts.Has(facts.PartTrial) {
			seen.Trials[name] = w.trial(s, c)
		}
		if parts.Has(facts.PartPlaintext) {
			seen.Plaintext[name] = w.plainLogin(s, c)
		}
	}
}

// logins are what the server keeps of those of its receivers.
func (s *server) logins() facts.Value[map[string]facts.KeptLogin] {
	if s.instance.Version.Flavour == facts.MariaDB {
		return facts.Absent[map[string]facts.KeptLogin]()
	}
	kept := map[string]facts.KeptLogin{}
	for name, c := range s.channels {
		kept[name] = facts.KeptLogin{User: c.SourceUser, Password: true}
		if c.startedWith {
			kept[name] = facts.KeptLogin{}
		}
	}
	return facts.Known(kept)
}

func (w *World) trial(s *server, c *channel) facts.Value[facts.Trial] {
	if !s.password {
		return facts.Unknown[facts.Trial]("the password of the account is not known")
	}
	secured := *c
	if _, used := s.dir.CurrentSet(); used || !c.TLS.Enabled { // without a set of ours it is tried with the files of the channel
		secured.TLS = facts.TLSOptions{Enabled: true, VerifyIdentity: true, CA: w.dirOf(s) + "/current/ca.pem", Cert: w.dirOf(s) + "/current/cert.pem"}
	}
	_, _, failure := w.login(s, &secured)
	shows := certificate{}
	if source := w.servers[w.hosts[c.SourceHost]]; source != nil {
		shows = w.presented(s, &secured, source)
	}
	return facts.Known(facts.Trial{Attempt: attempt(failure), Issuer: shows.issuer, Subject: shows.subject, Presented: shows.serial})
}

func (w *World) plainLogin(s *server, c *channel) facts.Value[facts.Attempt] {
	if !s.password {
		return facts.Unknown[facts.Attempt]("the password of the account is not known")
	}
	plain := *c
	plain.TLS = facts.TLSOptions{}
	_, _, failure := w.login(s, &plain)
	return facts.Known(attempt(failure))
}

func attempt(failure facts.ThreadError) facts.Attempt {
	return facts.Attempt{OK: failure.Number == 0, Errno: failure.Number, Text: failure.Text}
}

func (w *World) sockets(s *server) []facts.Socket {
	var sockets []facts.Socket
	for _, name := range slices.Sorted(maps.Keys(s.channels)) {
		c := s.channels[name]
		source := w.servers[w.hosts[c.SourceHost]]
		if c.port == 0 || source == nil {
			continue
		}
		sockets = append(sockets, facts.Socket{
			Local:  netip.AddrPortFrom(addressOf(s), c.port),
			Remote: netip.AddrPortFrom(addressOf(source), uint16(c.SourcePort)),
		})
	}
	return sockets
}

func addressOf(s *server) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, 0, byte(s.instance.ServerID)})
}

func (s *server) channelList() []facts.Channel {
	channels := []facts.Channel{}
	for _, name := range slices.Sorted(maps.Keys(s.channels)) {
		channels = append(channels, s.channels[name].Channel)
	}
	return channels
}

func (s *server) dumpList() []facts.DumpThread {
	threads := make([]facts.DumpThread, len(s.dumps))
	for i, d := range s.dumps {
		threads[i] = d.DumpThread
	}
	return threads
}

func (s *server) tlsDir() facts.TLSDir {
	dir := s.dir
	dir.Sets = maps.Clone(s.dir.Sets)
	return dir
}

func (w *World) store() facts.Store {
	store := facts.Store{CA: facts.Absent[string](), Leaves: map[topology.ServerName]map[int]facts.Leaf{}, Given: maps.Clone(w.own.sets)}
	if w.noStore || w.authority == nil {
		return store
	}
	store.CA, store.Issuer = facts.Known(w.bundleHere()), string(pki.EncodeCert(w.authority.Cert))
	if w.next != nil {
		store.Next = string(pki.EncodeCert(w.next.Cert))
	}
	if w.former != nil {
		store.Former = string(pki.EncodeCert(w.former.Cert))
	}
	for name, versions := range w.leaves {
		store.Leaves[name] = map[int]facts.Leaf{}
		for version, l := range versions {
			store.Leaves[name][version] = facts.Leaf{CA: l.ca, Cert: l.cert, KeyDigest: l.key, KeyPublic: l.public}
		}
	}
	return store
}
