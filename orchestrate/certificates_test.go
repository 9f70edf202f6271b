package orchestrate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/pkistore"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/remote/secret"
)

func creates() plan.Plan {
	return plan.Plan{Steps: []plan.Step{{Actions: []plan.Action{plan.CreateAuthority{Cluster: "orders", Key: pki.P256}}}}}
}

// TestAnAuthorityIsSealedWhereThePassphraseHasAPlace makes it as a run does: by the session's store, after Unlock.
func TestAnAuthorityIsSealedWhereThePassphraseHasAPlace(t *testing.T) {
	for _, seals := range []bool{true, false} {
		given := func(context.Context, string, bool) (secret.Text, error) { return secret.New("open sesame"), nil }
		s := Open(Config{PKI: filepath.Join(t.TempDir(), "pki"), Now: time.Now, Passphrase: given, Seals: seals})
		if err := s.Unlock(t.Context(), creates()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.CreateCA(s.means(pki.P256), "orders"); err != nil {
			t.Fatal(err)
		}
		if key := s.Folder().CAKey; key.Sealed != seals || key.Presence != pkistore.Known {
			t.Errorf("a place is named: %v: %+v", seals, key)
		}
	}
}

func TestNoAuthorityIsMadeWhereThePassphraseCannotBeHad(t *testing.T) {
	none := errors.New("no such file")
	s := Open(Config{
		PKI: filepath.Join(t.TempDir(), "pki"), Now: time.Now, Seals: true,
		Passphrase: func(context.Context, string, bool) (secret.Text, error) { return secret.Text{}, none },
	})
	if err := s.Unlock(t.Context(), creates()); !errors.Is(err, none) || !strings.HasSuffix(err.Error(), "; nothing was changed") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(s.store.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAKeyOfAnotherKindThatWasLeftIsTold(t *testing.T) {
	s := Open(Config{PKI: filepath.Join(t.TempDir(), "pki"), Now: time.Now})
	if err := s.CreateAuthority(t.Context(), pki.P256, secret.Text{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.store.Dir(), "ca.pem")); err != nil {
		t.Fatal(err)
	}
	err := s.CreateAuthority(t.Context(), pki.RSA2048, secret.Text{})
	if err == nil || !strings.Contains(err.Error(), "it is ECDSA P-256, not RSA 2048; nothing was changed") {
		t.Errorf("got %v", err)
	}
	if err := s.CreateAuthority(t.Context(), "", secret.Text{}); err != nil {
		t.Error(err)
	}
}
