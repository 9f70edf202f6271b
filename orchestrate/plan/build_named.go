package plan

import (
	"fmt"
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
	for _, fault := range startFaults(b.facts, s.Name) {
		b.warnOf(s.Name, "%s after a restart: %s", outcome, fault)
	}
	b.warnOfExpired(s.Name, named, d.Winners(config.Settings)["ssl_cert"])
}

// startFaults tell which of the files that the next start would read, and that are not in the TLS dir, it could not use.
func startFaults(f facts.Facts, server topology.ServerName) []string {
	d, err := dialectOf(f, server)
	if err != nil {
		return nil
	}
	named, winners := f.Server(server).Named.Or(nil), d.Winners(f.Server(server).Config.Or(facts.Config{}).Settings)
	var faults []string
	for _, path := range (facts.TLSSettings{}).Paths() {
		if by, ok := winners[path.Name]; ok && by.Value != "" {
			if fault := unreadable(named, by.Value); fault != "" {
				faults = append(faults, fmt.Sprintf("%s, as %s says, %s; put the file right, or correct the setting", by.Value, by.Place, fault))
			}
		}
	}
	if fault := pairFault(named, winners["ssl_cert"], winners["ssl_key"]); fault != "" {
		faults = append(faults, fault)
	}
	return faults
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

// pairFault judges certificate and key together. Without a setting for the key the server looks for it beside the certificate.
func pairFault(named map[string]facts.Named, cert, key facts.Setting) string {
	if key.Value == "" {
		key = cert
	}
	file, ok := named[cert.Value]
	if !ok || unreadable(named, cert.Value) != "" {
		return ""
	}
	leaf, _, err := pki.ParseLeaf([]byte(file.Certs))
	if err != nil {
		return fmt.Sprintf("%s, as %s says, holds no certificate: %v", cert.Value, cert.Place, err)
	}
	if public, ok := named[key.Value].Public.Get(); ok && public != pki.KeyFingerprint(leaf) {
		return fmt.Sprintf("the key %s (%s) does not belong to the certificate %s (%s)", key.Value, key.Place, cert.Value, cert.Place)
	}
	return ""
}

func (b *builder) warnOfExpired(server topology.ServerName, named map[string]facts.Named, cert facts.Setting) {
	leaf, _, err := pki.ParseLeaf([]byte(named[cert.Value].Certs))
	if err == nil && b.facts.At.After(leaf.NotAfter) {
		b.warnOf(server, "the certificate %s, as %s says, has expired, on %s: the server starts with it, and who checks it does not connect",
			cert.Value, cert.Place, leaf.NotAfter.UTC().Format(time.DateOnly))
	}
}
