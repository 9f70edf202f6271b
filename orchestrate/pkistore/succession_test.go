package pkistore

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stands tells what a folder says of its authorities, as another run finds it: how many ca.pem holds, whether each part of it is the same as at
// the beginning, and which one issues.
func stands(t *testing.T, s Store, old string) string {
	t.Helper()
	state := again(s).State()
	if state.CA.Presence != Known || state.Next.Presence == Unknown || state.Former.Presence == Unknown || state.Why != "" {
		t.Fatalf("%+v", state)
	}
	var said []string
	for _, cert := range state.CA.Bundle {
		who := "new"
		if cert.Subject.CommonName == old {
			who = "old"
		}
		if state.CAKey.Cert != nil && cert.Equal(state.CAKey.Cert) {
			who += " issues"
		}
		said = append(said, who)
	}
	if state.Next.Presence == Known {
		said = append(said, "next")
	}
	if state.Former.Presence == Known {
		said = append(said, "former")
	}
	return strings.Join(said, ", ")
}

func nameOf(t *testing.T, s Store) string {
	t.Helper()
	return s.State().CA.Bundle[0].Subject.CommonName
}

func TestSuccession(t *testing.T) {
	for name, begin := range map[string]func(*testing.T) Store{
		"a key in the clear": func(t *testing.T) Store { return withCA(t) },
		"a sealed key":       func(t *testing.T) Store { return sealed(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t)
			isSealed := s.IsLocked()
			old := nameOf(t, s)
			open := func() Store {
				store := again(s)
				for _, one := range []Store{store, store.Next()} {
					if one.IsLocked() {
						check(t, one.Unlock(sesame))
					}
				}
				return store
			}
			for _, step := range []struct {
				do   func(Store) error
				want string
			}{
				{func(s Store) error { return s.Prepare(otherMeans(), "orders") }, "old issues, new, next"},
				{Store.Promote, "old, new issues, former"},
				{Store.Retire, "new issues, former"},
				{Store.Forget, "new issues"},
			} {
				check(t, step.do(open()))
				if got := stands(t, s, old); got != step.want {
					t.Fatalf("it is %q, want %q", got, step.want)
				}
				made := issue(t, open(), "db1", again(s).State().Server("db1").Next())
				if err := made.Cert.CheckSignatureFrom(again(s).State().CAKey.Cert); err != nil {
					t.Errorf("after %q: %v", step.want, err)
				}
				if want := step.want == "new issues, former" || step.want == "new issues"; (len(made.Bundle) == 1) != want {
					t.Errorf("after %q a set trusts %d", step.want, len(made.Bundle))
				}
			}
			name := caKeyFile
			if isSealed {
				name = SealedKeyFile
			}
			if got := tree(t, s.Dir()); !reflect.DeepEqual(got[:3], []string{".", name, "ca.pem"}) || !strings.HasPrefix(got[3], "db1") {
				t.Errorf("left are %q", got)
			}
		})
	}
}

// TestSuccessionsThatDied: each step is ended by doing it again, wherever it was cut short.
func TestSuccessionsThatDied(t *testing.T) {
	prepare := func(s Store) error { return s.Prepare(otherMeans(), "orders") }
	for name, c := range map[string]struct {
		before []func(Store) error
		died   func(t *testing.T, s Store)
		step   func(Store) error
		want   string
	}{
		"with a key and no certificate": {nil, func(t *testing.T, s Store) {
			check(t, os.MkdirAll(s.Next().dir, 0o700))
			key, err := otherMeans().NewKey()
			check(t, err)
			text, err := pki.EncodeKey(key)
			check(t, err)
			check(t, s.Next().writeKey(text))
		}, prepare, "old issues, new, next"},
		"before ca.pem held both": {nil, func(t *testing.T, s Store) {
			_, err := s.Next().CreateCA(otherMeans(), "orders")
			check(t, err)
		}, prepare, "old issues, new, next"},
		"with the former key kept": {[]func(Store) error{prepare}, func(t *testing.T, s Store) {
			check(t, makeDir(s.former().dir))
			check(t, os.Link(s.path(caKeyFile), s.former().path(caKeyFile)))
		}, Store.Promote, "old, new issues, former"},
		"with the key moved": {[]func(Store) error{prepare}, func(t *testing.T, s Store) {
			cert, err := s.Next().onlyCert()
			check(t, err)
			check(t, s.keepFormer(s.former(), cert))
			check(t, s.takeKey(s.Next(), caKeyFile))
		}, Store.Promote, "old, new issues, former"},
		"with the former key removed": {[]func(Store) error{prepare, Store.Promote, Store.Retire}, func(t *testing.T, s Store) {
			check(t, os.Remove(s.former().path(caKeyFile)))
		}, Store.Forget, "new issues"},
	} {
		t.Run(name, func(t *testing.T) {
			s := withCA(t)
			old := nameOf(t, s)
			for _, step := range c.before {
				check(t, step(s))
			}
			c.died(t, s)
			for range 2 {
				if err := c.step(again(s)); err != nil && !errors.Is(err, errNoSuccession) {
					t.Fatal(err)
				}
				if got := stands(t, s, old); got != c.want {
					t.Fatalf("it is %q, want %q", got, c.want)
				}
			}
		})
	}
}

// TestASuccessionAfterOneThatDiedAtItsEnd: what a promotion has left is not taken for the authority that is to succeed.
func TestASuccessionAfterOneThatDiedAtItsEnd(t *testing.T) {
	s := withCA(t)
	check(t, s.Prepare(otherMeans(), "orders"))
	cert, err := s.Next().onlyCert()
	check(t, err)
	check(t, s.keepFormer(s.former(), cert))
	check(t, s.takeKey(s.Next(), caKeyFile))
	check(t, s.Retire())
	check(t, s.Forget())
	check(t, s.Prepare(otherMeans(), "orders"))
	if state := s.State(); len(state.CA.Bundle) != 2 || state.Next.Bundle[0].Equal(cert) {
		t.Errorf("the authority %s is to succeed itself", cert.Subject)
	}
}

// TestSuccessionOfAnOpenKeyByASealedOne: where the forms differ there is a moment without a key in its place, which the next run ends.
func TestSuccessionOfAnOpenKeyByASealedOne(t *testing.T) {
	s := quick(withCA(t))
	old := nameOf(t, s)
	s.SealWith(secret.New([]byte(sesame.Reveal())))
	check(t, s.Prepare(otherMeans(), "orders"))
	if got := stands(t, s, old); got != "old issues, new, next" {
		t.Errorf("it is %q", got)
	}
	check(t, again(s).Promote())
	if got := stands(t, s, old); got != "old, new issues, former" {
		t.Errorf("it is %q", got)
	}
	if _, err := os.Lstat(filepath.Join(s.Dir(), caKeyFile)); !os.IsNotExist(err) {
		t.Errorf("the former key is still there in the clear: %v", err)
	}
}

func TestNothingSucceeds(t *testing.T) {
	s := withCA(t)
	for _, step := range []func() error{s.Promote, s.Retire} {
		if err := step(); !errors.Is(err, errNoSuccession) {
			t.Errorf("got %v", err)
		}
	}
	check(t, s.Forget())
}
