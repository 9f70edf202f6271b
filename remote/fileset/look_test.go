package fileset_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func known[T any](t *testing.T, value seen.Value[T]) T {
	t.Helper()
	got, ok := value.Get()
	if !ok {
		t.Fatalf("it is %v", value)
	}
	return got
}

// publicDigest is what Look should tell of a key.
func publicDigest(t *testing.T, key string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(key))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	signer, ok := private.(crypto.Signer)
	if !ok {
		t.Fatal("no signer")
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	must(t, err)
	return hexSum(der)
}

func TestLookTellsWhatInstallDid(t *testing.T) {
	dir := filepath.Join(place(t, ""), "my ssl")
	files := set(t, "one")
	sh(t, install(t, dir, 12, set(t, "twelve"), ""))
	sh(t, install(t, dir, 2, files, ""))
	sh(t, line(fileset.Switch(dir, 2)))
	must(t, os.MkdirAll(filepath.Join(dir, "versions", "notes"), 0o755))
	before := snapshot(t, dir)
	state := look(t, dir, "")
	if snapshot(t, dir) != before {
		t.Error("looking changed something")
	}
	if folder := known(t, state.Dir); folder.Kind != fileset.Directory || folder.Mode != 0o755 {
		t.Errorf("the folder is %+v", folder)
	}
	if number, ok := known(t, state.Current).Version(); !ok || number != 2 {
		t.Errorf("current is %v", state.Current)
	}
	versions := known(t, state.Versions)
	if len(versions) != 2 || versions[0].Number != 2 || versions[1].Number != 12 {
		t.Fatalf("versions are %v", versions)
	}
	ca, key := known(t, versions[0].CA), known(t, versions[0].File(fileset.Key))
	if ca.Mode != 0o644 || ca.Size != int64(len(files.CA)) || known(t, ca.SHA256) != hexSum(files.CA) || known(t, ca.PEM) != string(files.CA) {
		t.Errorf("ca.pem is %+v", ca)
	}
	secret := files.Key.Reveal()
	if key.Mode != 0o600 || known(t, key.SHA256) != hexSum([]byte(secret)) || known(t, key.PublicKey) != publicDigest(t, secret) {
		t.Errorf("key.pem is %+v", key)
	}
	if !key.PEM.IsUnknown() || !key.Readable.IsUnknown() {
		t.Errorf("key.pem is %+v", key)
	}
}

func TestLookNeverPrintsTheKey(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	files := set(t, "one")
	sh(t, install(t, dir, 1, files, ""))
	out := sh(t, line(fileset.Look(dir, "root")))
	block, _ := pem.Decode([]byte(files.Key.Reveal()))
	for _, form := range []string{files.Key.Reveal(), string(block.Bytes), "PRIVATE", "UFJJVkFURS"} {
		if strings.Contains(out, form) {
			t.Errorf("the key shows as %q", form)
		}
	}
}

func TestLookTellsWhoCanRead(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can try it as another user")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), "nobody"))
	for reader, want := range map[string]string{
		"nobody": "true", "daemon": "false", "root": "true", "": "unknown (no user was asked for)",
		"nosuchuser": "unknown (the host has no user nosuchuser)",
	} {
		version := known(t, look(t, dir, reader).Versions)[0]
		if got := known(t, version.Key).Readable.String(); got != want {
			t.Errorf("%q can read the key: %s, want %s", reader, got, want)
		}
	}
	must(t, os.Chmod(filepath.Dir(dir), 0o700))
	version := known(t, look(t, dir, "nobody").Versions)[0]
	if got := known(t, version.CA).Readable.String(); got != "false" {
		t.Errorf("nobody can read through a closed folder: %s", got)
	}
}

func TestLookByAPlainUser(t *testing.T) {
	if !isRoot() {
		t.Skip("needs two users")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), ""))
	asNobody := func() fileset.State { return lookBy(t, fileset.Look(dir, "daemon").AsUser("nobody")) }
	version := known(t, known(t, seen.Known(asNobody())).Versions)[0]
	key, ca := known(t, version.Key), known(t, version.CA)
	if !key.SHA256.IsUnknown() || !strings.Contains(key.PublicKey.Why(), "Permission denied") {
		t.Errorf("the key is %+v", key)
	}
	if !strings.Contains(ca.Readable.Why(), "only root can") || known(t, ca.PEM) == "" {
		t.Errorf("the CA is %+v", ca)
	}
	must(t, os.Chmod(filepath.Join(dir, "versions"), 0o700))
	if state := asNobody(); !strings.Contains(state.Versions.Why(), "Permission denied") {
		t.Errorf("versions are %v", state.Versions)
	}
	must(t, os.Chmod(filepath.Join(dir, "versions"), 0o744)) // names can be listed, and no more
	if version := known(t, asNobody().Versions)[0]; !strings.Contains(version.CA.Why(), "Permission denied") {
		t.Errorf("the CA is %v", version.CA)
	}
	must(t, os.Chmod(filepath.Dir(dir), 0o700))
	state := asNobody()
	if !state.Dir.IsUnknown() || !state.Versions.IsUnknown() || !state.Current.IsUnknown() {
		t.Errorf("behind a closed folder: %+v", state)
	}
}

