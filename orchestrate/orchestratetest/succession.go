package orchestratetest

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
)

// bundleHere are the authorities of the local folder, in the order in which they came.
func (w *World) bundleHere() string {
	var bundle []*x509.Certificate
	if w.former != nil && !w.retired {
		bundle = append(bundle, w.former.Cert)
	}
	bundle = append(bundle, w.authority.Cert)
	if w.next != nil {
		bundle = append(bundle, w.next.Cert)
	}
	return string(pki.EncodeCert(bundle...))
}

func (w *World) prepareAuthority(a plan.PrepareAuthority) error {
	if w.authority == nil {
		return errors.New("there is no authority to succeed")
	}
	if w.next != nil {
		return nil
	}
	next, err := pki.NewAuthority(w.by(a.Key), a.Cluster)
	if err != nil {
		return err
	}
	w.next = &next
	return nil
}

func (w *World) promoteAuthority() error {
	if w.next == nil {
		return errors.New("no authority waits to succeed the one that is there")
	}
	w.former, w.authority, w.next, w.retired = w.authority, w.next, nil, false
	return nil
}

func (w *World) trustSet(a plan.TrustSet) error {
	s := w.servers[a.Server]
	set, ok := s.dir.Sets[a.From]
	if !ok || len(set.Faults) > 0 {
		return fmt.Errorf("%s has no complete certificate set %d", s.name, a.From)
	}
	set.CA = w.bundleHere()
	if there, ok := s.dir.Sets[a.Version]; ok && there.Digest() != set.Digest() {
		return fmt.Errorf("%s has another certificate set %d already", s.name, a.Version)
	}
	s.dir.Sets[a.Version] = set
	return nil
}
