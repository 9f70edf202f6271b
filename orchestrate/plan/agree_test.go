package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// TestLintAndPlanAgree: the servers, and this machine, that a plan blocks because of certificates and what they lie in are exactly those of which
// lint has a problem, or a finding that forbids and is not mended by apply. For each sentence that blocks lint has one with the same cure. What
// apply mends, lint tells too, and no plan blocks on it: it has a step instead, or passes over the file.
func TestLintAndPlanAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawFiles(t)
		f := s.quiet()
		for range rapid.IntRange(1, 3).Draw(t, "harms") {
			f = drawHarm(t, s, f)
		}
		p, r := plan.Build(s.cluster, f, s.options), plan.Lint(s.cluster, f, "pki")
		var blocked, told []string
		for _, b := range p.Blocked {
			blocked = append(blocked, fmt.Sprintf("%s; %s", b.Target, b.Hint))
		}
		for _, finding := range r.Findings {
			if finding.Severity == pki.Forbids && !finding.Mended {
				told = append(told, fmt.Sprintf("%s; %s", finding.Server, finding.Cure))
			}
		}
		for _, problem := range r.Problems {
			told = append(told, fmt.Sprintf("%s; %s", problem.Server, problem.Hint))
		}
		if !slices.Equal(distinct(blocked), distinct(told)) {
			t.Fatalf("a plan blocks on\n%v\nand lint finds\n%v\nproblems %v", p.Blocked, r.Findings, r.Problems)
		}
		if r.OK != (r.Forbidding() == 0 && len(r.Problems) == 0) {
			t.Fatalf("%v of %v", r.OK, r.Findings)
		}
		checkMended(t, p, r)
	})
}

// checkMended: what is wrong with a set in use, and does not block, has a step.
func checkMended(t *rapid.T, p plan.Plan, r plan.LintReport) {
	for _, finding := range r.Findings {
		onHost := strings.Contains(finding.File, ":/etc/mysql-ssl/current")
		_, repairs := p.Step("repair/" + string(finding.Server))
		_, replaces := p.Step("files/" + string(finding.Server))
		if finding.Mended && onHost && len(p.Blocked) == 0 && !repairs && !replaces {
			t.Fatalf("nothing is done about %+v: %v", finding, ids(p))
		}
	}
}

func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// drawFiles is a cluster in good order, fresh or secured.
func drawFiles(t *rapid.T) *site {
	c := world.Cluster("db1", []topology.ServerName{"db2", "db3"}[:rapid.IntRange(1, 2).Draw(t, "replicas")]...)
	if rapid.Bool().Draw(t, "own files") {
		ownFiles(&c)
	}
	if rapid.IntRange(0, 2).Draw(t, "all serve TLS") == 0 {
		c.TLS.Servers = topology.ServersAll
	}
	if rapid.IntRange(0, 2).Draw(t, "verify chain") == 0 {
		c.TLS.Verify, c.Policy.Enforce = topology.VerifyChain, topology.EnforceFirst
	}
	s := newSite(c)
	if rapid.Bool().Draw(t, "secured before") {
		s.mustApply(t)
	}
	return s
}

// drawHarm is one thing that may be wrong with certificates or what they lie in.
func drawHarm(t *rapid.T, s *site, f facts.Facts) facts.Facts {
	name := rapid.SampledFrom(s.cluster.Servers).Draw(t, "server").Name
	harms := map[string]harm{}
	for _, some := range []map[string]harm{harmsOfHost(), harmsOfSet(), harmsOfOwn(s), harmsOfFolder()} {
		maps.Copy(harms, some)
	}
	return harms[rapid.SampledFrom(slices.Sorted(maps.Keys(harms))).Draw(t, "harm")](f, name)
}

// harm spoils what was seen.
type harm func(facts.Facts, topology.ServerName) facts.Facts

