package plan

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestAuthoritiesOfKindsThatAServerDoesNotRead block, by server. No version that is served so far is one of those.
func TestAuthoritiesOfKindsThatAServerDoesNotRead(t *testing.T) {
	authority, err := pki.NewAuthority(pki.Means{Random: bytes.NewReader(make([]byte, 64)), Now: time.Unix(1e9, 0), NewKey: pki.NewKeys(pki.P256)}, "orders")
	if err != nil {
		t.Fatal(err)
	}
	seen := func(version facts.Version) facts.Server {
		return facts.Server{Instance: facts.Known(facts.Instance{Version: version})}
	}
	b := &builder{basis: basis{
		cluster: topology.Cluster{Servers: []topology.Server{{Name: "db1"}, {Name: "db2"}, {Name: "db3"}}},
		facts: facts.Facts{
			Store: facts.Known(facts.Store{CA: facts.Known(string(pki.EncodeCert(authority.Cert)))}),
			Servers: map[topology.ServerName]facts.Server{
				"db1": seen(facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11}),
				"db2": seen(facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 6, Patch: 24}),
				"db3": {Instance: facts.Unknown[facts.Instance]("it did not answer")},
			},
		},
	}}
	b.tell(b.kindDefects()...)
	want := []Blocked{{
		Target: "db2", Why: "the key of the authority is ECDSA P-256, which db2 (MySQL 5.6.24) does not read",
		Hint: "make an authority with an RSA key in another folder: --pki DIR",
	}}
	if got := b.plan.Blocked; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := readerOf(b.facts, "db3"); got != (pki.Reader{Who: "db3"}) {
		t.Errorf("a server whose version was not seen is taken for one that reads less: %+v", got)
	}
}
