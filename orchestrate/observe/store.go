package observe

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
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
	store := facts.Store{CA: authority(state.CA), Next: state.Next.PEM, Former: state.Former.PEM, Leaves: map[topology.ServerName]map[int]facts.Leaf{}}
	if state.CAKey.Cert != nil {
		store.Issuer = string(pki.EncodeCert(state.CAKey.Cert))
	}
	note(state.Why)
	if state.CA.Presence == pkistore.Known {
		note(state.Next.Why)
		note(state.Former.Why)
	}
	for _, server := range state.Servers {
		note(server.Why)
		leaves := map[int]facts.Leaf{}
		for _, version := range server.Versions {
			if version.Why != "" {
				note(fmt.Sprintf("set %d of %s: %s", version.Number, server.Name, version.Why))
				continue
			}
			leaves[version.Number] = facts.Leaf{
				CA: version.CAPEM, Cert: version.CertPEM,
				KeyDigest: version.KeySHA256, KeyPublic: version.KeyFingerprint, KeyForm: string(version.KeyForm),
			}
		}
		store.Leaves[topology.ServerName(server.Name)] = leaves
	}
	if len(whys) > 0 {
		return facts.Unknown[facts.Store](strings.Join(whys, "; "))
	}
	return facts.Known(store)
}

// here is what this machine has: the servers' own files where the inventory names such, else the local folder.
func (o *Observer) here() facts.Value[facts.Store] {
	if o.cluster.TLS.Source != topology.SourceFiles {
		return storeFacts(o.store.State())
	}
	store := facts.Store{CA: facts.Absent[string](), Given: map[topology.ServerName]facts.Value[facts.Leaf]{}, Refused: map[topology.ServerName]facts.RefusedFile{}}
	for name, result := range o.own.All(o.cluster.Servers) {
		store.Given[name] = given(result)
		if file, ok := pkistore.Refused(result.Err); ok {
			store.Refused[name] = file
		}
	}
	return facts.Known(store)
}

func given(result pkistore.OwnResult) facts.Value[facts.Leaf] {
	if err := result.Err; err != nil {
		return facts.Unknown[facts.Leaf](err.Error()).WithHint(access.Hint(err))
	}
	own := result.Own
	return facts.Known(facts.Leaf{
		CA: string(own.CA), Cert: string(own.Cert), CRL: string(own.CRL),
		KeyDigest: own.KeySHA256, KeyPublic: own.KeyFingerprint, KeyForm: string(own.KeyForm),
	})
}

// keysHere are the public halves of a server's keys on this machine, by the digest of the key file: on a host a file of that digest is
// the same key.
func keysHere(store facts.Value[facts.Store], server topology.ServerName) map[string]string {
	keys := map[string]string{}
	here := store.Or(facts.Store{})
	for _, leaf := range here.Leaves[server] {
		keys[leaf.KeyDigest] = leaf.KeyPublic
	}
	if own, ok := here.Given[server].Get(); ok {
		keys[own.KeyDigest] = own.KeyPublic
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
