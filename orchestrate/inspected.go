package orchestrate

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/inspect"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// Held is what the TLS dir of a server holds, beside what the server serves: schema 1.
type Held struct {
	Schema  int                   `json:"schema"`
	Server  topology.ServerName   `json:"server"`
	Dir     string                `json:"dir"`
	Current int                   `json:"current"` // the version in use, 0 for none
	Sets    []HeldSet             `json:"sets"`
	Serves  []inspect.Certificate `json:"serves"` // the chain that it shows; null where it is not known, empty where it offers no TLS
	Version string                `json:"tls_version"`
	Cipher  string                `json:"cipher"`
	Same    *bool                 `json:"same"` // it serves the certificate of the version in use; null where one of them is not known or not there
	Why     string                `json:"why"`  // what could not be looked at
	Hint    string                `json:"hint,omitempty"`
}

// HeldSet is one version in a TLS dir.
type HeldSet struct {
	Version     int                  `json:"version"`
	Certificate *inspect.Certificate `json:"certificate"`
	Readable    *bool                `json:"readable"` // by the OS user of the server; null where that is not known
	Faults      []string             `json:"faults"`   // missing files, wrong modes and owners
}

// Inspect looks at the TLS dir of a server and at what the server serves; it writes nothing.
func (s *Session) Inspect(ctx context.Context, server topology.Server) (Held, error) {
	f, err := s.observe(ctx, facts.Look{server.Name: facts.PartInstance | facts.PartServed | facts.PartFiles})
	if err != nil {
		return Held{}, err
	}
	seen := f.Server(server.Name)
	held := Held{Schema: 1, Server: server.Name, Dir: server.TLSDir, Sets: []HeldSet{}}
	var whys []string
	dir, ok := seen.TLSDir.Get()
	if !ok {
		whys, held.Hint = append(whys, seen.TLSDir.Why()), seen.TLSDir.Hint()
	}
	if dir.Fault != "" {
		whys = append(whys, server.TLSDir+": "+dir.Fault)
	}
	held.Current = dir.Current
	for _, version := range slices.Sorted(maps.Keys(dir.Sets)) {
		held.Sets = append(held.Sets, heldSet(version, dir.Sets[version], f))
	}
	served, ok := seen.ServedTLS.Get()
	switch {
	case ok:
		held.Version, held.Cipher, held.Serves = served.Version, served.Cipher, described(served.Chain, f)
	case seen.ServedTLS.IsAbsent():
		held.Serves = []inspect.Certificate{}
	default:
		whys = append(whys, seen.ServedTLS.Why())
	}
	if current, used := dir.CurrentSet(); used && len(held.Serves) > 0 {
		inUse := described(current.Cert, f)
		same := len(inUse) > 0 && inUse[0].SHA256 == held.Serves[0].SHA256
		held.Same = &same
	}
	held.Why = strings.Join(slices.Compact(whys), "; ")
	return held, nil
}

func heldSet(version int, set facts.FileSet, f facts.Facts) HeldSet {
	held := HeldSet{Version: version, Faults: slices.Concat([]string{}, set.Faults, set.Loose)}
	if chain := described(set.Cert, f); len(chain) > 0 {
		held.Certificate = &chain[0]
	}
	if can, ok := set.Readable.Get(); ok {
		held.Readable = &can
	}
	return held
}

func described(chain string, f facts.Facts) []inspect.Certificate {
	found := []inspect.Certificate{}
	certs, err := pki.ParseBundle([]byte(chain))
	if err != nil {
		return found
	}
	for _, cert := range certs {
		found = append(found, inspect.Of(cert, f.At))
	}
	return found
}

// Lint judges the certificates that would be copied and those in use: see [plan.Lint]. Offline no server is reached. It writes nothing.
func (s *Session) Lint(ctx context.Context, offline bool) (plan.LintReport, error) {
	look := facts.Look{}
	if !offline {
		look = plan.LookToPlan(s.config.Cluster)
	}
	f, err := s.observe(ctx, look)
	if err != nil {
		return plan.LintReport{}, err
	}
	return plan.Lint(s.config.Cluster, f, s.store.Dir()), nil
}
