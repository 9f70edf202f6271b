package pkistore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/remote/secret"
)

var (
	errNeither = errors.New("neither file is there")
	sesame     = secret.New("open sesame")
	wrong      = secret.New("open barley")
)

// quick lets a passphrase be tried in no time.
func quick(s Store) Store {
	s.work = 1
	return s
}

// again is the folder as another run finds it.
func again(s Store) Store { return quick(Open(s.dir)) }

// otherMeans have another key than those of the tests.
func otherMeans() pki.Means {
	other := means()
	other.NewKey = pki.NewKeys(pki.P256)
	return other
}

func sealed(t *testing.T) Store {
	t.Helper()
	store := quick(withCA(t))
	if err := store.Seal(sesame); err != nil {
		t.Fatal(err)
	}
	return again(store)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestASealedKeyIssuesOnceItIsOpened(t *testing.T) {
	store := sealed(t)
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, []string{".", "ca-key.pem.age", "ca.pem"}) {
		t.Errorf("got %q", got)
	}
	checkMode(t, store.path(SealedKeyFile), 0o600)
	state := store.State()
	if state.CAKey.Presence != Known || !state.CAKey.Sealed || state.CAKey.Rest || !state.CAKey.Cert.Equal(state.CA.Bundle[0]) || !store.IsLocked() {
		t.Errorf("got %+v", state.CAKey)
	}
	var locked *SealedError
	if _, err := store.Issue(1, means(), request("db1")); !errors.As(err, &locked) || locked.Path != store.path(SealedKeyFile) {
		t.Errorf("got %v", err)
	}
	for _, passphrase := range []secret.Text{wrong, {}} {
		if err := store.Unlock(passphrase); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("got %v", err)
		}
	}
	if err := store.Unlock(sesame); err != nil || store.IsLocked() {
		t.Fatal(err)
	}
	issue(t, store, "db1", 1)
	if text := fmt.Sprintf("%+v %#v %+v", store, store, store.open.keys); strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, "sesame") {
		t.Error("a secret is printed")
	}
}

func TestUnsealingGivesTheSameFileBack(t *testing.T) {
	store := quick(withCA(t))
	before := read(t, store.path(caKeyFile))
	if err := store.Seal(sesame); err != nil {
		t.Fatal(err)
	}
	if err := store.Seal(sesame); !errors.Is(err, fs.ErrExist) {
		t.Errorf("sealed twice: %v", err)
	}
	if err := again(store).Unseal(wrong); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("got %v", err)
	}
	if err := again(store).Unseal(sesame); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, []string{".", "ca-key.pem", "ca.pem"}) || read(t, store.path(caKeyFile)) != before {
		t.Errorf("got %q", got)
	}
	if err := store.Unseal(sesame); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unsealed twice: %v", err)
	}
}

// A run that ended between the two files leaves both: the key can be used, and either command ends what was begun.
func TestWhatWasCutShortIsEnded(t *testing.T) {
	for name, end := range map[string]func(Store) error{
		"seal":   func(s Store) error { return s.Seal(sesame) },
		"unseal": func(s Store) error { return s.Unseal(sesame) },
	} {
		store := quick(withCA(t))
		plain := read(t, store.path(caKeyFile))
		if err := store.Seal(sesame); err != nil {
			t.Fatal(err)
		}
		writeFile(t, store.path(caKeyFile), plain, 0o600)
		store = again(store)
		if state := store.State(); state.CAKey.Presence != Known || state.CAKey.Sealed || !state.CAKey.Rest || state.CAKey.Cert == nil || store.IsLocked() {
			t.Errorf("got %+v", state.CAKey)
		}
		if err := store.Seal(wrong); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("%s: another passphrase: %v", name, err)
		}
		if got := tree(t, store.Dir()); len(got) != 4 {
			t.Errorf("%s: a wrong passphrase has changed the folder: %q", name, got)
		}
		if err := end(store); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if state := store.State(); state.CAKey.Presence != Known || state.CAKey.Rest || state.CAKey.Sealed != (name == "seal") {
			t.Errorf("%s: got %+v", name, state.CAKey)
		}
	}
}

