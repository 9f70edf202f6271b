package sshconfig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTheSameAsSSHItself holds what is read out of many files against what ssh says of them.
func TestTheSameAsSSHItself(t *testing.T) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Skipf("no OpenSSH client is installed: %v", err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{folder: folder, t: t}
		main := g.file(0)
		alias := rapid.SampledFrom(aliases).Draw(t, "alias")
		c, err := Named(Env{User: me.Username, Home: me.HomeDir, Getenv: os.Getenv}, main)
		if err != nil {
			t.Fatal(err)
		}
		theirs, refused := askSSH(program, main, alias)
		ours, err := c.values(alias)
		switch {
		case refused != "" && strings.Contains(refused, "Bad configuration option") && err == nil:
			t.Fatalf("it is taken, and ssh refuses it: %s\n%s", refused, g.text.String())
		case refused != "":
			seen["refused by ssh"]++
		case err != nil && (strings.Contains(err.Error(), "only ssh itself") || strings.Contains(err.Error(), "canonical")):
			seen["left to ssh"]++
		case err != nil:
			t.Fatalf("%v\nssh takes it: %s\n%s", err, alias, g.text.String())
		default:
			seen["compared"]++
			t.Logf("ssh -G -F %s %s\n%s", main, alias, g.text.String())
			compare(t, ours, newExpansion(c.env, alias, ours), theirs)
		}
	})
	t.Log(seen)
	if seen["compared"] < 20 {
		t.Error("next to nothing was compared")
	}
}

func compare(t *rapid.T, ours *options, x *expansion, theirs map[string][]string) {
	want := func(key string, got []string, given bool) {
		if given && !slices.Equal(got, theirs[key]) {
			t.Errorf("%s is %q, and to ssh %q", key, got, theirs[key])
		}
	}
	single := func(key string, v value) { want(key, []string{v.text}, v.set) }
	texts := func(all []value) (got []string) {
		for _, v := range all {
			got = append(got, v.text)
		}
		return got
	}
	want("hostname", []string{x.host}, true)
	want("user", []string{x.tokens['r']}, true)
	want("port", []string{x.tokens['p']}, true)
	single("hostkeyalias", ours.hostKeyAlias)
	single("identitiesonly", ours.identitiesOnly)
	single("identityagent", ours.identityAgent)
	want("proxycommand", []string{ours.proxyCommand.text}, ours.proxyCommand.text != "")
	want("proxyjump", []string{strings.Join(ours.jump, ",")}, len(ours.jump) > 0)
	want("identityfile", texts(ours.identityFiles), len(ours.identityFiles) > 0)
	want("certificatefile", texts(ours.certificateFiles), true)
	want("userknownhostsfile", []string{strings.Join(x.paths(ours.userKnownHosts.texts), " ")}, ours.userKnownHosts.set)
	want("globalknownhostsfile", []string{strings.Join(texts(ours.globalKnownHosts.texts), " ")}, ours.globalKnownHosts.set)
	for key, given := range map[string]bool{
		"proxycommand": ours.proxyCommand.text != "", "proxyjump": len(ours.jump) > 0, "hostkeyalias": ours.hostKeyAlias.set,
		"identityagent": ours.identityAgent.set,
	} {
		if !given && theirs[key] != nil {
			t.Errorf("%s is not set, and to ssh %q", key, theirs[key])
		}
	}
	if !ours.identitiesOnly.set && slices.Equal(theirs["identitiesonly"], []string{"yes"}) {
		t.Error("identitiesonly is not set, and to ssh it is")
	}
	if len(ours.identityFiles) == 0 && len(theirs["identityfile"]) == 1 {
		t.Errorf("identityfile is not set, and to ssh %q", theirs["identityfile"])
	}
}

func askSSH(program, file, alias string) (values map[string][]string, refused string) {
	out, err := exec.Command(program, "-G", "-F", file, alias).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, "it says: " + string(failed.Stderr)
	}
	values = map[string][]string{}
	for line := range strings.Lines(string(out)) {
		key, text, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		values[key] = append(values[key], text)
	}
	return values, ""
}

var aliases = []string{"db1", "db2.example.com", "bastion", "DB1", "192.0.2.7", "2001:db8::1"}

// generator writes files whose lines meet each other often.
type generator struct {
	folder string
	t      *rapid.T
	files  int
	text   strings.Builder // of all files, for whoever looks for the reason of a failure
}

