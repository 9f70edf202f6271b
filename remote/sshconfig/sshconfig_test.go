package sshconfig_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/sshconfig"
)

// env has a home folder of its own, and a folder of the system.
func env(t *testing.T) sshconfig.Env {
	t.Helper()
	return sshconfig.Env{
		User: "ops", Home: t.TempDir(), UID: "1000", Host: "desk.example.com", System: t.TempDir(),
		Getenv: func(name string) string { return map[string]string{"KEYS": "/keys", "SOCK": "/run/agent"}[name] },
	}
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func host(t *testing.T, c *sshconfig.Config, alias string) sshconfig.Host {
	t.Helper()
	h, err := c.Host(alias)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestThePersonsFileWinsOverTheSystems(t *testing.T) {
	e := env(t)
	put(t, filepath.Join(e.Home, ".ssh/config"), "Include more\nHost db*\n  User first\n  IdentityFile ~/.ssh/db_%r\n  IdentityFile ${KEYS}/%h\n")
	put(t, filepath.Join(e.Home, ".ssh/more"), "Host db1\n  Port 2200\n  HostName %h.example.com\n")
	put(t, filepath.Join(e.System, "ssh_config"), "User second\nPort 2222\nIdentityFile /etc/key\nInclude sys\n")
	put(t, filepath.Join(e.System, "sys"), "HostKeyAlias alias\n")
	known := put(t, filepath.Join(e.System, "ssh_known_hosts"), "")
	c, err := sshconfig.Default(e)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "db1", host(t, c, "db1"), sshconfig.Host{
		Address: "db1.example.com", User: "first", Port: 2200, HostKeyAlias: "alias",
		IdentityFiles: []string{e.Home + "/.ssh/db_first", "/keys/db1.example.com", "/etc/key"},
		KnownHosts:    []string{e.Home + "/.ssh/known_hosts", known},
	})
	same(t, "the user of another", host(t, c, "bastion").User, "second")
}

func TestNoFileSaysNothing(t *testing.T) {
	e := env(t)
	c, err := sshconfig.Default(e)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "db1", host(t, c, "db1"), sshconfig.Host{Address: "db1", KnownHosts: []string{e.Home + "/.ssh/known_hosts"}})
}

func TestANamedFileHasToBeThereAndIsTheOnlyOne(t *testing.T) {
	e := env(t)
	missing := filepath.Join(e.Home, "none")
	_, err := sshconfig.Named(e, missing)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v", err)
	}
	put(t, filepath.Join(e.System, "ssh_config"), "User second\n")
	c, err := sshconfig.Named(e, put(t, filepath.Join(e.Home, "mine"), "Port 23\n"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the user", host(t, c, "db1").User, "")
}

func TestWhatPathsReferTo(t *testing.T) {
	e := env(t)
	text := "Host db1\nHostName h.example.com\nUser u\nPort 24\nHostKeyAlias k\nIdentityFile ~/%h/%n/%p/%r/%u/%k/%i/%L/%l/%%/%d\n" +
		"CertificateFile ${KEYS}/c-cert.pub\nIdentitiesOnly yes\nIdentityAgent $SOCK\nUserKnownHostsFile ~/one \"~/two words\"\nGlobalKnownHostsFile none\n" +
		"Host off\nIdentityFile none\nIdentityAgent none\nProxyJump none\nHost over\nProxyJump ssh://ops@b:23/,c\nHost by\nProxyCommand nc %h %p\n"
	c, err := sshconfig.Named(e, put(t, filepath.Join(e.Home, "mine"), text))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "db1", host(t, c, "db1"), sshconfig.Host{
		Address: "h.example.com", User: "u", Port: 24, HostKeyAlias: "k",
		IdentityFiles:    []string{e.Home + "/h.example.com/db1/24/u/ops/k/1000/desk/desk.example.com/%/" + e.Home},
		CertificateFiles: []string{"/keys/c-cert.pub"}, IdentitiesOnly: true, Agent: "/run/agent",
		KnownHosts: []string{e.Home + "/one", e.Home + "/two words"},
	})
	off := host(t, c, "off")
	same(t, "no identity", off.IdentityFiles, []string{})
	same(t, "no agent", off.Agent, "none")
	same(t, "no jump", off.Jump, []string{})
	same(t, "jumps", host(t, c, "over").Jump, []string{"ops@b:23", "c"})
	same(t, "the command", host(t, c, "by").ProxyCommand, "nc %h %p")
}

