package orchestratetest

import (
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// foreignDir has what somebody has set up before: certificates of another authority.
const foreignDir = "/etc/mysql/ssl"

// ServesForeign lets the server serve a certificate of another authority, from files elsewhere, that is valid for so long from now, at
// least 29 days back: it has expired where the time is negative.
func (s *Settings) ServesForeign(valid time.Duration) {
	w := s.world
	if w.foreign == nil {
		authority, err := pki.NewAuthority(pki.Means{Random: w.means.Random, Now: w.now.AddDate(-1, 0, 0), NewKey: w.means.NewKey}, "elsewhere")
		if err != nil {
			panic(err)
		}
		w.foreign = &authority
	}
	const age = 30 * 24 * time.Hour
	means := pki.Means{Random: w.means.Random, Now: w.now.Add(-age), NewKey: w.means.NewKey}
	desired, _ := w.cluster.Server(s.server.name)
	made, err := w.foreign.Issue(means, pki.LeafRequest{Server: string(desired.Name), DNS: []string{desired.Address}, Life: age + valid})
	if err != nil {
		panic(err)
	}
	s.server.elsewhere = string(made.CertPEM())
	s.server.loadElsewhere()
}

// ChecksForeign lets the default channel use TLS and check its source against the other authority; it connects anew.
func (s *Settings) ChecksForeign(identity bool) {
	c := s.server.channels[""]
	c.TLS = facts.TLSOptions{Enabled: true, CA: foreignDir + "/ca.pem", VerifyIdentity: identity}
	if c.Receiver.Runs() {
		s.world.connect(s.server, c)
	}
}

// RefusesReload lets every reload fail with this text, as where the server cannot read the files; empty: reloads work again.
func (s *Settings) RefusesReload(text string) { s.server.reloadFault = text }

func (s *server) loadElsewhere() {
	if s.elsewhere == "" {
		return
	}
	s.served, s.trusts, s.revoked = s.elsewhere, "", ""
	s.running = facts.TLSSettings{Enabled: true, CA: foreignDir + "/ca.pem", Cert: foreignDir + "/cert.pem", Key: foreignDir + "/key.pem"}
}

// bundle is the content of the file that a channel names for its authorities.
func (w *World) bundle(s *server, path string) (string, error) {
	set, used := s.dir.CurrentSet()
	switch {
	case path == w.dirOf(s)+"/current/ca.pem" && used:
		return set.CA, nil
	case path == foreignDir+"/ca.pem" && w.foreign != nil:
		return string(pki.EncodeCert(w.foreign.Cert)), nil
	}
	return "", fmt.Errorf("%s cannot be read", path)
}

// Reconnects says whether a receiver with the options of its channel could log in at this moment, and why not; nil also for one that checks
// nothing of its source.
func (w *World) Reconnects(id facts.ChannelID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, c, err := w.channel(id)
	if err != nil {
		return err
	}
	d, err := dialect.For(s.instance.Version)
	if err != nil || d.Checks(c.TLS) == dialect.VerifiesNothing {
		return err
	}
	if _, _, failure := w.login(s, c); failure.Number != 0 {
		return fmt.Errorf("error %d: %s", failure.Number, failure.Text)
	}
	return nil
}

// Later lets time pass: certificates may expire, connections live on.
func (w *World) Later(passed time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(passed)
	w.means.Now = w.now
}
