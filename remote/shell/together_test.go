package shell_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote/shell"
)

// runTogether has a real shell run the lines, and gives what each printed and what they complained of.
func runTogether(t *testing.T, lines ...shell.Line) (portions []string, complaints string) {
	t.Helper()
	line := shell.Together(lines...)
	if err := line.Err(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "echo 'motd without newline'; printf '%s' noise; "+line.String()+"; echo bye $?")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.Stdin = strings.NewReader("first\nsecond\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v, %s", err, stderr.String())
	}
	if !bytes.HasSuffix(out, []byte("\nbye 0\n")) {
		t.Errorf("it failed: %s", out)
	}
	apart, err := shell.Apart(out, len(lines))
	if err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	for _, portion := range apart {
		portions = append(portions, string(portion))
	}
	return portions, stderr.String()
}

func TestLinesRunTogether(t *testing.T) {
	for name, c := range map[string]struct {
		line shell.Line
		want string
	}{
		"words":         {shell.Words("printf", "%s", "it's\n"), "it's\n"},
		"a builtin":     {shell.Words("command", "-v", "cd"), "cd\n"},
		"no newline":    {shell.Words("printf", "%s", "a"), "a"},
		"nothing":       {shell.Script(":"), ""},
		"newlines":      {shell.Words("printf", `\n\n`), "\n\n"},
		"arguments":     {shell.Script(`printf '%s|' "$#" "$0" "$@"`, "a b", "", "'$x'\\", "-n"), `3|`},
		"no arguments":  {shell.Script(`printf %s $#`), "0"},
		"raw":           {shell.Raw("echo $0; echo b | cat; exit 3"), "/bin/sh\nb\n"},
		"it fails":      {shell.Script("echo a; exit 3"), "a\n"},
		"set -e":        {shell.Script("set -eu; echo a; false; echo b"), "a\n"},
		"its syntax":    {shell.Script("if ("), ""},
		"it is killed":  {shell.Raw("echo a; kill -9 $$"), "a\n"},
		"a trap":        {shell.Script("trap 'echo bye' EXIT; echo a; exit 1"), "a\nbye\n"},
		"exec":          {shell.Script("exec echo a"), "a\n"},
		"not found":     {shell.Words("/nonexistent/program"), ""},
		"its variables": {shell.Script("cd /; umask 077; x=1; body=2; mark=3; set --; say() { :; }; set -f; IFS=x"), ""},
		"silent":        {shell.Script("echo a").Silent(), ""},
		"together":      {shell.Together(shell.Script("echo a"), shell.Script("echo b")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			portions, _ := runTogether(t, shell.Words("echo", "before"), c.line, shell.Script(`echo "after $# $PWD ${x-} ${IFS#??}"; umask`, "1"))
			before, _ := runTogether(t, shell.Script(`echo "after $# $PWD ${x-} ${IFS#??}"; umask`, "1"))
			if portions[0] != "before\n" || portions[2] != before[0] {
				t.Errorf("around it: %q", portions)
			}
			switch name {
			case "arguments":
				if portions[1] != `4|sh|a b||'$x'\|-n|` {
					t.Errorf("got %q", portions[1])
				}
			case "together":
				if inner, err := shell.Apart([]byte(portions[1]), 2); err != nil || string(inner[0]) != "a\n" || string(inner[1]) != "b\n" {
					t.Errorf("got %q, %v", inner, err)
				}
			default:
				if portions[1] != c.want {
					t.Errorf("got %q, want %q", portions[1], c.want)
				}
			}
		})
	}
}

func TestLinesThatRunTogetherShareTheirInputAndComplaints(t *testing.T) {
	read := shell.Script(`read -r line; echo "$line"; echo "$1" >&2`, "complaint")
	portions, complaints := runTogether(t, read, read, read)
	if !slices.Equal(portions, []string{"first\n", "second\n", "\n"}) || complaints != strings.Repeat("complaint\n", 3) {
		t.Errorf("got %q and %q", portions, complaints)
	}
}

