package plan

import (
	"fmt"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// ServesValid holds when the server shows a certificate in a handshake that is valid now, whoever made it; where it uses a set of its TLS dir,
// the one of the set.
type ServesValid struct{ Server topology.ServerName }

func (ServesValid) condition() {}

// Look needs the files and a handshake.
func (g ServesValid) Look() facts.Look {
	return lookAt(g.Server, facts.PartFiles|facts.PartServed)
}

func (g ServesValid) String() string {
	return fmt.Sprintf("%s shows a certificate in a handshake that is valid now, that of its set where it has one", g.Server)
}

// Holds judges the certificate.
func (g ServesValid) Holds(f facts.Facts) Verdict {
	seen := f.Server(g.Server).ServedTLS
	served, ok := seen.Get()
	switch {
	case seen.IsAbsent():
		return no("%s offers no TLS", g.Server).hinting(whyNoTLS(g.Server, f.Server(g.Server).Settings))
	case !ok:
		return notSeen(seen, "what %s serves", g.Server)
	}
	dir, ok := f.Server(g.Server).TLSDir.Get()
	if !ok {
		return notSeen(f.Server(g.Server).TLSDir, "the TLS dir of %s", g.Server)
	}
	if dir.Current != 0 {
		return all(validNow(g.Server, served, f.At), Serves{Server: g.Server}.Holds(f))
	}
	return validNow(g.Server, served, f.At)
}

// whyNoTLS tells where to look: a server that was given no certificate has nothing to complain of in its log.
func whyNoTLS(server topology.ServerName, seen facts.Value[facts.TLSSettings]) string {
	if running, ok := seen.Get(); ok && running.Cert == "" {
		return fmt.Sprintf("%s runs without a certificate: what its option files say counts from its next start on", server)
	}
	return fmt.Sprintf("the error log of %s tells why, where it could not use its certificate", server)
}

func validNow(server topology.ServerName, served facts.ServedTLS, now time.Time) Verdict {
	leaf, _, err := pki.ParseLeaf([]byte(served.Chain))
	switch {
	case err != nil:
		return no("%s shows a certificate that cannot be read: %v", server, err)
	case now.Before(leaf.NotBefore):
		return no("the certificate that %s serves, %s, is valid only from %s on", server, pki.SubjectOneLine(leaf), leaf.NotBefore.UTC().Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		return no("the certificate that %s serves, %s, has expired at %s", server, pki.SubjectOneLine(leaf), leaf.NotAfter.UTC().Format(time.RFC3339)).
			hinting("apply issues and serves a new one")
	}
	return yes()
}
