package fileset_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/seen"
)

// lay makes a version by hand, with texts that no archive would have.
func lay(t *testing.T, dir string, version int, texts map[fileset.Name]string) {
	t.Helper()
	folder := filepath.Join(dir, "versions", fmt.Sprint(version))
	must(t, os.MkdirAll(folder, 0o755))
	for name, text := range texts {
		must(t, os.WriteFile(filepath.Join(folder, string(name)), []byte(text), 0o600))
	}
}

func TestManyVersions(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	var sets []fileset.Files
	for number := range 12 {
		sets = append(sets, set(t, fmt.Sprint(number)))
		sh(t, install(t, dir, number+1, sets[number], ""))
	}
	versions := known(t, look(t, dir, "root").Versions)
	if len(versions) != len(sets) {
		t.Fatalf("got %d versions", len(versions))
	}
	for i, files := range sets {
		version := versions[i]
		ca, cert, key := known(t, version.CA), known(t, version.Cert), known(t, version.Key)
		if known(t, ca.PEM) != string(files.CA) || known(t, cert.PEM) != string(files.Cert) || known(t, key.PublicKey) != publicDigest(t, files.Key.Reveal()) {
			t.Errorf("version %d is %+v", version.Number, version)
		}
	}
}

func TestTextsComeAsTheyAre(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	texts := []string{
		"", "\n", "no end", "two\n\n", "\r\n\r", "a:b\nversions/1/ca.pem:c\n=== replssl end ===\nlist complete\n", "\xff\x00\n\\n $x `y`\n",
		strings.Repeat("long", 20000),
	}
	for i, text := range texts {
		lay(t, dir, i+1, map[fileset.Name]string{fileset.CA: text, fileset.Cert: strings.ToUpper(text), fileset.Key: text})
	}
	for i, version := range known(t, look(t, dir, "").Versions) {
		ca, cert, key := known(t, version.CA), known(t, version.Cert), known(t, version.Key)
		if ca.PEM != seen.Known(texts[i]) || cert.PEM != seen.Known(strings.ToUpper(texts[i])) || known(t, key.SHA256) != hexSum([]byte(texts[i])) {
			t.Errorf("%.20q came as %+v", texts[i], version)
		}
	}
}

func TestATextThatIsTooLarge(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	lay(t, dir, 1, map[fileset.Name]string{fileset.CA: strings.Repeat("x", 1<<20+1), fileset.Cert: "x"})
	version := known(t, look(t, dir, "").Versions)[0]
	ca, cert := known(t, version.CA), known(t, version.Cert)
	if !strings.Contains(ca.PEM.Why(), "too large") || known(t, ca.SHA256) == "" || known(t, cert.PEM) != "x" {
		t.Errorf("got %v and %v", ca.PEM, cert.PEM)
	}
}

func TestWhereTheLinkPoints(t *testing.T) {
	dir := place(t, "")
	link := filepath.Join(dir, "current")
	for _, target := range []string{"versions/1", "versions/12", "versions/01", "versions/1/", "versions/x", "./versions/1", "'", "a' -> 'versions/1", "x\ny", `a\b "c"`} {
		must(t, os.Symlink(target, link))
		if got := known(t, look(t, dir, "").Current); got.Kind != fileset.Symlink || got.Target != target {
			t.Errorf("%q came as %+v", target, got)
		}
		must(t, os.Remove(link))
	}
}

// programs makes the shell tell the programs that it starts, by a folder of such names that comes first.
func programs(t *testing.T, without ...string) (log func() []string) {
	t.Helper()
	folder := place(t, "")
	file := filepath.Join(folder, "log")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Chmod(file, 0o666))
	for _, name := range []string{
		"base64", "cat", "chmod", "chown", "getent", "grep", "head", "id", "ln", "ls", "mkdir", "mv", "openssl", "readlink", "restorecon", "rm",
		"runuser", "setpriv", "sha256sum", "stat", "sync", "tar", "tr", "wc",
	} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if slices.Contains(without, name) {
			path = "false"
		}
		text := fmt.Sprintf("#!/bin/sh\necho %s >>%s\nexec %s \"$@\"\n", name, file, path)
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		must(t, os.Chmod(filepath.Join(folder, name), 0o755))
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return func() []string {
		text, err := os.ReadFile(file)
		must(t, err)
		must(t, os.Truncate(file, 0))
		return strings.Fields(string(text))
	}
}

