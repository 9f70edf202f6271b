package pkistore

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
)

var testKey = sync.OnceValues(pki.NewKeys(pki.RSA2048))

// means makes certificates with one and the same key, which is quicker.
func means() pki.Means {
	return pki.Means{Random: rand.Reader, Now: time.Now(), NewKey: testKey}
}

func request(server string) pki.LeafRequest {
	return pki.LeafRequest{Server: server, CommonName: server + ".example.com", DNS: []string{server + ".example.com"}, IPs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
}

// newStore is an open store whose folder does not exist yet.
func newStore(t testing.TB) Store {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "pki"))
}

func withCA(t testing.TB) Store {
	t.Helper()
	store := newStore(t)
	if _, err := store.CreateCA(means(), "orders"); err != nil {
		t.Fatal(err)
	}
	return store
}

func issue(t testing.TB, store Store, server string, number int) Version {
	t.Helper()
	version, err := store.Issue(number, means(), request(server))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func checkMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
	} else if info.Mode().Perm() != want {
		t.Errorf("%s has the mode %o, not %o", path, info.Mode().Perm(), want)
	}
}

// tree is every path below a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		relative, _ := filepath.Rel(dir, path)
		paths = append(paths, relative)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// shell runs what a person would type, in a folder.
func shell(t *testing.T, dir, script string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl here")
	}
	var out bytes.Buffer
	cmd := exec.Command("/bin/sh", "-euc", script)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
}