func TestLinesRunTogetherAsUsers(t *testing.T) {
	if out, err := exec.Command("id", "-u").Output(); err != nil || strings.TrimSpace(string(out)) != "0" {
		t.Skip("only root may run as another user")
	}
	me, they := shell.Words("id", "-un"), shell.Script("id -un").AsUser("nobody")
	if portions, _ := runTogether(t, me, they, me); !slices.Equal(portions, []string{"root\n", "nobody\n", "root\n"}) {
		t.Errorf("got %q", portions)
	}
	portions, _ := runTogether(t, shell.Together(me, me).AsUser("nobody"))
	if inner, err := shell.Apart([]byte(portions[0]), 2); err != nil || string(inner[1]) != "nobody\n" {
		t.Errorf("got %q, %v", inner, err)
	}
}

func TestLinesThatMustNotRunTogether(t *testing.T) {
	fault := errors.New("no")
	good := shell.Words("id")
	for name, line := range map[string]shell.Line{
		"none":     shell.Together(),
		"zero":     shell.Together(good, shell.Line{}),
		"too long": shell.Together(shell.Script(strings.Repeat(":\n", 30000)), shell.Script(strings.Repeat(":\n", 40000))),
	} {
		if line.Err() == nil || line.String() != "" {
			t.Errorf("%s: Err is %v", name, line.Err())
		}
	}
	if err := shell.Together(good, shell.Refuse(fault)).Err(); !errors.Is(err, fault) {
		t.Error(err)
	}
}

const whole = "hello\n\n=== replssl answers m ===\none\n=== replssl end of one of the answers m ===\n\n\n=== replssl end of one of the answers m ===\nbye"

func TestAnswersThatAreNotWhole(t *testing.T) {
	if portions, err := shell.Apart([]byte(whole), 2); err != nil || string(portions[0]) != "one" || string(portions[1]) != "\n" {
		t.Errorf("got %q, %v", portions, err)
	}
	for size := range strings.Index(whole, "bye") {
		if portions, err := shell.Apart([]byte(whole[:size]), 2); err == nil {
			t.Errorf("%q was taken for whole: %q", whole[:size], portions)
		}
	}
	for _, n := range []int{0, 1, 3} {
		if portions, err := shell.Apart([]byte(whole), n); err == nil {
			t.Errorf("for %d there are %q", n, portions)
		}
	}
}

// TestAPortionMayHoldMarks has one line print what an earlier run printed.
func TestAPortionMayHoldMarks(t *testing.T) {
	earlier, err := exec.Command("/bin/sh", "-c", shell.Together(shell.Words("echo", "a"), shell.Words("echo", "b")).String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	portions, _ := runTogether(t, shell.Words("printf", "%s", string(earlier)), shell.Words("printf", "%s", whole))
	if portions[0] != string(earlier) || portions[1] != whole {
		t.Errorf("got %q", portions)
	}
}

func FuzzApartGivesWhatEachPrinted(f *testing.F) {
	for _, seed := range []string{"", "\n", "a", "a\n", "\x00\xff", whole, "=== replssl end of one of the answers ", "=== replssl answers x ===\n"} {
		f.Add([]byte(seed), []byte("b"))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var lines []shell.Line
		for _, text := range [][]byte{first, second} {
			lines = append(lines, shell.Script(`printf %s "$1" | base64 -d`, base64.StdEncoding.EncodeToString(text)))
			if lines[len(lines)-1].Err() != nil {
				t.Skip("too long")
			}
		}
		portions, _ := runTogether(t, lines...)
		if portions[0] != string(first) || portions[1] != string(second) {
			t.Errorf("got %q, want %q and %q", portions, first, second)
		}
	})
}

func FuzzApart(f *testing.F) {
	f.Add([]byte(whole), 2)
	f.Fuzz(func(t *testing.T, printed []byte, n int) {
		if portions, err := shell.Apart(printed, n); err == nil && len(portions) != n || err != nil && portions != nil {
			t.Errorf("%d portions of %d, %v", len(portions), n, err)
		}
	})
}
