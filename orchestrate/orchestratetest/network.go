package orchestratetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

const hidden = "performance_schema is OFF"

func (s *server) connection() uint64 {
	s.nextConn++
	return s.nextConn
}

// connect lets a receiver try to log in once, as it does when it is started.
func (w *World) connect(s *server, c *channel) {
	w.disconnect(s, c)
	c.GaveUp = 0
	source, encrypted, failure := w.login(s, c)
	if failure.Number != 0 {
		c.Receiver, c.ReceiverError = facts.Connecting, failure
		c.Lag = facts.Unknown[lag]("the receiver is not connected")
		return
	}
	s.nextPort++
	c.port = s.nextPort
	c.Receiver, c.ReceiverError, c.Lag = facts.Yes, facts.ThreadError{}, facts.Known(lag(0))
	c.Read, c.SourceServerID = source.position, source.instance.ServerID
	if c.Applier == facts.Yes {
		c.Exec = c.Read
	}
	thread := facts.DumpThread{
		ID: source.connection(), User: c.SourceUser, Host: fmt.Sprintf("10.0.0.%d:%d", s.instance.ServerID, c.port),
		Transport: facts.Unknown[facts.Transport](hidden),
	}
	if source.instance.PerfSchema {
		thread.Transport = facts.Known(facts.Transport{Encrypted: encrypted})
	}
	source.dumps = append(source.dumps, dump{DumpThread: thread, replica: s.name, channel: c.Name, encrypted: encrypted})
}

func (w *World) disconnect(s *server, c *channel) {
	for _, source := range w.servers {
		source.dumps = slices.DeleteFunc(source.dumps, func(d dump) bool { return d.replica == s.name && d.channel == c.Name })
	}
	c.port = 0
}

// login is what a receiver meets: network, TLS as its options ask for it, then the account.
func (w *World) login(s *server, c *channel) (*server, bool, facts.ThreadError) {
	source := w.servers[w.hosts[c.SourceHost]]
	if source == nil || source.unanswered() != "" {
		return nil, false, facts.ThreadError{Number: 2003, Text: "Can't connect to server on '" + c.SourceHost + "'"}
	}
	encrypted, failure := w.handshake(s, c, source)
	if failure.Number != 0 {
		return nil, false, failure
	}
	if failure := w.refusedBy(s, c, source); encrypted && failure.Number != 0 {
		return nil, false, failure
	}
	if !admitted(source.rows, clientOf(s, c), encrypted, w.presented(s, c, source)) {
		return nil, false, facts.ThreadError{Number: 1045, Text: fmt.Sprintf("Access denied for user '%s'", c.SourceUser)}
	}
	return source, encrypted, facts.ThreadError{}
}

func clientOf(s *server, _ *channel) dialect.Client { return dialect.Client{Address: addressOf(s)} }

// admitted judges a login by the row that fits it.
func admitted(rows []facts.AccountRow, from dialect.Client, encrypted bool, shows certificate) bool {
	row, ok := dialect.MatchRow(rows, from)
	if !ok {
		return false
	}
	switch r := row.Require; r.Kind {
	case facts.RequireNone:
		return true
	case facts.RequireSSL:
		return encrypted
	case facts.RequireX509:
		return encrypted && shows.subject != ""
	case facts.RequireSpecified:
		return encrypted && (r.Issuer == "" || r.Issuer == shows.issuer) && (r.Subject == "" || r.Subject == shows.subject)
	}
	return false
}

// certificate is what a login presents, in the one-line form; empty for none.
type certificate struct{ issuer, subject, serial string }

// presented is the certificate of the set in use, where the channel's options name it and the source trusts its authority.
func (w *World) presented(s *server, c *channel, source *server) certificate {
	set, used := s.dir.CurrentSet()
	if !used || c.TLS.Cert != w.dirOf(s)+"/current/cert.pem" || source.served == "" {
		return certificate{}
	}
	leaf, _, err := pki.ParseLeaf([]byte(set.Cert))
	if err != nil {
		return certificate{}
	}
	return certificate{issuer: pki.IssuerOneLine(leaf), subject: pki.SubjectOneLine(leaf), serial: fmt.Sprintf("%X", leaf.SerialNumber)}
}

// handshake: without VERIFY a MariaDB receiver goes on in plaintext where the source offers no TLS.
func (w *World) handshake(s *server, c *channel, source *server) (bool, facts.ThreadError) {
	switch {
	case !c.TLS.Enabled:
		return false, facts.ThreadError{}
	case source.served == "" && c.TLS.VerifyIdentity:
		return false, facts.ThreadError{Number: 2026, Text: "TLS/SSL error: SSL is required, but the server does not support it"}
	case source.served == "":
		return false, facts.ThreadError{}
	case !c.TLS.VerifyIdentity && c.TLS.CA == "":
		return true, facts.ThreadError{}
	}
	if err := w.verify(s, c, source); err != nil {
		return false, facts.ThreadError{Number: 2026, Text: "TLS/SSL error: " + err.Error()}
	}
	return true, facts.ThreadError{}
}

