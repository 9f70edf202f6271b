package pkistore

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
)

func TestNothingIsParsedTwice(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	issue(t, store, "db2", 1)
	first := store.State()
	again := Store.State(store) // a copy knows it too
	if !reflect.DeepEqual(first, again) {
		t.Errorf("it was %+v, now %+v", first, again)
	}
	for i, server := range again.Servers {
		if server.Versions[0].Cert != first.Servers[i].Versions[0].Cert || &server.Versions[0].Bundle[0] != &again.CA.Bundle[0] {
			t.Errorf("%s was parsed again", server.Name)
		}
	}
	if again.CAKey.Cert != first.CAKey.Cert {
		t.Error("the authority was parsed again")
	}
	if elsewhere := Open(store.Dir()).State(); elsewhere.CA.Bundle[0] == first.CA.Bundle[0] {
		t.Error("one store has what another one parsed")
	}
}

// TestWhatIsKnownIsStillLookedAt: a file that was good once may be so no longer, though size and time are the same.
func TestWhatIsKnownIsStillLookedAt(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	issue(t, store, "db2", 1)
	if state := store.State(); state.CAKey.Presence != Known {
		t.Fatalf("%+v", state)
	}
	spoil(t, store.path("db1", "1", certFile), "MII", "MIJ")
	if version, _ := store.State().Server("db1").Version(1); !strings.Contains(version.Why, certFile) {
		t.Errorf("a spoilt certificate is still known: %+v", version)
	}
	spoil(t, store.path("db1", "1", certFile), "MIJ", "MII")
	if version, _ := store.State().Server("db1").Version(1); version.Why != "" {
		t.Errorf("it is good again: %s", version.Why)
	}
	for _, path := range []string{store.path(caKeyFile), store.path("db2", "1", keyFile)} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	state := store.State()
	if version, _ := state.Server("db2").Version(1); state.CAKey.Presence != Unknown || !strings.Contains(version.Why, "chmod 600") {
		t.Errorf("open keys are still known: %+v, %+v", state.CAKey, version)
	}
}

// spoil changes letters of a file, and neither its size nor its time.
func spoil(t *testing.T, path, from, to string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), info.Mode()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// TestTheOtherKeyOfTheSameAuthority: the two files of an authority are known as a pair, not one by one.
func TestTheOtherKeyOfTheSameAuthority(t *testing.T) {
	store := withCA(t)
	if state := store.State(); state.CAKey.Presence != Known {
		t.Fatalf("%+v", state.CAKey)
	}
	other, err := pki.NewKeys(pki.P256)()
	if err != nil {
		t.Fatal(err)
	}
	text, err := pki.EncodeKey(other)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, store.path(caKeyFile), text.Reveal(), 0o600)
	if state := store.State(); state.CAKey.Presence != Unknown || !strings.Contains(state.CAKey.Why, "does not belong") {
		t.Errorf("%+v", state.CAKey)
	}
}

func TestOnlyWhatIsThereIsKept(t *testing.T) {
	store := withCA(t)
	for number := 1; number <= 4; number++ {
		issue(t, store, "db1", number)
	}
	store.State()
	if kept := store.last.Load(); len(kept.bundles) != 5 || len(kept.keys) != 1 || len(kept.issuers) != 1 { // ca.pem is the same everywhere
		t.Errorf("%d bundles, %d keys, %d issuers", len(kept.bundles), len(kept.keys), len(kept.issuers))
	}
	if err := os.RemoveAll(store.path("db1")); err != nil {
		t.Fatal(err)
	}
	store.State()
	kept := store.last.Load()
	if len(kept.bundles) != 1 || len(kept.keys) != 0 {
		t.Errorf("%d bundles, %d keys", len(kept.bundles), len(kept.keys))
	}
	if text := fmt.Sprintf("%+v", *kept); strings.Contains(text, "PRIVATE KEY") {
		t.Error("a key is kept")
	}
}

// TestLooksAtOnce: any number of looks and issues may go on at a time.
func TestLooksAtOnce(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db0", 1)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for number := 1; number <= 4; number++ {
				if i%2 == 0 {
					if _, err := store.Issue(number, means(), request(fmt.Sprintf("db%d", i+1))); err != nil {
						t.Error(err)
					}
				}
				version, ok := store.State().Server("db0").Version(1)
				if !ok || len(pki.Judge(version.Set(), pki.Want{Now: time.Now()})) > 0 {
					t.Errorf("got %+v", version)
				}
			}
		})
	}
	group.Wait()
	if got := len(store.State().Servers); got != 5 {
		t.Errorf("%d servers", got)
	}
}
