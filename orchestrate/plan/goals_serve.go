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
		return no("%s offers no TLS", g.Server).hinting(fmt.Sprintf("the error log of %s tells why, where it could not use its certificate", g.Server))
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
