package file_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/seen"
)

func certificates(t *testing.T, asNobody bool, names ...string) map[string]seen.Value[file.Certificate] {
	t.Helper()
	line := file.LookAtCertificates(names...)
	if asNobody {
		line = line.AsUser("nobody")
	}
	out, err := remotetest.RunLocal(t.Context(), remote.Command{Line: line})
	must(t, err)
	if strings.Contains(string(out.Stdout), "PRIVATE") {
		t.Errorf("a key left the host: %s", out.Stdout)
	}
	found, err := file.ParseCertificates(out.Stdout, names...)
	must(t, err)
	return found
}

func TestCertificatesAndKeysAreToldApart(t *testing.T) {
	dir := t.TempDir()
	key, cert, both, text, pipe := dir+"/a key.pem", dir+"/cert.pem", dir+"/both.pem", dir+"/text", dir+"/pipe"
	out, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=x").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first, err := os.ReadFile(cert)
	must(t, err)
	second, err := os.ReadFile(key)
	must(t, err)
	must(t, os.WriteFile(both, append(append([]byte("Subject: x\n"), first...), second...), 0o600))
	must(t, os.WriteFile(text, []byte("-----BEGIN RSA PRIVATE KEY-----\nno key\n"), 0o600))
	must(t, exec.CommandContext(t.Context(), "mkfifo", pipe).Run())
	found := certificates(t, false, key, cert, both, text, pipe, dir+"/none")
	one, _ := found[cert].Get()
	two, _ := found[key].Get()
	three, _ := found[both].Get()
	if one.Certs != string(first) || !one.Public.IsAbsent() || two.Certs != "" || three.Certs != string(first) {
		t.Errorf("got %+v, %+v, %+v", one, two, three)
	}
	public, ok := two.Public.Get()
	if again, _ := three.Public.Get(); !ok || len(public) != 64 || again != public {
		t.Errorf("the public half of the key is %q and %q", public, again)
	}
	if two.Header != "PRIVATE KEY" || two.Sealed || one.Header != "" || three.Lists != "" {
		t.Errorf("the key is told as %q, sealed %v", two.Header, two.Sealed)
	}
	broken, _ := found[text].Get()
	if got := fmt.Sprint(broken.Public, found[pipe], found[dir+"/none"]); got != "unknown (openssl cannot read it as a private key) unknown (it is no regular file) absent" {
		t.Error(got)
	}
}

func TestSealedKeysAndListsAreTold(t *testing.T) {
	dir := t.TempDir()
	old, now, list := dir+"/old.pem", dir+"/now.pem", dir+"/list.pem"
	for _, args := range [][]string{
		{"genrsa", "-traditional", "-aes128", "-passout", "pass:sesame", "-out", old, "2048"}, {"genrsa", "-aes128", "-passout", "pass:sesame", "-out", now, "2048"},
	} {
		if out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	const crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
	must(t, os.WriteFile(list, []byte("text\n"+crl), 0o600))
	found := certificates(t, false, old, now, list)
	for path, want := range map[string]file.Certificate{
		old: {Header: "RSA PRIVATE KEY", Sealed: true}, now: {Header: "ENCRYPTED PRIVATE KEY", Sealed: true}, list: {Lists: crl},
	} {
		got, _ := found[path].Get()
		if _, told := got.Public.Get(); told || got.Header != want.Header || got.Sealed != want.Sealed || got.Lists != want.Lists {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestWhatTheUserMayNotRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs two users")
	}
	dir, err := os.MkdirTemp("", "certs")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Mkdir(dir+"/shut", 0o700))
	for name, mode := range map[string]os.FileMode{"open": 0o644, "closed": 0o600, "shut/in": 0o644} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("x\n"), mode))
	}
	found := certificates(t, true, dir+"/open", dir+"/closed", dir+"/shut/in")
	if open, ok := found[dir+"/open"].Get(); !ok || open.Certs != "" || found[dir+"/closed"].Why() != file.ErrClosed || found[dir+"/shut/in"].Why() != file.ErrClosed {
		t.Errorf("got %v", found)
	}
}

func TestAnswersAboutCertificatesThatMakeNoSense(t *testing.T) {
	for _, answer := range []string{"", "file\n", "file read !\nkey absent\n", "file read \n", "file read \nkey\n", "file read \nkey public eA==\n", "file absent\nfile absent\n", "key absent\n"} {
		if found, err := file.ParseCertificates([]byte("=== replssl begin ===\n"+answer+"=== replssl end ===\n"), "/x"); err == nil {
			t.Errorf("%q is accepted: %v", answer, found)
		}
	}
	if line := file.LookAtCertificates("x.pem"); line.Err() == nil {
		t.Errorf("a relative path is accepted: %s", line)
	}
}