// TestNothingIsGuessed: what only ssh can decide is told where it would matter, with its place, and nowhere else.
func TestNothingIsGuessed(t *testing.T) {
	e := env(t)
	for _, c := range []struct{ text, want string }{
		{"Match exec \"true\"\n  User x\n", `line 2: user stands under "Match exec true", which only ssh itself can decide`},
		{"Match host db1 localnetwork 10.0.0.0/8\n  ProxyJump x\n", "line 2: proxyjump stands under"},
		{"User y\nMatch exec \"true\"\n  User x\n", ""},
		{"Match exec \"true\"\n  ForwardAgent yes\nHost *\n  Port 23\n", ""},
		{"Match host other exec \"true\"\n  User x\n", ""},
		{"CanonicalizeHostname yes\n", "line 1: canonicalizehostname: names are not made canonical here"},
		{"Port 99999\n", `line 1: port: "99999" is not a port`},
		{"User a b\n", "line 1: user: it wants one argument, and has 2"},
		{"IdentityFile \"a\n", "line 1: "},
		{"HostName %x\n", "line 1: hostname: "},
		{"IdentityFile %C\n", "%C is not known here"},
		{"IdentityFile ~bob/key\n", "write the whole path"},
		{"IdentityFile ${NONE}/key\n", "the variable NONE is not set"},
		{"Match\n", "line 1: match wants a condition"},
		{"ProxyJump a b\n", "line 1: proxyjump: "},
		{"ProxyJump gate-%C\n", "%C is not known here"},
		{"RevokedHostKeys /etc/ssh/revoked\n", "line 1: revokedhostkeys: such files are not read here"},
		{"RevokedHostKeys none\nRevokedHostKeys /etc/ssh/revoked\n", ""},
		{"Host other\nRevokedHostKeys /etc/ssh/revoked\n", ""},
		{"User %u\n", "line 1: user: \"%u\" means one thing"},
		{"User x\nUser ${LOGNAME}\n", ""},
		{"Include ${KEYS}/x\n", "line 1: include ${KEYS}/x: "},
		{"Include none ~bob/x\n", "line 1: include ~bob/x: "},
		{"Include %d/x\n", "line 1: include %d/x: "},
		{"Host other\nInclude ~bob/x\n", ""},
		{"Host other\n  HostNmae x\n", "line 2: hostnmae is no keyword of ssh_config (IgnoreUnknown hostnmae before it"},
		{"IgnoreUnknown Vendor*,HostNmae\nHostNmae x\nVendorWord a \"b\n", ""},
		{"Host other\nIgnoreUnknown *\nHost *\nVendorWord a\n", "line 4: vendorword"},
		{"CASignatureAlgorithms ssh-ed25519\nUseRoaming no\nChannelTimeout x=1\nGSSAPIKeyExchange no\nUseKeychain yes\n", ""},
	} {
		config, err := sshconfig.Named(e, put(t, filepath.Join(e.Home, "mine"), c.text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = config.Host("db1")
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

// TestAFileThatOthersMayWriteIsNotHeeded: that is the person's own with all that it includes, as for ssh; a file by name is whatever was meant.
func TestAFileThatOthersMayWriteIsNotHeeded(t *testing.T) {
	e := env(t)
	own := put(t, filepath.Join(e.Home, ".ssh/config"), "Include more\n")
	more := put(t, filepath.Join(e.Home, ".ssh/more"), "User ops\n")
	for _, file := range []string{own, more} {
		for mode, refused := range map[os.FileMode]bool{0o660: true, 0o602: true, 0o644: false} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
			c, err := sshconfig.Default(e)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Host("db1")
			var fault *sshconfig.Error
			told := errors.As(err, &fault) && fault.Hint() == "chmod go-w "+file && strings.Contains(err.Error(), file+" is not heeded: other users of this machine may write it")
			if told != refused || !refused && err != nil {
				t.Errorf("%s, mode %v: got %v", file, mode, err)
			}
			c, err = sshconfig.Named(e, own)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the user by name", host(t, c, "db1").User, "ops")
		}
		if err := os.Chmod(file, 0o600); err != nil { // so that the next one is the only one that is wrong
			t.Fatal(err)
		}
	}
}

func TestJumpsReferToTheHost(t *testing.T) {
	e := env(t)
	c, err := sshconfig.Named(e, put(t, filepath.Join(e.Home, "mine"), "User ops\nHostName %h.example.com\nProxyJump %r@gate-%n:22,%h-%p\nIdentityFile2 /k\n"))
	if err != nil {
		t.Fatal(err)
	}
	db1 := host(t, c, "db1")
	same(t, "jumps", db1.Jump, []string{"ops@gate-db1:22", "db1.example.com-22"})
	same(t, "the old word for a key", db1.IdentityFiles, []string{"/k"})
}

func TestFilesThatIncludeThemselvesEnd(t *testing.T) {
	e := env(t)
	file := put(t, filepath.Join(e.Home, ".ssh/config"), "Include config\n")
	c, err := sshconfig.Named(e, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Host("db1"); err == nil || !strings.Contains(err.Error(), "include each other") {
		t.Errorf("got %v", err)
	}
}