func TestTheKeyOfAnotherAuthorityStays(t *testing.T) {
	store, other := quick(withCA(t)), quick(newStore(t))
	if _, err := other.CreateSealedCA(otherMeans(), "other", sesame); err != nil {
		t.Fatal(err)
	}
	writeFile(t, store.path(SealedKeyFile), read(t, other.path(SealedKeyFile)), 0o600)
	before := read(t, store.path(caKeyFile))
	for _, err := range []error{store.Seal(sesame), store.Unseal(sesame)} {
		if err == nil || !strings.Contains(err.Error(), "holds another key") {
			t.Errorf("got %v", err)
		}
	}
	if read(t, store.path(caKeyFile)) != before || read(t, store.path(SealedKeyFile)) != read(t, other.path(SealedKeyFile)) {
		t.Error("a key is lost")
	}
	if err := os.Remove(store.path(caKeyFile)); err != nil {
		t.Fatal(err)
	}
	store = again(store)
	if err := store.Unlock(sesame); err != nil {
		t.Fatal(err)
	}
	if state := store.State(); state.CAKey.Presence != Unknown || !strings.Contains(state.CAKey.Why, "does not belong") {
		t.Errorf("got %+v", state.CAKey)
	}
}

// TestOneOfTheTwoIsAlwaysThere watches the folder while the key goes to and fro.
func TestOneOfTheTwoIsAlwaysThere(t *testing.T) {
	store := quick(withCA(t))
	over, result := make(chan struct{}), make(chan error)
	go func() {
		for looks := 0; ; looks++ {
			if !eitherIsThere(store) {
				result <- errNeither
				return
			}
			select {
			case <-over:
				result <- nil
				return
			default:
			}
		}
	}()
	for range 20 {
		if err := errors.Join(store.Seal(sesame), store.Unseal(sesame)); err != nil {
			t.Error(err)
		}
	}
	close(over)
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// eitherIsThere looks at them in both orders: between two looks the one may have gone and the other come.
func eitherIsThere(store Store) bool {
	for _, name := range []string{caKeyFile, SealedKeyFile, caKeyFile, SealedKeyFile} {
		if there, _ := isThere(store.path(name)); there {
			return true
		}
	}
	return false
}

func TestASealedAuthorityIsMade(t *testing.T) {
	store := quick(newStore(t))
	if _, err := store.CreateSealedCA(means(), "orders", secret.Text{}); err == nil {
		t.Error("an empty passphrase was taken")
	}
	if _, err := store.CreateSealedCA(means(), "orders", sesame); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, []string{".", "ca-key.pem.age", "ca.pem"}) {
		t.Errorf("got %q", got)
	}
	issue(t, store, "db1", 1) // the passphrase was given just now
	if _, err := again(store).CreateSealedCA(means(), "orders", sesame); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}

// A run that ended after the sealed key, before the certificate.
func TestASealedKeyWithoutCertificateIsUsed(t *testing.T) {
	store := sealed(t)
	if err := os.Remove(store.path(caFile)); err != nil {
		t.Fatal(err)
	}
	if state := store.State(); state.CAKey.Presence != Known || !state.CAKey.Sealed || state.CAKey.Cert != nil {
		t.Errorf("got %+v", state.CAKey)
	}
	var locked *SealedError
	if _, err := store.CreateCA(means(), "orders"); !errors.As(err, &locked) {
		t.Errorf("got %v", err)
	}
	before := read(t, store.path(SealedKeyFile))
	if err := store.Unlock(sesame); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateCA(means(), "orders"); err != nil || read(t, store.path(SealedKeyFile)) != before {
		t.Errorf("got %v", err)
	}
	issue(t, store, "db1", 1)
}

// A run that ended after the key, before the certificate, and did not seal.
func TestAKeyLeftUnsealedIsSealed(t *testing.T) {
	store := quick(withCA(t))
	if err := os.Remove(store.path(caFile)); err != nil {
		t.Fatal(err)
	}
	if got := again(store).LeftKind(); got != string(pki.RSA2048) {
		t.Errorf("got %q", got)
	}
	if _, err := again(store).CreateSealedCA(means(), "orders", sesame); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, []string{".", "ca-key.pem.age", "ca.pem"}) {
		t.Errorf("got %q", got)
	}
	if err := again(store).Unlock(sesame); err != nil || store.LeftKind() != "" {
		t.Errorf("got %v", err)
	}
}

