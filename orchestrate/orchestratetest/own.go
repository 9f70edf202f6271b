package orchestratetest

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// own are the servers' own files, which somebody else made. They lie there whether the inventory takes them or not.
type own struct {
	authority pki.Authority
	means     pki.Means
	sets      map[topology.ServerName]facts.Value[facts.Leaf]
}

func newOwn(cluster topology.Cluster, means pki.Means) own {
	means.Random = &counter{}
	o := own{means: means, sets: map[topology.ServerName]facts.Value[facts.Leaf]{}}
	o.newAuthority("corporate")
	for _, s := range cluster.Servers {
		o.issue(s.Name, s.Address)
	}
	return o
}

func (o *own) newAuthority(name string) {
	authority, err := pki.NewAuthority(o.means, name)
	if err != nil {
		panic(err)
	}
	o.authority = authority
}

// issue makes the own files of a server anew: the certificate for a host, and the authority of now as the bundle.
func (o *own) issue(server topology.ServerName, host string) {
	dns, ips := pki.SplitNames([]string{host})
	made, err := o.authority.Issue(o.means, pki.LeafRequest{Server: string(server), DNS: dns, IPs: ips})
	if err != nil {
		panic(err)
	}
	o.sets[server] = facts.Known(facts.Leaf{
		CA: string(pki.EncodeCert(o.authority.Cert)), Cert: string(made.CertPEM()), KeyPublic: pki.KeyFingerprint(made.Cert),
		KeyDigest: fmt.Sprintf("%s own key %s", server, made.Cert.SerialNumber),
	})
}

// NewOwn makes the own files of a server anew, by the same authority.
func (w *World) NewOwn(server topology.ServerName) *World {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, _ := w.cluster.Server(server)
	w.own.issue(server, s.Address)
	return w
}

// NewOwnAuthority makes the own files of all servers anew, by another authority, which alone is in their bundles.
func (w *World) NewOwnAuthority() *World {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own.newAuthority("other")
	for _, s := range w.cluster.Servers {
		w.own.issue(s.Name, s.Address)
	}
	return w
}

// Own changes what is seen of a server's own files.
func (w *World) Own(server topology.ServerName, change func(*facts.Value[facts.Leaf])) *World {
	w.mu.Lock()
	defer w.mu.Unlock()
	set := w.own.sets[server]
	change(&set)
	w.own.sets[server] = set
	return w
}

// toInstall is what an action lays down: an issued set, or the server's own files as long as they are those of the plan.
func (w *World) toInstall(a plan.InstallSet) (facts.FileSet, error) {
	if a.Given == "" {
		l, ok := w.leaves[a.Server][a.Version]
		if !ok {
			return facts.FileSet{}, fmt.Errorf("certificate %d of %s is not issued", a.Version, a.Server)
		}
		return facts.FileSet{CA: l.ca, Cert: l.cert, KeyDigest: l.key, KeyPublic: facts.Known(l.public), Readable: facts.Known(true)}, nil
	}
	set, ok := w.own.sets[a.Server].Get()
	if !ok || set.Digest() != a.Given {
		return facts.FileSet{}, fmt.Errorf("the files of %s have changed since the plan was made", a.Server)
	}
	return facts.FileSet{
		CA: set.CA, Cert: set.Cert, CRL: set.CRL, KeyDigest: set.KeyDigest, KeyPublic: facts.Known(set.KeyPublic), Readable: facts.Known(true),
	}, nil
}
