package pkistore

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
)

func TestLookingCreatesNothing(t *testing.T) {
	store := newStore(t)
	if state := store.State(); !reflect.DeepEqual(state, State{}) {
		t.Errorf("got %+v", state)
	}
	if _, err := store.Files("db1", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := store.Issue(1, means(), request("db1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(store.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there (%v)", err)
	}
}

func TestTheLayout(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	issue(t, store, "db1", 2)
	issue(t, store, "db2:3307", 10)
	want := []string{
		".", "ca-key.pem", "ca.pem", "db1", "db1/1", "db1/1/ca.pem", "db1/1/cert.pem", "db1/1/key.pem",
		"db1/2", "db1/2/ca.pem", "db1/2/cert.pem", "db1/2/key.pem", "db2:3307", "db2:3307/10",
		"db2:3307/10/ca.pem", "db2:3307/10/cert.pem", "db2:3307/10/key.pem",
	}
	if got := tree(t, store.Dir()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	for path, mode := range map[string]os.FileMode{
		"": 0o700, "ca.pem": 0o644, "ca-key.pem": 0o600, "db1": 0o700, "db1/1": 0o700, "db1/1/ca.pem": 0o644, "db1/1/cert.pem": 0o644, "db1/1/key.pem": 0o600,
	} {
		checkMode(t, store.path(path), mode)
	}
}

func TestWhatIsIssuedIsReadBack(t *testing.T) {
	store := withCA(t)
	issued := issue(t, store, "db1", 1)
	state := store.State()
	if state.CA.Presence != Known || state.CAKey.Presence != Known || !state.CAKey.Cert.Equal(state.CA.Bundle[0]) || state.Why != "" {
		t.Errorf("the authority: %+v, %+v", state.CA, state.CAKey)
	}
	version, ok := state.Server("db1").Version(1)
	if !ok || !reflect.DeepEqual(version, issued) {
		t.Errorf("got %+v, issued %+v", version, issued)
	}
	want := pki.Want{Names: []string{"db1.example.com", "192.0.2.1"}, Now: time.Now(), MinLeft: time.Hour}
	if found := pki.Judge(version.Set(), want); len(found) > 0 {
		t.Errorf("got %v", found)
	}
	files, err := store.Files("db1", 1)
	if err != nil || digest(files.Cert) != version.CertSHA256 || digest([]byte(files.Key.Reveal())) != version.KeySHA256 || string(files.CA) != state.CA.PEM || string(files.Cert) != version.CertPEM {
		t.Errorf("the files are others (%v)", err)
	}
	if text := fmt.Sprintf("%+v %#v", files, state); strings.Contains(text, "PRIVATE KEY") {
		t.Error("a key is printed")
	}
	if next := state.Server("db1").Next(); next != 2 || state.Server("db9").Next() != 1 {
		t.Errorf("the next version is %d", next)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	before := store.State()
	if _, err := store.CreateCA(means(), "orders"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if _, err := store.Issue(1, means(), request("db1")); !errors.Is(err, fs.ErrExist) ||
		!strings.Contains(err.Error(), "issuing certificate set 1 of db1: ") {
		t.Errorf("got %v", err)
	}
	files := Files{CA: []byte("x"), Cert: []byte("x")}
	if err := createSet(store.path("db1", "1"), files); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a run that did not see the version: %v", err)
	}
	if after := store.State(); !reflect.DeepEqual(before, after) {
		t.Errorf("it was %+v, now %+v", before, after)
	}
	if left := tree(t, store.Dir()); strings.Contains(strings.Join(left, " "), ".new") {
		t.Errorf("left behind: %q", left)
	}
}

// A run that ended after the key was written, before the certificate was. The next one may make keys of another kind.
func TestKeyWithoutCertificateIsUsed(t *testing.T) {
	for _, kind := range []pki.KeyKind{pki.RSA2048, pki.P256} {
		t.Run(string(kind), func(t *testing.T) { keyWithoutCertificateIsUsed(t, kind) })
	}
}

func keyWithoutCertificateIsUsed(t *testing.T, kind pki.KeyKind) {
	t.Helper()
	store, first := newStore(t), means()
	first.NewKey = pki.NewKeys(kind)
	if _, err := store.CreateCA(first, "orders"); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(store.path(caKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(store.path(caFile)); err != nil {
		t.Fatal(err)
	}
	if state := store.State(); state.CA.Presence != Absent || state.CAKey.Presence != Known || state.CAKey.Cert != nil {
		t.Errorf("got %+v", state)
	}
	fresh := means()
	fresh.NewKey = pki.NewKeys(pki.P256)
	if _, err := store.CreateCA(fresh, "orders"); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(store.path(caKeyFile)); err != nil || string(again) != string(key) {
		t.Errorf("the key was replaced (%v)", err)
	}
	if state := store.State(); state.CAKey.Presence != Known || state.CAKey.Cert == nil {
		t.Errorf("got %+v", state)
	}
	issue(t, store, "db1", 1)
}

func TestLostCertificateIsNotReplaced(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	if err := os.Remove(store.path(caFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateCA(means(), "orders"); err == nil || !strings.Contains(err.Error(), "put it back, a copy should be "+store.path("db1", "1", "ca.pem")) {
		t.Errorf("got %v", err)
	}
}

func TestUselessLeftKeys(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(short)}))
	for text, why := range map[string]string{
		"": "0 private keys", "not a key": "0 private keys", weak: "1024 bits",
		"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n": "damaged",
	} {
		store := newStore(t)
		writeFile(t, store.path(caKeyFile), text, 0o600)
		state := store.State()
		if state.CAKey.Presence != Unknown || !strings.Contains(state.CAKey.Why, "ca-key.pem is there already") || !strings.Contains(state.CAKey.Why, why) {
			t.Errorf("got %+v", state)
		}
		if _, err := store.CreateCA(means(), "orders"); err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("got %v", err)
		}
	}
}

func TestOpenKeysAreRefused(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	caKey, key := store.path(caKeyFile), store.path("db1", "1", keyFile)
	for _, path := range []string{caKey, key} {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	cure := " is open to others than its owner (mode 0640): chmod 600 "
	if _, err := store.Issue(2, means(), request("db1")); err == nil || !strings.Contains(err.Error(), caKey+cure+caKey) {
		t.Errorf("got %v", err)
	}
	var open *ModeError
	if _, err := store.Files("db1", 1); !errors.As(err, &open) || open.Path != key {
		t.Errorf("got %v", err)
	}
	state := store.State()
	if version, _ := state.Server("db1").Version(1); state.CAKey.Presence != Unknown || !strings.Contains(version.Why, cure+key) {
		t.Errorf("got %+v", state)
	}
}

// What cannot be read is unknown, with its reason; what is unfinished or foreign is not seen.
func TestStateOfDamagedFolders(t *testing.T) {
	store := withCA(t)
	for number := 1; number <= 6; number++ {
		issue(t, store, "db1", number)
	}
	remove := func(parts ...string) string {
		path := store.path(parts...)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	remove("db1", "2", "key.pem")
	writeFile(t, remove("db1", "3", "cert.pem"), "not a certificate", 0o644)
	writeFile(t, remove("db1", "4", "key.pem"), "not a key", 0o600)
	writeFile(t, remove("db1", "5", "ca.pem")+"/folder", "", 0o644)
	writeFile(t, remove("db1", "6", "ca.pem"), strings.Repeat("x", maxFile+1), 0o644)
	for _, foreign := range []string{"ca.srl", "notes/1/x", "db1/.new-77/key.pem", "db1/01/x", "db1/old/x", "db1/7", ".new-1", "db 3/1/key.pem", ".hidden/1/x"} {
		writeFile(t, store.path(foreign), "", 0o600)
	}
	server := store.State().Server("db1")
	for i, want := range []string{"", "key.pem: no such file", "cert.pem: it holds no certificate", "key.pem: it holds 0 private keys", "is a directory", "larger than"} {
		version := server.Versions[i]
		if version.Number != i+1 || !strings.Contains(version.Why, want) || (version.Why == "") != (want == "") {
			t.Errorf("version %d: %q, want %q", version.Number, version.Why, want)
		}
	}
	if len(server.Versions) != 6 || server.Next() != 7 {
		t.Errorf("there are %d versions", len(server.Versions))
	}
	var names []string
	for _, server := range store.State().Servers {
		names = append(names, server.Name)
	}
	if got := strings.Join(names, " "); got != "db1 notes" {
		t.Errorf("the servers are %q", got)
	}
}

func TestUnreadableIsNotAbsent(t *testing.T) {
	store := newStore(t)
	writeFile(t, store.path(caFile, "folder"), "", 0o644)
	writeFile(t, store.path(caKeyFile), "", 0o600)
	state := store.State()
	if state.CA.Presence != Unknown || state.CA.Why == "" || state.CAKey.Presence != Unknown {
		t.Errorf("got %+v", state)
	}
	if _, err := store.CreateCA(means(), "orders"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "", 0o644)
	state = Open(file).State()
	if state.CA.Presence != Unknown || state.Why == "" || state.Server("db1").Why == "" {
		t.Errorf("a file instead of the folder: %+v", state)
	}
	if _, err := Open(file).CreateCA(means(), "orders"); err == nil {
		t.Error("an authority in a file")
	}
}

func TestServerNames(t *testing.T) {
	store := withCA(t)
	for _, name := range []string{"", ".", "..", "../db1", "a/b", "/etc", ".db1", "ca.pem", "CA-key.pem", "db\x00", "db 1", "dbé"} {
		if _, err := store.Issue(1, means(), request(name)); err == nil {
			t.Errorf("%q is issued", name)
		}
		if _, err := store.Files(name, 1); err == nil {
			t.Errorf("%q is read", name)
		}
	}
	if _, err := store.Issue(0, means(), request("db1")); err == nil {
		t.Error("a version 0 is issued")
	}
	if got := tree(t, store.Dir()); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

// Many runs at once on one folder: one of them wins each time, and what it made fits together.
func TestRunsAtOnce(t *testing.T) {
	store := newStore(t)
	fresh := means()
	fresh.NewKey = pki.NewKeys(pki.P256)
	if made := together(6, func() error { _, err := Open(store.Dir()).CreateCA(fresh, "orders"); return err }, t); made != 1 {
		t.Errorf("%d authorities are made", made)
	}
	if state := store.State(); state.CAKey.Presence != Known {
		t.Errorf("the authority does not fit together: %+v", state.CAKey)
	}
	if made := together(12, func() error { _, err := Open(store.Dir()).Issue(1, means(), request("db1")); return err }, t); made != 1 {
		t.Errorf("%d versions are made", made)
	}
	version, _ := store.State().Server("db1").Version(1)
	if found := pki.Judge(version.Set(), pki.Want{Now: time.Now()}); len(found) > 0 || version.Why != "" {
		t.Errorf("got %v, %s", found, version.Why)
	}
	if left := tree(t, store.Dir()); len(left) != 8 {
		t.Errorf("left behind: %q", left)
	}
}

// together runs the same work many times at once and counts the successes; the others must find it done.
func together(times int, work func() error, t *testing.T) (done int) {
	t.Helper()
	results := make(chan error, times)
	var group sync.WaitGroup
	for range times {
		group.Go(func() { results <- work() })
	}
	group.Wait()
	close(results)
	for err := range results {
		if err == nil {
			done++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
	}
	return done
}
