package runbook_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestOwnFiles: they go from where they are to the hosts, and no authority is made.
func TestOwnFiles(t *testing.T) {
	c := cluster("db1", "db2")
	c.TLS.Source = topology.SourceFiles
	c.Servers[0].Given = topology.Given{CA: "/pki/ca.pem", Cert: "/pki/db1.pem", Key: "/pki/it's db1.key", Chain: "/pki/chain.pem"}
	c.Servers[1].Given = topology.Given{CA: "/pki/ca.pem", Cert: "/pki/db2.pem", Key: "/pki/db2.key"}
	w := orchestratetest.New(c)
	text := render(t, w)
	parses(t, text)
	digest := w.Facts().Store.Or(facts.Store{}).Given["db1"].Or(facts.Leaf{}).KeyDigest
	contains(t, text,
		"openssl verify -CAfile /pki/ca.pem -untrusted /pki/db1.pem -untrusted /pki/chain.pem -verify_hostname db1.example.com /pki/db1.pem", digest,
		"only /pki/db1.pem /pki/chain.pem", `ln -s -- '/pki/it'\''s db1.key' "$set/key.pem"`, "ca.pem cert.pem key.pem | on_db1", "ca.pem cert.pem key.pem | on_db2")
	if strings.Contains(text, "ca-key") || strings.Contains(text, "pki/db1/1") {
		t.Error("something is made here, or taken from the local folder")
	}
}