func TestALookStartsFewProgramsHoweverManyVersionsThereAre(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	if out := strings.Join(func() []string { log := programs(t); look(t, dir, "daemon"); return log() }(), " "); out != "stat stat" {
		t.Errorf("for no folder: %s", out)
	}
	var digests []string
	for number := range 5 {
		files := set(t, fmt.Sprint(number))
		digests = append(digests, hexSum([]byte(files.Key.Reveal())))
		sh(t, install(t, dir, number+1, files, "daemon"))
	}
	sh(t, line(fileset.Switch(dir, 1)))
	log := programs(t)
	state := lookBy(t, fileset.Look(dir, "daemon", digests...))
	want := []string{"getent", "grep", "setpriv", "sha256sum", "stat", "stat"}
	if !isRoot() {
		want = []string{"getent", "grep", "sha256sum", "stat", "stat", "tr", "tr"} // it tells why nobody tries
	}
	got := log()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("it started %v", got)
	}
	for _, version := range known(t, state.Versions) {
		key := known(t, version.Key)
		if !strings.Contains(key.PublicKey.Why(), "nobody asked for it") || known(t, key.SHA256) != digests[version.Number-1] {
			t.Errorf("the key is %+v", key)
		}
	}
}

func TestOnlyKnownKeysAreLeftOut(t *testing.T) {
	dir := filepath.Join(place(t, ""), "ssl")
	one, two := set(t, "one"), set(t, "two")
	sh(t, install(t, dir, 1, one, ""))
	sh(t, install(t, dir, 2, two, ""))
	versions := known(t, lookBy(t, fileset.Look(dir, "", hexSum([]byte("other")), hexSum([]byte(one.Key.Reveal())))).Versions)
	if key := known(t, versions[0].Key); !key.PublicKey.IsUnknown() {
		t.Errorf("the key that is known: %+v", key)
	}
	if key := known(t, versions[1].Key); known(t, key.PublicKey) != publicDigest(t, two.Key.Reveal()) {
		t.Errorf("the other: %+v", key)
	}
}

func TestAHostWithoutTheUsualPrograms(t *testing.T) {
	if !isRoot() {
		t.Skip("only root can try it as another user")
	}
	dir := filepath.Join(place(t, ""), "ssl")
	sh(t, install(t, dir, 1, set(t, "one"), "nobody"))
	for name, c := range map[string]struct {
		without []string
		want    string
	}{
		"no setpriv": {[]string{"setpriv"}, "true"},
		"neither":    {[]string{"setpriv", "runuser"}, "trying it as nobody failed"},
		"no getent":  {[]string{"getent"}, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			programs(t, c.without...)
			key := known(t, known(t, look(t, dir, "nobody").Versions)[0].Key)
			if got := key.Readable.String(); !strings.Contains(got, c.want) {
				t.Errorf("got %s", got)
			}
		})
	}
	for name, of := range map[string]func(fileset.Version) bool{
		"stat": func(v fileset.Version) bool { return v.CA.IsUnknown() },
		"sha256sum": func(v fileset.Version) bool {
			return known(t, v.CA).SHA256.IsUnknown() && known(t, v.CA).PEM.IsUnknown()
		},
		"grep":    func(v fileset.Version) bool { return known(t, v.CA).PEM.IsUnknown() },
		"openssl": func(v fileset.Version) bool { return known(t, v.Key).PublicKey.IsUnknown() },
	} {
		t.Run(name, func(t *testing.T) {
			programs(t, name)
			if versions, ok := look(t, dir, "nobody").Versions.Get(); ok && !of(versions[0]) {
				t.Errorf("got %+v", versions[0])
			}
		})
	}
}

func TestAKeyOfManyLines(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072").Output()
	if err != nil {
		t.Skipf("no openssl: %v", err)
	}
	dir := filepath.Join(place(t, ""), "ssl")
	lay(t, dir, 1, map[fileset.Name]string{fileset.Key: string(out)})
	key := known(t, known(t, look(t, dir, "").Versions)[0].Key)
	block, _ := pem.Decode(bytes.TrimSpace(out))
	if block == nil || known(t, key.PublicKey) != publicDigest(t, string(out)) {
		t.Errorf("got %+v", key)
	}
}