func ofServer(change func(*facts.Server)) harm {
	return func(f facts.Facts, name topology.ServerName) facts.Facts { return edit(f, name, change) }
}

func ofDir(change func(*facts.TLSDir)) harm {
	return ofServer(func(s *facts.Server) {
		dir, _ := s.TLSDir.Get()
		change(&dir)
		s.TLSDir = facts.Known(dir)
	})
}

func harmsOfHost() map[string]harm {
	clock := func(d time.Duration) harm { return ofServer(func(s *facts.Server) { s.Clock = facts.Known(d) }) }
	return map[string]harm{
		"a clock that is not known":      ofServer(func(s *facts.Server) { s.Clock = facts.Unknown[time.Duration]("date failed").WithHint("see why") }),
		"a clock behind":                 clock(-48 * time.Hour),
		"a clock ahead":                  clock(48 * time.Hour),
		"a clock far ahead":              clock(20 * year),
		"a dir that others could change": ofDir(func(d *facts.TLSDir) { d.Risk = facts.Known(facts.Risk{Why: "it belongs to eve", Cure: "chown root"}) }),
		"a dir that nobody knows":        ofDir(func(d *facts.TLSDir) { d.Risk = facts.Unknown[facts.Risk]("no stat") }),
		"a dir that is none":             ofDir(func(d *facts.TLSDir) { d.Kind, d.Fault = facts.DirOther, "it is no folder" }),
		"a dir that is open": ofDir(func(d *facts.TLSDir) {
			if d.Current != 0 { // of another it is the fault
				d.Open = "others than its owner may write to versions (mode 0777)"
			}
		}),
		"a list that its receiver reads": func(f facts.Facts, name topology.ServerName) facts.Facts {
			return edit(f, name, func(s *facts.Server) {
				channels := slices.Clone(s.Channels.Or(nil))
				for i := range channels {
					channels[i].TLS.CRL = "/etc/mysql-ssl/current/crl.pem"
				}
				s.Channels = facts.Known(channels)
			})
		},
		"a profile": ofServer(func(s *facts.Server) {
			s.Confined = facts.Known(facts.Confined{Profile: "mysqld", Place: "/etc/apparmor.d/local/mysqld", Reads: facts.Known(false)})
		}),
		"a profile that is not known": ofServer(func(s *facts.Server) {
			s.Confined = facts.Known(facts.Confined{Profile: "mysqld", Reads: facts.Unknown[bool]("it has conditions")})
		}),
	}
}

func harmsOfSet() map[string]harm {
	set := func(change func(*facts.FileSet)) harm {
		return ofDir(func(d *facts.TLSDir) {
			if set, used := d.CurrentSet(); used {
				change(&set)
				d.Sets = maps.Clone(d.Sets)
				d.Sets[d.Current] = set
			}
		})
	}
	return map[string]harm{
		"a file is missing":    set(func(s *facts.FileSet) { s.Faults = []string{"key.pem is missing"} }),
		"a key that all read":  set(func(s *facts.FileSet) { s.Loose, s.Exposed = []string{"key.pem is open (mode 0644)"}, true }),
		"another owner":        set(func(s *facts.FileSet) { s.Loose = []string{"cert.pem belongs to bob"} }),
		"not readable":         set(func(s *facts.FileSet) { s.Readable = facts.Known(false) }),
		"not known whether":    set(func(s *facts.FileSet) { s.Readable = facts.Unknown[bool]("nobody tried") }),
		"another key":          set(func(s *facts.FileSet) { s.KeyPublic, s.KeyDigest = facts.Known("another"), "another" }),
		"a key nobody knows":   set(func(s *facts.FileSet) { s.KeyPublic, s.KeyDigest = facts.Unknown[string]("no openssl"), "another" }),
		"a key known here":     set(func(s *facts.FileSet) { s.KeyPublic = facts.Unknown[string]("no openssl") }),
		"a certificate spoilt": set(func(s *facts.FileSet) { s.Cert = "hello" }),
		"an authority spoilt":  set(func(s *facts.FileSet) { s.CA = "hello" }),
		"nothing in use":       ofDir(func(d *facts.TLSDir) { d.Current = 0 }),
	}
}

