package plan

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// made is the certificate of a version of the local folder; nil where it cannot be read.
func (b *basis) made(s topology.Server, version int) *x509.Certificate {
	return leafIn(b.facts.Store.Or(facts.Store{}).Leaves[s.Name][version].Cert)
}

// inUse is the certificate of the set in use on the host; nil where there is none that can be read.
func (b *basis) inUse(s topology.Server) *x509.Certificate {
	set, _ := b.dir(s).CurrentSet()
	return leafIn(set.Cert)
}

func leafIn(text string) *x509.Certificate {
	cert, _, err := pki.ParseLeaf([]byte(text))
	if err != nil {
		return nil
	}
	return cert
}

// whatIsIssued says of a certificate that a person has issued how long it is good, and for whom.
func whatIsIssued(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	return fmt.Sprintf("; it is good until %s for %s", cert.NotAfter.UTC().Format(time.DateOnly), namesOf(cert))
}

func namesOf(cert *x509.Certificate) string {
	return pki.Printable(strings.Join(pki.AlternativeNames(cert), ", "))
}

// warnOfIssued tells what is lost with a certificate that a person has issued to replace another: time, or names.
func (b *builder) warnOfIssued(s topology.Server, version int) {
	next, now := b.made(s, version), b.inUse(s)
	if next == nil || now == nil {
		return
	}
	what := fmt.Sprintf("certificate set %d of %s, which was issued to replace set %d,", version, s.Name, b.currentSet(s))
	again := "to issue another: replssl pki issue " + string(s.Name)
	until := next.NotAfter.UTC().Format(time.RFC3339)
	switch left := next.NotAfter.Sub(b.facts.At); {
	case next.NotAfter.Before(now.NotAfter):
		b.warnOf(s.Name, "%s expires earlier: at %s, not at %s; %s", what, until, now.NotAfter.UTC().Format(time.RFC3339), again)
	case left < pki.SoonLeft:
		b.warnOf(s.Name, "%s expires soon, at %s; %s", what, until, again)
	}
	names := pki.AlternativeNames(next)
	lost := slices.DeleteFunc(pki.AlternativeNames(now), func(name string) bool { return slices.Contains(names, name) })
	if len(lost) > 0 {
		b.warnOf(s.Name, "%s is not for %s any more; %s --name %s", what, pki.Printable(strings.Join(lost, ", ")), again,
			pki.Printable(strings.Join(lost, " --name ")))
	}
}
