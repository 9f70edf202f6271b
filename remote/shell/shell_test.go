package shell_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/shell"
)

// TestWireStrings pins what goes over the wire: a change here is a change of what runs on people's servers.
func TestWireStrings(t *testing.T) {
	for want, line := range map[string]shell.Line{
		`id -un`:         shell.Words("id", "-un"),
		`cat '/tmp/a b'`: shell.Words("cat", "/tmp/a b"),
		`printf '%s' ''`: shell.Words("printf", "%s", ""),
		`echo 'it'\''s' 'a'\\'b' '$HOME' '~' '*'`:                                   shell.Words("echo", "it's", `a\b`, "$HOME", "~", "*"),
		`'if' '--user=x'`:                                                           shell.Words("if", "--user=x"),
		`/bin/sh -c 'rm -- "$1"' sh '-r f'`:                                         shell.Script(`rm -- "$1"`, "-r f"),
		`/bin/sh -c 'systemctl restart mysql; id'`:                                  shell.Raw("systemctl restart mysql; id"),
		`runuser -u mysql -- /bin/sh -c 'cat '\''/a b'\'''`:                         shell.Words("cat", "/a b").AsUser("mysql"),
		`runuser -u mysql -- /bin/sh -c '/bin/sh -c '\''cat "$1"'\'' sh '\'';'\'''`: shell.Script(`cat "$1"`, ";").AsUser("mysql"),
	} {
		if line.Err() != nil || line.String() != want {
			t.Errorf("got  %s (%v)\nwant %s", line, line.Err(), want)
		}
	}
}

func TestLinesThatMustNotRun(t *testing.T) {
	fault := errors.New("no such thing")
	for name, line := range map[string]shell.Line{
		"zero":            {},
		"no command":      shell.Words(""),
		"NUL in word":     shell.Words("echo", "a\x00b"),
		"NUL in name":     shell.Words("e\x00"),
		"NUL in script":   shell.Script("echo\x00"),
		"empty raw":       shell.Raw(" \n"),
		"too long":        shell.Words("echo", strings.Repeat("x", 128*1024)),
		"nobody":          shell.Words("id").AsUser(""),
		"option as user":  shell.Words("id").AsUser("-l"),
		"fault as user":   shell.Words("").AsUser("mysql"),
		"builder refused": shell.Refuse(fault),
	} {
		if line.Err() == nil || line.String() != "" {
			t.Errorf("%s: Err is %v and the text %q", name, line.Err(), line)
		}
	}
	if !errors.Is(shell.Refuse(fault).Err(), fault) {
		t.Error("the builder's fault is lost")
	}
}

// echoed has a real shell read the line and gives back the arguments that arrived.
func echoed(t *testing.T, args []string) []string {
	t.Helper()
	line := shell.Script(`for word; do printf '%s\0' "$word"; done`, args...)
	if line.Err() != nil {
		t.Skip(line.Err())
	}
	out, err := exec.Command("/bin/sh", "-c", line.String()).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	words := strings.Split(string(out), "\x00")
	return words[:len(words)-1]
}

func FuzzARealShellReadsTheSameBytes(f *testing.F) {
	for _, seed := range []string{"", "a b", "'", `\`, `'\''`, "$(id)", "`id`", "a\nb\r", "-n", "!x", "~", "*", "\xff\xfe", "é", "'\"'", "x\\", "#", "a=b", ";&|<>"} {
		f.Add(seed, "tail")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		want := []string{first, second}
		if got := echoed(t, want); !slices.Equal(got, want) {
			t.Errorf("sent %q, the shell read %q", want, got)
		}
	})
}

func TestNestedQuotingSurvives(t *testing.T) {
	nasty := `a'b\c "$HOME" $(id)` + "\n" + `d`
	inner := shell.Script(`printf '%s' "$1"`, nasty)
	outer := shell.Raw(shell.Raw(inner.String()).String())
	out, err := exec.Command("/bin/sh", "-c", outer.String()).Output()
	if err != nil || string(out) != nasty {
		t.Errorf("got %q (%v), want %q", out, err, nasty)
	}
}

func TestOtherShellsReadTheSame(t *testing.T) {
	nasty := []string{`a\\b`, `it's`, `\'`, "x y", `$x`, "!", "{a,b}", "%1", "=ls"}
	for _, other := range []string{"bash", "zsh", "fish", "ksh", "mksh", "busybox"} {
		path, err := exec.LookPath(other)
		if err != nil {
			continue
		}
		args := []string{"-c", shell.Words("printf", append([]string{`%s|`}, nasty...)...).String()}
		if other == "busybox" {
			args = append([]string{"sh"}, args...)
		}
		out, err := exec.Command(path, args...).Output()
		if want := strings.Join(nasty, "|") + "|"; err != nil || string(out) != want {
			t.Errorf("%s read %q (%v), want %q", other, out, err, want)
		}
	}
}

func TestAsUserRunsAsThatUser(t *testing.T) {
	if out, err := exec.Command("id", "-u").Output(); err != nil || strings.TrimSpace(string(out)) != "0" {
		t.Skip("only root may run as another user")
	}
	out, err := exec.Command("/bin/sh", "-c", shell.Words("id", "-un").AsUser("nobody").String()).Output()
	if err != nil || strings.TrimSpace(string(out)) != "nobody" {
		t.Errorf("ran as %q (%v), want nobody", out, err)
	}
}