func (g *generator) file(depth int) string {
	g.files++
	path := filepath.Join(g.folder, "config"+strconv.Itoa(g.files))
	var text strings.Builder
	for range rapid.IntRange(1, 12).Draw(g.t, "lines") {
		text.WriteString(g.indent() + g.line(depth) + rapid.SampledFrom([]string{"\n", "\n", " \n", "\t\r\n"}).Draw(g.t, "end"))
	}
	fmt.Fprintf(&g.text, "== %s\n%s", path, text.String())
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

func (g *generator) indent() string {
	return rapid.SampledFrom([]string{"", "  ", "\t"}).Draw(g.t, "indent")
}

func (g *generator) pick(choices ...string) string {
	return rapid.SampledFrom(choices).Draw(g.t, "choice")
}

func (g *generator) line(depth int) string {
	between := g.pick(" ", " ", "\t", "=", " = ", "  ")
	pattern := func() string {
		return g.pick("*", "db?", "db1", "db*", "!db1", "*.example.com", "d?1", "\"db1\"", "192.0.2.*", "DB1", "bastion", "?b*1", "!*.com")
	}
	switch rapid.IntRange(0, 11).Draw(g.t, "kind") {
	case 0, 1, 2:
		return g.pick("Host", "host", "HOST") + between + pattern() + g.pick("", " "+pattern(), "\t"+pattern(), " # "+pattern(), "  "+pattern()+" "+pattern())
	case 3, 4:
		return "Match" + between + g.match() + g.pick("", " "+g.match())
	case 5:
		if depth < 3 {
			return "Include" + between + g.file(depth+1) + g.pick("", " "+g.folder+"/none*", " \""+g.file(depth+1)+"\"")
		}
	case 6:
		return g.pick("# a comment", "", "Compression yes", "SetEnv A=\"b c\"", "LocalForward 1 localhost:2", "CanonicalizeHostname no",
			"IgnoreUnknown Vendor*,Other", "IgnoreUnknown Other", "VendorWord yes", "Other \"a b\"", "FallBackToRsh no")
	}
	return g.option(between)
}

func (g *generator) match() string {
	return g.pick("all", "host db*", "host *.example.com,!db2*", "originalhost db1", "user ops", "user root,admin", "!user ops", "!host 192.0.2.7",
		"localuser *", "localuser nobody", "host \"db1\"", "Host=db1", "exec true", "exec false", "canonical", "final", "host 10.0.0.1", "originalhost DB?")
}

func (g *generator) option(between string) string {
	path := func() string {
		return g.pick("~/.ssh/id", "/keys/%h", "/k/a", "\"/k/with blank\"", "/k/'q'b", `/k/a\ b`, "/k/x#y", "/k/${HOME}", "%d/id_%r")
	}
	switch g.pick("hostname", "hostname", "user", "user", "port", "identity", "certificate", "only", "jump", "jump", "command", "known", "global", "alias", "agent") {
	case "hostname":
		return "HostName" + between + g.pick("10.0.0.1", "%h.example.com", "%h", "Other.Example.com", "2001:DB8::2", "\"db9\"", "a # b")
	case "user":
		return "User" + between + g.pick("ops", "admin", "\"o p\"", "root", "o\\\"p")
	case "port":
		return "Port" + between + g.pick("22", "2222", "\"2200\"")
	case "identity":
		return "IdentityFile" + between + path()
	case "certificate":
		return "CertificateFile" + between + path()
	case "only":
		return "IdentitiesOnly" + between + g.pick("yes", "no", "true")
	case "jump":
		return "ProxyJump" + between + g.pick("bastion", "none", "a,b", "ops@bastion:2222", "ops@a,b:1", "[2001:db8::9]:22")
	case "command":
		return "ProxyCommand" + between + g.pick("none", "nc %h %p", "ssh -W %h:%p \"a b\"")
	case "known":
		return "UserKnownHostsFile" + between + path() + g.pick("", " "+path())
	case "global":
		return "GlobalKnownHostsFile" + between + path() + g.pick("", " "+path())
	case "alias":
		return "HostKeyAlias" + between + g.pick("one", "two")
	}
	return "IdentityAgent" + between + g.pick("none", "SSH_AUTH_SOCK", "/run/agent", fmt.Sprintf("%q", "/run/a b"))
}