func harmsOfOwn(s *site) map[string]harm {
	own := func(change func(*facts.Leaf)) harm {
		return ofStore(func(store *facts.Store, name topology.ServerName) {
			if leaf, ok := store.Given[name].Get(); ok {
				change(&leaf)
				store.Given = maps.Clone(store.Given)
				store.Given[name] = facts.Known(leaf)
			}
		})
	}
	former := s.ownSets(s.cluster)
	another := world.New(s.cluster).NewOwnAuthority()
	return map[string]harm{
		"own files not read": ofStore(func(store *facts.Store, name topology.ServerName) {
			store.Given = maps.Clone(store.Given)
			store.Given[name] = facts.Unknown[facts.Leaf]("EACCES").WithHint("chmod")
		}),
		"own key of others":     own(func(l *facts.Leaf) { l.KeyPublic, l.KeyDigest = "another", "another" }),
		"own key in PKCS#1":     own(func(l *facts.Leaf) { l.KeyForm = string(pki.PKCS1) }),
		"own bundle is damaged": own(func(l *facts.Leaf) { l.CA = "hello" }),
		"own list is damaged":   own(func(l *facts.Leaf) { l.CRL = "hello" }),
		"own comment":           own(func(l *facts.Leaf) { l.Cert = "of db1\n" + l.Cert }),
		"own file of another":   own(func(l *facts.Leaf) { l.Cert = former["db1"].Cert }),
		"own bundle of another": own(func(l *facts.Leaf) { l.CA = ownCA(another) }),
		"own bundle of both":    own(func(l *facts.Leaf) { l.CA += ownCA(another) }),
		"own files of another's": ofStore(func(store *facts.Store, name topology.ServerName) {
			store.Given = maps.Clone(store.Given)
			another.Own(name, func(v *facts.Value[facts.Leaf]) { store.Given[name] = *v })
		}),
	}
}

func ownCA(w *world.World) string {
	var ca string
	w.Own("db1", func(v *facts.Value[facts.Leaf]) { ca = v.Or(facts.Leaf{}).CA })
	return ca
}

func ofStore(change func(*facts.Store, topology.ServerName)) harm {
	return func(f facts.Facts, name topology.ServerName) facts.Facts {
		store, _ := f.Store.Get()
		change(&store, name)
		f.Store = facts.Known(store)
		return f
	}
}

func harmsOfFolder() map[string]harm {
	leaves := func(change func(map[int]facts.Leaf)) harm {
		return ofStore(func(store *facts.Store, name topology.ServerName) {
			store.Leaves = maps.Clone(store.Leaves)
			store.Leaves[name] = maps.Clone(store.Leaves[name])
			if store.Leaves[name] != nil {
				change(store.Leaves[name])
			}
		})
	}
	return map[string]harm{
		"no authority here":      ofStore(func(store *facts.Store, _ topology.ServerName) { store.CA = facts.Absent[string]() }),
		"an authority not read":  ofStore(func(store *facts.Store, _ topology.ServerName) { store.CA = facts.Unknown[string]("EACCES") }),
		"an empty folder":        leaves(func(of map[int]facts.Leaf) { clear(of) }),
		"a newer set":            leaves(func(of map[int]facts.Leaf) { of[9] = of[1] }),
		"a newer set is damaged": leaves(func(of map[int]facts.Leaf) { of[9] = facts.Leaf{CA: of[1].CA, Cert: "hello"} }),
		"another authority here": ofStore(func(store *facts.Store, _ topology.ServerName) {
			store.CA = facts.Known(store.Given["db1"].Or(facts.Leaf{}).CA)
		}),
	}
}
