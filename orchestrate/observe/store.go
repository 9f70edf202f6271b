package observe

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/topology"
)

// storeFacts is the local folder as facts. A set that cannot be read makes the whole unknown: it could be the newest of a server.
func storeFacts(state pkistore.State) facts.Value[facts.Store] {
	var whys []string
	note := func(why string) {
		if why != "" {
			whys = append(whys, why)
		}
	}
	store := facts.Store{CA: authority(state.CA), Leaves: map[topology.ServerName]map[int]facts.Leaf{}}
	note(state.Why)
	for _, server := range state.Servers {
		note(server.Why)
		leaves := map[int]facts.Leaf{}
		for _, version := range server.Versions {
			if version.Why != "" {
				note(fmt.Sprintf("set %d of %s: %s", version.Number, server.Name, version.Why))
				continue
			}
			leaves[version.Number] = facts.Leaf{
				CA: version.CAPEM, Cert: version.CertPEM, KeyDigest: version.KeySHA256, KeyPublic: version.KeyFingerprint,
			}
		}
		store.Leaves[topology.ServerName(server.Name)] = leaves
	}
	if len(whys) > 0 {
		return facts.Unknown[facts.Store](strings.Join(whys, "; "))
	}
	return facts.Known(store)
}

// keysHere are the public halves of a server's keys in the local folder, by the digest of the key file: on a host a file of that digest is
// the same key.
func keysHere(store facts.Value[facts.Store], server topology.ServerName) map[string]string {
	keys := map[string]string{}
	for _, leaf := range store.Or(facts.Store{}).Leaves[server] {
		keys[leaf.KeyDigest] = leaf.KeyPublic
	}
	return keys
}

func authority(ca pkistore.CA) facts.Value[string] {
	switch ca.Presence {
	case pkistore.Known:
		return facts.Known(ca.PEM)
	case pkistore.Absent:
		return facts.Absent[string]()
	case pkistore.Unknown:
	}
	return facts.Unknown[string](ca.Why)
}
