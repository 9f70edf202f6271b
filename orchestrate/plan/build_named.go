package plan

import (
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// warnOfFiles tells which of the files that the next start would read, and that are not in the TLS dir, would spoil it. Where the plan gives
// the server other files it says nothing.
func (b *builder) warnOfFiles(s topology.Server) {
	config, ok := b.facts.Server(s.Name).Config.Get()
	if !ok || b.has(stepID("config", s.Name)) {
		return
	}
	named, ok := b.facts.Server(s.Name).Named.Get()
	if !ok {
		b.warnOf(s.Name, "whether it would start with the TLS files that its settings name is not known: %s", b.facts.Server(s.Name).Named.Why())
		return
	}
	d, err := dialectOf(b.facts, s.Name)
	if err != nil {
		return
	}
	outcome := "it would start without TLS"
	if d.RefusesBadFiles() {
		outcome = "it would not start"
	}
	winners := d.Winners(config.Settings)
	for _, name := range []string{"ssl_ca", "ssl_cert", "ssl_key", "ssl_crl"} {
		if by, ok := winners[name]; ok && by.Value != "" {
			if fault := unreadable(named, by.Value); fault != "" {
				b.warnOf(s.Name, "%s after a restart: %s, as %s says, %s; put the file right, or correct the setting", outcome, by.Value, by.Place, fault)
			}
		}
	}
	b.warnOfPair(s, outcome, winners)
}

// unreadable is what keeps the server from reading a file, empty for nothing. Files of the TLS dir are not among those that are named.
func unreadable(named map[string]facts.Named, path string) string {
	file, looked := named[path]
	can, known := file.Readable.Get()
	switch {
	case !looked, known && can:
		return ""
	case file.Readable.IsAbsent():
		return "is not there"
	case known:
		return "cannot be read by the server's user"
	}
	return "cannot be looked at: " + file.Readable.Why()
}

// warnOfPair judges certificate and key together. Without a setting for the key the server looks for it beside the certificate.
func (b *builder) warnOfPair(s topology.Server, outcome string, winners map[string]facts.Setting) {
	named := b.facts.Server(s.Name).Named.Or(nil)
	cert, key := winners["ssl_cert"], winners["ssl_key"]
	if key.Value == "" {
		key = cert
	}
	file, ok := named[cert.Value]
	if !ok || unreadable(named, cert.Value) != "" {
		return
	}
	leaf, _, err := pki.ParseLeaf([]byte(file.Certs))
	if err != nil {
		b.warnOf(s.Name, "%s after a restart: %s, as %s says, holds no certificate: %v", outcome, cert.Value, cert.Place, err)
		return
	}
	if now := b.facts.At; now.After(leaf.NotAfter) {
		b.warnOf(s.Name, "the certificate %s, as %s says, has expired, on %s: the server starts with it, and who checks it does not connect",
			cert.Value, cert.Place, leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	public, ok := named[key.Value].Public.Get()
	if ok && public != pki.KeyFingerprint(leaf) {
		b.warnOf(s.Name, "%s after a restart: the key %s (%s) does not belong to the certificate %s (%s)",
			outcome, key.Value, key.Place, cert.Value, cert.Place)
	}
}
