package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestNamesThatReplicasCompareWithTheCommonName: receivers of MySQL up to 5.7 look at nothing else.
func TestNamesThatReplicasCompareWithTheCommonName(t *testing.T) {
	const long = "a-name-of-a-database-server-that-is-longer.than-any-common-name.may-be"
	old, percona, current := version(facts.MySQL, 5, 7, 44), version(facts.Percona, 5, 7, 44), version(facts.MySQL, 8, 0, 40)
	for _, test := range []struct {
		name     string
		versions []facts.Version // of db2 and db3
		hosts    []string        // by which they call db1
		verify   topology.Verify
		want     []string
		bad      []string // TARGET: text
	}{
		{"nobody compares it alone", []facts.Version{current, percona}, []string{"a", "b"}, topology.VerifyIdentity, nil, nil},
		{"one does", []facts.Version{old, current}, []string{"a", "b"}, topology.VerifyIdentity, []string{"a"}, nil},
		{"the other does", []facts.Version{current, old}, []string{"a", "b"}, topology.VerifyIdentity, []string{"b"}, nil},
		{"both by the same name", []facts.Version{old, old}, []string{"a", "a"}, topology.VerifyIdentity, []string{"a"}, nil},
		{"both by two names", []facts.Version{old, old}, []string{"a", "b"}, topology.VerifyIdentity, []string{"a", "b"}, []string{"db3: it calls db1 b, and db2 calls it a"}},
		{"names that differ in case alone", []facts.Version{old, old}, []string{"a", "A"}, topology.VerifyIdentity, []string{"A", "a"}, []string{"db3: it calls db1 A"}},
		{"a name that is too long", []facts.Version{old, current}, []string{long, long}, topology.VerifyIdentity, []string{long}, []string{"db2: it calls db1 " + long + ", which is too long"}},
		{"a name that is too long for nobody", []facts.Version{current, current}, []string{long, long}, topology.VerifyIdentity, nil, nil},
		{"the chain alone is checked", []facts.Version{old, old}, []string{"a", long}, topology.VerifyChain, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := world.Cluster("db1", "db2", "db3")
			c.TLS.Verify = test.verify
			f := facts.Facts{Servers: map[topology.ServerName]facts.Server{
				"db1": {Instance: facts.Known(facts.Instance{Version: old})}, // a source compares no name
				"db2": {Instance: facts.Known(facts.Instance{Version: test.versions[0]})},
				"db3": {Instance: facts.Known(facts.Instance{Version: test.versions[1]})},
			}}
			links := []plan.Link{
				{Channel: channelOf("db2"), Source: "db1", Host: test.hosts[0]}, {Channel: channelOf("db3"), Source: "db1", Host: test.hosts[1]},
			}
			if got := plan.CommonNames(c, f, links, "db1"); !slices.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
			if got := plan.CommonNames(c, f, links, "db2"); len(got) > 0 {
				t.Errorf("nobody reads the certificate of db2 as a source: %v", got)
			}
			var bad []string
			for _, b := range plan.BadCommonNames(c, f, links, "db1") {
				bad = append(bad, plan.TargetName(b.Target)+": "+b.Why)
				if !strings.Contains(b.Hint, "tls.verify: chain") {
					t.Errorf("the hint is %q", b.Hint)
				}
			}
			compareTexts(t, "blocked", bad, test.bad)
		})
	}
}

func version(flavour facts.Flavour, major, minor, patch int) facts.Version {
	return facts.Version{Flavour: flavour, Major: major, Minor: minor, Patch: patch}
}

// TestCommonNameIsPartOfWhatIsGood: a certificate without the common name that replicas compare is not good for its server.
func TestCommonNameIsPartOfWhatIsGood(t *testing.T) {
	leaf := plan.Leaf{Server: "db1", Version: 1, Names: []string{"db1.example.com"}}
	calling := func(host string) plan.Peers {
		return plan.Peers{Readers: []pki.Reader{{Who: "db2", Host: host, CommonNameOnly: true}}}
	}
	other, same := calling("DB1.example.com"), calling("db1.example.com")
	runJudgements(t, securedSite(t, world.Cluster("db1", "db2")).facts(), []judgement{
		{"an issued one", plan.LeafIssued{Leaf: leaf, Peers: same}, nil, "holds", ""},
		{"an issued one of another case", plan.LeafIssued{Leaf: leaf, Peers: other}, nil, "fails", "is not its common name"},
		{"one on the host", plan.SetInUse{Server: "db1", Version: 1, Peers: same}, nil, "holds", ""},
		{"one on the host of another case", plan.SetInUse{Server: "db1", Version: 1, Peers: other}, nil, "fails", "is not its common name"},
	})
}
