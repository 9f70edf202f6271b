package plan

import (
	"fmt"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// shown is what a receiver presents now: in its trial login, or else by the set in use on its host.
func shown(f facts.Facts) func(Link) (identity, *Blocked) {
	return func(l Link) (identity, *Blocked) {
		server := f.Server(l.Channel.Server)
		if trial, ok := server.Trials[l.Channel.Name].Get(); ok && trial.Subject != "" {
			return identity{Issuer: trial.Issuer, Subject: trial.Subject}, nil
		}
		dir := server.TLSDir
		set, used := dir.Or(facts.TLSDir{}).CurrentSet()
		if !used {
			seen := server.Trials[l.Channel.Name]
			return identity{}, &Blocked{
				Target: l.Channel.Server, Hint: seen.Hint(), Unseen: true,
				Why: "which certificate its receiver presents is not known: " + seen.Why(),
			}
		}
		return identityIn(l.Channel.Server, set.Cert)
	}
}

func identityIn(server topology.ServerName, cert string) (identity, *Blocked) {
	leaf, _, err := pki.ParseLeaf([]byte(cert))
	if err != nil {
		return identity{}, &Blocked{Target: server, Why: fmt.Sprintf("its certificate: %v", err)}
	}
	return identity{Issuer: pki.IssuerOneLine(leaf), Subject: pki.SubjectOneLine(leaf)}, nil
}

// willShow is what the receiver of a link presents when the plan has been carried out.
func (b *builder) willShow(l Link) (identity, *Blocked) {
	server := b.server(l.Channel.Server)
	if b.cluster.TLS.Source == topology.SourceFiles {
		if given, ok := b.facts.Store.Or(facts.Store{}).Given[server.Name].Get(); ok {
			return identityIn(server.Name, given.Cert)
		}
	}
	version := b.sets[server.Name]
	dir := b.facts.Server(server.Name).TLSDir.Or(facts.TLSDir{})
	if set, used := dir.CurrentSet(); used && dir.Current == version {
		return identityIn(server.Name, set.Cert)
	}
	if issued, ok := b.facts.Store.Or(facts.Store{}).Leaves[server.Name][version]; ok {
		return identityIn(server.Name, issued.Cert)
	}
	return b.willIssue(server)
}

// willIssue is what a certificate that is still to be issued will tell.
func (b *builder) willIssue(server topology.Server) (identity, *Blocked) {
	ca := b.facts.Store.Or(facts.Store{}).CA
	text, ok := ca.Get()
	if !ok {
		return identity{}, &Blocked{
			Target: Here, Hint: "make it first: replssl pki init; or apply with account.require: x509 once, and raise it afterwards",
			Why: fmt.Sprintf("account.require: %s demands the name of the certificate authority, and there is none yet", b.cluster.Account.Require),
		}
	}
	bundle, err := pki.ParseBundle([]byte(text))
	if err != nil || len(bundle) != 1 {
		return identity{}, &Blocked{
			Target: Here, Hint: fmt.Sprintf("issue it first: replssl pki issue %s", server.Name),
			Why: fmt.Sprintf("which of the authorities in the local folder will issue the certificate of %s cannot be told", server.Name),
		}
	}
	name := pki.CommonName(bundle[0].Subject.CommonName, string(server.Name), b.commonName(server))
	return identity{Issuer: pki.SubjectOneLine(bundle[0]), Subject: pki.SubjectOf(name)}, nil
}