func TestLookAtOtherThings(t *testing.T) {
	base := place(t, "")
	file, link := filepath.Join(base, "file"), filepath.Join(base, "link")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Symlink(base, link))
	for path, kind := range map[string]fileset.Kind{file: fileset.Regular, link: fileset.Symlink, "/dev/null": fileset.Other} {
		state := look(t, path, "root")
		if folder := known(t, state.Dir); folder.Kind != kind || !state.Versions.IsUnknown() || !state.Current.IsUnknown() {
			t.Errorf("%s: %+v", path, state)
		}
	}
	if state := look(t, filepath.Join(base, "none"), ""); !state.Dir.IsAbsent() || !state.Versions.IsAbsent() || !state.Current.IsAbsent() {
		t.Errorf("nothing: %+v", state)
	}
	if state := look(t, base, ""); !state.Versions.IsAbsent() || !state.Current.IsAbsent() {
		t.Errorf("an empty folder: %+v", state)
	}
	if state := look(t, filepath.Join(file, "x"), ""); !state.Dir.IsUnknown() {
		t.Errorf("below a file: %+v", state)
	}
}

func TestLookAtABrokenVersion(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	version := filepath.Join(dir, "versions", "1")
	must(t, os.MkdirAll(version, 0o755))
	must(t, os.Symlink("/etc/passwd", filepath.Join(version, "ca.pem")))
	sh(t, remote.Command{Line: mkfifo(filepath.Join(version, "key.pem"))})
	must(t, os.Symlink("../elsewhere", filepath.Join(dir, "current")))
	state := look(t, dir, "root")
	if _, ok := known(t, state.Current).Version(); ok {
		t.Errorf("current is %v", state.Current)
	}
	got := known(t, state.Versions)[0]
	if !got.Cert.IsAbsent() {
		t.Errorf("cert.pem is %v", got.Cert)
	}
	ca, key := known(t, got.CA), known(t, got.Key)
	if ca.Kind != fileset.Symlink || !ca.PEM.IsUnknown() || key.Kind != fileset.Other || !key.SHA256.IsUnknown() || !key.Readable.IsUnknown() {
		t.Errorf("ca.pem is %+v, key.pem is %+v", ca, key)
	}
}

func TestAKeyThatOpenSSLCannotRead(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), ""))
	must(t, os.WriteFile(filepath.Join(dir, "versions/1/key.pem"), []byte("junk"), 0o600))
	key := known(t, known(t, look(t, dir, "").Versions)[0].Key)
	if !key.PublicKey.IsAbsent() || known(t, key.SHA256) != hexSum([]byte("junk")) {
		t.Errorf("key.pem is %+v", key)
	}
}

func TestLooksRunTogether(t *testing.T) {
	dir, files := filepath.Join(place(t, ""), "a b"), set(t, "one")
	archive, err := fileset.Pack(files)
	must(t, err)
	together := shell.Together(fileset.Look(dir, "root"), fileset.InstallAndSwitch(dir, 1, ""), fileset.Look(dir, "root"), fileset.Look(dir+"x", "root"))
	portions, err := shell.Apart([]byte(sh(t, remote.Command{Line: together, Stdin: bytes.NewReader(archive)})), 4)
	must(t, err)
	for i, want := range map[int]string{0: "absent", 2: "1", 3: "absent"} {
		state, err := fileset.ParseLook(portions[i])
		must(t, err)
		got := state.Dir.String()
		if link, ok := state.Current.Get(); ok {
			got = strings.TrimPrefix(link.Target, "versions/")
		}
		if got != want {
			t.Errorf("look %d saw %+v", i, state)
		}
	}
}

// TestWhatACommandThatDiedLeftIsTold also when it is the only thing that is wrong.
func TestWhatACommandThatDiedLeftIsTold(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 3, set(t, "three"), ""))
	sh(t, remote.Command{Line: fileset.Switch(dir, 3)})
	if left := look(t, dir, "").Left; len(left) != 0 {
		t.Errorf("got %q", left)
	}
	leave(t, dir)
	must(t, os.Mkdir(filepath.Join(dir, "versions", ".other.gone"), 0o755))
	if left := strings.Join(look(t, dir, "").Left, " "); left != ".2.partial .7.gone .current.next" {
		t.Errorf("got %q", left)
	}
	sh(t, remote.Command{Line: fileset.Prune(dir, 3)})
	if left := look(t, dir, "").Left; len(left) != 0 {
		t.Errorf("got %q", left)
	}
}