func (w *World) verify(s *server, c *channel, source *server) error {
	text, err := w.bundle(s, c.TLS.CA)
	if err != nil {
		return err
	}
	bundle, err := pki.ParseBundle([]byte(text))
	if err != nil {
		return err
	}
	chain, err := pki.ParseBundle([]byte(source.served))
	if err != nil {
		return err
	}
	host := c.SourceHost
	if !c.TLS.VerifyIdentity && len(chain) > 0 && len(chain[0].DNSNames) > 0 {
		host = chain[0].DNSNames[0] // any name will do
	}
	return pki.VerifyServed(chain, bundle, host, w.now)
}

func (w *World) stop(s *server, c *channel, threads facts.Threads) {
	if threads.Receiver {
		w.disconnect(s, c)
		w.forget(s, c)
		c.Receiver, c.Lag = facts.No, facts.Unknown[lag]("the receiver is not connected")
	}
	if threads.Applier {
		c.Applier = facts.No
	}
}

// forget loses the login that a receiver was started with.
func (w *World) forget(s *server, c *channel) {
	if c.startedWith {
		w.violate("the login of %s was lost", facts.ChannelID{Server: s.name, Name: c.Name})
		c.startedWith, c.SourceUser = false, ""
	}
}

func (w *World) start(s *server, c *channel, threads facts.Threads) {
	if threads.Applier && !c.Applier.Runs() {
		c.Applier, c.ApplierError, c.Exec = facts.Yes, facts.ThreadError{}, c.Read
	}
	if threads.Receiver && !c.Receiver.Runs() {
		w.connect(s, c)
	}
}

// cut ends every connection of receivers; they wait for their Connect_Retry, and do not come back by themselves here.
func (w *World) cut(s *server) {
	for _, d := range s.dumps {
		if replica := w.servers[d.replica]; replica != nil {
			c := replica.channels[d.channel]
			c.Receiver, c.port = facts.Connecting, 0
			c.ReceiverError = facts.ThreadError{Number: 2003, Text: "Can't connect to server"}
			c.Lag = facts.Unknown[lag]("the receiver is not connected")
		}
	}
	s.dumps = nil
}

// restart ends every connection. A server that does not start stays down until another start finds that what kept it from that is gone.
func (w *World) restart(s *server) error {
	if fault := w.startFault(s); fault != "" {
		w.end(s, fault)
		return errors.New(fault)
	}
	w.cut(s)
	s.ended, s.start, s.nextConn = "", s.start+1, 5
	s.running, s.served, s.trusts, s.revoked = facts.TLSSettings{}, "", "", ""
	s.loadElsewhere()
	w.loadKept(s)
	if text, ok := s.config.Own.Get(); ok && text == w.optionFile(s) && !s.tlsFault {
		s.load(w.dirOf(s))
	}
	for _, c := range s.channels {
		w.stop(s, c, facts.Threads{Receiver: true, Applier: true})
		if !s.skipsStart { // all of its threads start with it, whoever had stopped them
			w.start(s, c, facts.Threads{Receiver: true, Applier: true})
		}
	}
	return nil
}

// reload reads the files at the paths that the server started with.
func (w *World) reload(s *server) error {
	if d, err := dialect.For(s.instance.Version); err == nil && !d.FilesReload() {
		return errors.New("error 1064: You have an error in your SQL syntax")
	}
	if s.reloadFault != "" {
		return errors.New(s.reloadFault)
	}
	if s.kept.IsKnown() {
		w.loadNext(s)
		return nil
	}
	if s.running.Cert == w.dirOf(s)+"/current/cert.pem" {
		s.load(w.dirOf(s))
	}
	return nil
}

func (s *server) load(dir string) {
	set, ok := s.dir.CurrentSet()
	if !ok {
		return
	}
	s.served, s.trusts, s.revoked = set.Cert, set.CA, set.CRL
	s.running = s.paths(dir)
}

// paths are those of the set in use.
func (s *server) paths(dir string) facts.TLSSettings {
	paths := facts.TLSSettings{Enabled: true, CA: dir + "/current/ca.pem", Cert: dir + "/current/cert.pem", Key: dir + "/current/key.pem"}
	if set, _ := s.dir.CurrentSet(); set.CRL != "" {
		paths.CRL = dir + "/current/crl.pem"
	}
	return paths
}

func (w *World) dirOf(s *server) string {
	desired, _ := w.cluster.Server(s.name)
	return desired.TLSDir
}

func (w *World) channel(id facts.ChannelID) (*server, *channel, error) {
	s := w.servers[id.Server]
	if s == nil || s.channels[id.Name] == nil {
		return nil, nil, fmt.Errorf("%s: there is no such channel", id)
	}
	return s, s.channels[id.Name], nil
}
