package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
)

// TestFilesThatWouldSpoilARestart: a server that runs well, with settings that name files elsewhere.
func TestFilesThatWouldSpoilARestart(t *testing.T) {
	s := securedSite(t, world.Cluster("db1", "db2"))
	f := s.facts()
	dir, _ := f.Server("db1").TLSDir.Get()
	set, _ := dir.CurrentSet()
	leaf, _, err := pki.ParseLeaf([]byte(set.Cert))
	if err != nil {
		t.Fatal(err)
	}
	mine := pki.KeyFingerprint(leaf)
	for _, path := range []string{"cert", "key"} {
		f = addSetting(f, facts.Setting{Name: "ssl_" + path, Value: "/x/" + path, Place: "/etc/my.cnf:3", Text: "ssl_" + path + "=/x/" + path})
	}
	cert := facts.Named{Readable: facts.Known(true), Certs: set.Cert, Public: facts.Absent[string]()}
	key := facts.Named{Readable: facts.Known(true), Public: facts.Known(mine)}
	for name, c := range map[string]struct {
		named facts.Value[map[string]facts.Named]
		years int
		want  string
	}{
		"good":        {facts.Known(map[string]facts.Named{"/x/cert": cert, "/x/key": key}), 0, ""},
		"no file":     {facts.Known(map[string]facts.Named{"/x/cert": {Readable: facts.Absent[bool]()}, "/x/key": key}), 0, "it would not start after a restart: /x/cert, as /etc/my.cnf:3 says, is not there"},
		"closed":      {facts.Known(map[string]facts.Named{"/x/cert": cert, "/x/key": {Readable: facts.Known(false)}}), 0, "/x/key, as /etc/my.cnf:3 says, cannot be read by the server's user"},
		"unseen file": {facts.Known(map[string]facts.Named{"/x/cert": cert, "/x/key": {Readable: facts.Unknown[bool]("it is a pipe")}}), 0, "cannot be looked at: it is a pipe"},
		"another key": {facts.Known(map[string]facts.Named{"/x/cert": cert, "/x/key": {Readable: facts.Known(true), Public: facts.Known("00")}}), 0, "the key /x/key (/etc/my.cnf:3) does not belong to the certificate /x/cert"},
		"no cert":     {facts.Known(map[string]facts.Named{"/x/cert": {Readable: facts.Known(true)}, "/x/key": key}), 0, "holds no certificate"},
		"expired":     {facts.Known(map[string]facts.Named{"/x/cert": cert, "/x/key": key}), 9, "has expired, on 20"},
		"unseen":      {facts.Unknown[map[string]facts.Named]("no"), 0, "is not known: no"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := edit(f, "db1", func(server *facts.Server) {
				server.Named = c.named
				config := server.Config.Or(facts.Config{})
				config.Own = facts.Known(ownConfig())
				server.Config = facts.Known(config)
			})
			seen.At = seen.At.AddDate(c.years, 0, 0)
			warnings := plan.Build(s.cluster, seen, plan.Options{}).Warnings
			told := slices.DeleteFunc(slices.Clone(warnings), func(w plan.Warning) bool { return strings.Contains(w.Text, "would start with /x/") })
			if c.want == "" && len(told) > 0 || c.want != "" && !slices.ContainsFunc(told, func(w plan.Warning) bool { return strings.Contains(w.Text, c.want) }) {
				t.Errorf("got %+v, want %q", told, c.want)
			}
		})
	}
}
