package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// comparer is a replica that compares the host of its source with the common name of the certificate, and looks at no alternative name.
type comparer struct {
	link   Link
	reader pki.Reader
}

// comparersOf are those of a server's replicas: receivers of MySQL up to 5.7, and of wolfSSL where they call it by an address, where they are told to compare at all.
func comparersOf(c topology.Cluster, f facts.Facts, links []Link, server topology.ServerName) []comparer {
	if c.TLS.Verify != topology.VerifyIdentity {
		return nil
	}
	var found []comparer
	for _, l := range links {
		if reader := readerOf(f, l.Channel.Server).Calling(l.Host); l.Source == server && reader.CommonNameOnly {
			found = append(found, comparer{link: l, reader: reader})
		}
	}
	return found
}

// CommonNames are the hosts by which replicas call a server that compare them with the common name of its certificate, byte by byte, and look
// at nothing else. A certificate has room for one, of 64 bytes.
func CommonNames(c topology.Cluster, f facts.Facts, links []Link, server topology.ServerName) []string {
	var names []string
	for _, comparer := range comparersOf(c, f, links, server) {
		names = append(names, comparer.link.Host)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// commonName is what a replica compares with the host, where one looks at nothing else; otherwise what the certificate is always called.
func (b *basis) commonName(s topology.Server) string {
	return cmp.Or(b.comparedName(s), b.cluster.CommonName(s))
}

// comparedName is the common name that the certificate of a server must have; empty where any will do.
func (b *basis) comparedName(s topology.Server) string {
	if names := CommonNames(b.cluster, b.facts, b.links, s.Name); len(names) > 0 && !b.ownFiles() {
		return names[0]
	}
	return ""
}

// comparedDefects tells where no common name will do.
func (b *basis) comparedDefects() []defect {
	var defects []defect
	for _, s := range b.cluster.Servers {
		for _, bad := range BadCommonNames(b.cluster, b.facts, b.links, s.Name) {
			defects = append(defects, defectOf(bad.Target, pki.Told{Code: pki.CodeNameNotCommon, Reason: bad.Why, Cure: bad.Hint}))
		}
	}
	return defects
}

// BadCommonNames are the replicas that no certificate of the server would satisfy: those that call it by another name than the first of
// them, or by one that is too long for a common name.
func BadCommonNames(c topology.Cluster, f facts.Facts, links []Link, server topology.ServerName) []Blocked {
	const chain = ", or check the chain alone (tls.verify: chain)"
	var bad []Blocked
	comparers := comparersOf(c, f, links, server)
	for _, comparer := range comparers {
		host, first := comparer.link.Host, comparers[0].link
		switch {
		case pki.CommonName("", string(server), host) != host:
			bad = append(bad, blocked(comparer, "let it connect to a shorter name"+chain,
				"it calls %s %s, which is too long for a common name (64 bytes), and %s looks at nothing else", server, host, comparer.reader.Who))
		case host != first.Host:
			bad = append(bad, blocked(comparer, "let both connect to the same name"+chain,
				"it calls %s %s, and %s calls it %s: a certificate has one common name, and %s looks at nothing else",
				server, host, first.Channel, first.Host, comparer.reader.Who))
		}
	}
	return bad
}

func blocked(who comparer, hint, format string, args ...any) Blocked {
	return Blocked{Target: who.link.Channel.Server, Why: fmt.Sprintf(format, args...), Hint: hint}
}