// A run that died right after the key got its name has left it under that of its unfinished file too.
func TestNoOtherNameOfAKeyStays(t *testing.T) {
	for name, do := range map[string]func(Store) error{
		"seal": func(s Store) error { return s.Seal(sesame) },
		"unseal": func(s Store) error {
			return errors.Join(s.Seal(sesame), left(s, SealedKeyFile, ".new-2"), s.Unseal(sesame))
		},
		"issue": func(s Store) error {
			writeFile(t, s.path("db1", ".new-3", keyFile), "half", 0o600)
			_, err := s.Issue(1, means(), request("db1"))
			return err
		},
	} {
		store := quick(withCA(t))
		if err := errors.Join(left(store, caKeyFile, ".new-1"), do(store)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, path := range tree(t, store.Dir()) {
			if strings.Contains(path, ".new-") {
				t.Errorf("%s: left over: %s", name, path)
			}
		}
	}
}

func left(s Store, name, other string) error { return os.Link(s.path(name), s.path(other)) }

func TestAKeyThatAPersonLinkedIsNotSealed(t *testing.T) {
	store := quick(withCA(t))
	if err := left(store, caKeyFile, "copy"); err != nil {
		t.Fatal(err)
	}
	var linked *LinkedError
	if err := store.Seal(sesame); !errors.As(err, &linked) || !strings.Contains(linked.Hint(), "-samefile "+store.path(caKeyFile)) {
		t.Errorf("got %v", err)
	}
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, []string{".", "ca-key.pem", "ca.pem", "copy"}) {
		t.Errorf("got %q", got)
	}
}

// What another run is about to finish stays.
func TestASetInTheMakingStays(t *testing.T) {
	store := quick(withCA(t))
	writeFile(t, store.path("db1", ".new-4", keyFile), "half", 0o600)
	lock, err := locked(store.path("db1", ".new-4"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	issue(t, store, "db1", 1)
	if got := read(t, store.path("db1", ".new-4", keyFile)); got != "half" {
		t.Errorf("got %q", got)
	}
}

func TestOfSeveralAuthoritiesTheSealedKeyIsKnownOnceOpened(t *testing.T) {
	store := sealed(t)
	other, err := pki.NewAuthority(otherMeans(), "other")
	if err != nil {
		t.Fatal(err)
	}
	own := store.State().CA.Bundle[0]
	writeFile(t, store.path(caFile), string(pki.EncodeCert(other.Cert, own)), 0o644)
	if state := store.State(); state.CAKey.Presence != Known || state.CAKey.Cert != nil {
		t.Errorf("got %+v", state.CAKey)
	}
	if err := store.Unlock(sesame); err != nil {
		t.Fatal(err)
	}
	if state := store.State(); state.CAKey.Presence != Known || !state.CAKey.Cert.Equal(own) {
		t.Errorf("got %+v", state.CAKey)
	}
}

func TestSealedFilesThatNoPassphraseOpens(t *testing.T) {
	store := sealed(t)
	good := read(t, store.path(SealedKeyFile))
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var forKey strings.Builder
	into, err := age.Encrypt(&forKey, identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"": "damaged", "-----BEGIN AGE ENCRYPTED FILE-----\n": "damaged", good[:60]: "damaged", forKey.String(): "sealed for a key of age",
	} {
		writeFile(t, store.path(SealedKeyFile), text, 0o600)
		state := store.State()
		if err := store.Unlock(sesame); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrWrongPassphrase) ||
			state.CAKey.Presence != Unknown || !strings.Contains(state.CAKey.Why, want) {
			t.Errorf("%q: %v, %+v", text, err, state.CAKey)
		}
	}
	writeFile(t, store.path(SealedKeyFile), good, 0o600)
	if err := os.Chmod(store.path(SealedKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	var open *ModeError
	if err := store.Unlock(sesame); !errors.As(err, &open) {
		t.Errorf("got %v", err)
	}
}

// What age makes by itself, without armor, is read too.
func TestWhatAgeMadeIsRead(t *testing.T) {
	store := quick(withCA(t))
	recipient, err := age.NewScryptRecipient("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(1)
	var file strings.Builder
	into, err := age.Encrypt(&file, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := into.Write([]byte(read(t, store.path(caKeyFile)))); err != nil {
		t.Fatal(err)
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, store.path(SealedKeyFile), file.String(), 0o600)
	if err := os.Remove(store.path(caKeyFile)); err != nil {
		t.Fatal(err)
	}
	if err := store.Unlock(sesame); err != nil {
		t.Fatal(err)
	}
	issue(t, store, "db1", 1)
}
