package e2e_test

import (
	"os"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestAuthorityInThreeRuns: both authorities, then the new certificates, then the former authority is gone, also from the memory of the server.
func TestAuthorityInThreeRuns(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.names(c, "")
	run := func() {
		t.Helper()
		c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
		c.proven()
	}
	run()
	pki.leaf("former", c.Replicas()[0].Address, "")

	pki.authorities("other")
	pki.append("root.pem", "otherroot.pem")
	allArrived := c.write()
	run()
	for _, s := range c.Servers {
		pki.leaf(s.Name, s.Address, "other")
	}
	run()
	c.refuses("primary", map[string]bool{pki.at("former"): true, pki.at("replica1"): true})
	must(t, os.Rename(pki.at("otherroot.pem"), pki.at("root.pem")))
	run()
	allArrived()
	c.refuses("primary", map[string]bool{pki.at("former"): false, pki.at("replica1"): true})
	c.nothingMoves()
}
