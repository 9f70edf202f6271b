package hostkey_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/replssl/replssl/remote/hostkey"
)

const host = "db1.example.com:22"

func newKey(t *testing.T) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t *testing.T) ssh.PublicKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func load(t *testing.T, lines ...string) (*hostkey.Policy, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := hostkey.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return policy, file
}

func check(policy *hostkey.Policy, hostPort string, key ssh.PublicKey) error {
	return policy.Callback()(hostPort, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 22}, key)
}

func TestARecordedKeyPasses(t *testing.T) {
	key := newKey(t)
	policy, _ := load(t, "# comment", knownhosts.Line([]string{host, "[db1.example.com]:2222"}, key),
		knownhosts.Line([]string{knownhosts.HashHostname("db2.example.com")}, key), "*.wild "+plain(key))
	for _, name := range []string{host, "db1.example.com:2222", "db2.example.com:22", "a.wild:22", "a.wild:2200"} {
		if err := check(policy, name, key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func plain(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func TestAnUnrecordedHostIsUnknown(t *testing.T) {
	key := newKey(t)
	policy, file := load(t, knownhosts.Line([]string{host}, key))
	err := check(policy, "db9.example.com:22", key)
	var unknown *hostkey.UnknownError
	if !errors.As(err, &unknown) || unknown.Host != "db9.example.com:22" || !slices.Equal(unknown.Files, []string{file}) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"db9.example.com:22", file, "ssh-ed25519 SHA256:"} {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not tell %q in one line", err, part)
		}
	}
	if algorithms := policy.Algorithms("db9.example.com:22"); len(algorithms) != 0 {
		t.Errorf("algorithms %v of an unknown host", algorithms)
	}
}

func TestAnotherKeyIsChanged(t *testing.T) {
	recorded, shown := newKey(t), newKey(t)
	policy, file := load(t, "# one", knownhosts.Line([]string{host}, newRSA(t)), knownhosts.Line([]string{host}, recorded))
	err := check(policy, host, shown)
	var changed *hostkey.ChangedError
	if !errors.As(err, &changed) {
		t.Fatalf("got %v", err)
	}
	want := hostkey.ChangedError{
		Host: host, Presented: hostkey.Fingerprint(shown), Recorded: hostkey.Fingerprint(recorded), File: file, Line: 3,
		NewLine: "db1.example.com " + plain(shown),
	}
	if *changed != want {
		t.Errorf("got  %+v\nwant %+v", *changed, want)
	}
	for _, part := range []string{host, want.Presented, want.Recorded, file + " line 3"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not tell %q", err, part)
		}
	}
}

// TestTheHintsLineIsTheRecord: whatever name and port a host is known under, the line of the hint makes it known.
func TestTheHintsLineIsTheRecord(t *testing.T) {
	recorded, shown, ca := newKey(t), newKey(t), newSigner(t)
	for _, hostPort := range []string{host, "db1.example.com:2222", "192.0.2.7:22", "[2001:db8::7]:22", "[2001:db8::7]:2222", "alias:22"} {
		empty, file := load(t)
		other, _ := load(t, knownhosts.Line([]string{hostPort}, recorded))
		var unknown, signed *hostkey.UnknownError
		var changed *hostkey.ChangedError
		certificate := certify(t, ca, shown, nil, "db1.example.com")
		if !errors.As(check(empty, hostPort, shown), &unknown) || !errors.As(check(empty, hostPort, certificate), &signed) ||
			!errors.As(check(other, hostPort, shown), &changed) {
			t.Fatalf("%s is believed", hostPort)
		}
		for hint, line := range map[string]string{unknown.Hint(): unknown.Line, signed.Hint(): signed.Line, changed.Hint(): changed.NewLine} {
			before, _, _ := strings.Cut(hint, line)
			if !strings.HasSuffix(hint, ": "+line) || !strings.Contains(before, "compare the fingerprint") || !strings.Contains(before, "ssh_host_ed25519_key.pub") {
				t.Errorf("%s: %s", hostPort, hint)
			}
			policy, _ := load(t, line)
			if err := check(policy, hostPort, shown); err != nil {
				t.Errorf("%s: %s: %v", hostPort, line, err)
			}
		}
		if !strings.Contains(unknown.Hint(), "add this line to "+file) {
			t.Errorf("%s: the hint does not say where: %s", hostPort, unknown.Hint())
		}
	}
}

func TestARevokedKeyIsRefused(t *testing.T) {
	key := newKey(t)
	policy, _ := load(t, knownhosts.Line([]string{host}, key), "@revoked * "+plain(key))
	var revoked *hostkey.RevokedError
	if err := check(policy, host, key); !errors.As(err, &revoked) || revoked.Line != 2 {
		t.Errorf("got %v", err)
	}
}

func TestAlgorithmsAreThoseOfTheRecordedKeys(t *testing.T) {
	policy, _ := load(t, knownhosts.Line([]string{host}, newRSA(t)))
	want := []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if got := policy.Algorithms(host); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken")
	if err := os.WriteFile(broken, []byte("db1 ssh-ed25519 notbase64\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, part := range map[string]string{
		filepath.Join(folder, "none"): "no such file", folder: "it is a directory", broken: ":1:",
	} {
		_, err := hostkey.Load(path)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, want it to tell %q", path, err, part)
		}
	}
	missing := filepath.Join(folder, "none")
	_, err := hostkey.Load(missing)
	var unread *hostkey.FileError
	if !errors.As(err, &unread) || !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a missing file is not told as such: %v", err)
	}
	if hint := unread.Hint(); !strings.Contains(hint, "touch "+missing) {
		t.Errorf("the hint does not tell how to begin: %s", hint)
	}
	if _, err := hostkey.Load(folder); !errors.As(err, &unread) || !strings.Contains(unread.Hint(), "ssh.known_hosts") {
		t.Errorf("a folder is no missing file: %v", err)
	}
	if _, err := hostkey.Load(); err == nil {
		t.Error("no file at all is accepted")
	}
}
