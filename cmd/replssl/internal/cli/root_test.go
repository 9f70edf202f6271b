package cli

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/replssl/replssl/e2e/lab"
)

// commands are all that a person can call, but for the help that cobra adds.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	var list []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		list = append(list, cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(Root(World{Getenv: os.Getenv}))
	return list
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, cmd := range commands(t) {
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" {
			t.Errorf("%s lacks a text: short %q, long %q, example %q", cmd.CommandPath(), cmd.Short, cmd.Long, cmd.Example)
		}
		for line := range strings.Lines(cmd.Long) {
			if len(strings.TrimSpace(line)) > 80 {
				t.Errorf("%s: a line of its help is too long for a terminal: %s", cmd.CommandPath(), line)
			}
		}
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("the example of %s is of something else: %s", cmd.CommandPath(), cmd.Example)
		}
	}
}

// TestExamplesAreCommandLines: each names a command that exists, with flags and arguments that it takes.
func TestExamplesAreCommandLines(t *testing.T) {
	lines := 0
	for _, cmd := range commands(t) {
		for line := range strings.Lines(cmd.Example) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			lines++
			if err := parses(t, line); err != nil {
				t.Errorf("%s: %s: %v", cmd.CommandPath(), line, err)
			}
		}
	}
	if lines < 12 {
		t.Errorf("only %d examples were found", lines)
	}
	for _, wrong := range []string{"replssl aply", "replssl plan --jsn", "replssl lab sql --dir x primary", "replssl verify --wait never"} {
		if parses(t, wrong) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

// parses does what happens before a command begins its work.
func parses(t *testing.T, line string) error {
	t.Helper()
	words := shellWords(line)
	at := slices.Index(words, "replssl")
	if at < 0 {
		t.Fatalf("%s calls no replssl", line)
	}
	cmd, args, err := Root(World{Getenv: os.Getenv}).Find(words[at+1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	return cmd.ValidateRequiredFlags()
}

// shellWords are the words of the first command of a line: up to a pipe, a redirection or a bracket.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote := rune(0)
	for _, r := range strings.ReplaceAll(line, "<(", " ") + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote = r
		case strings.ContainsRune(" |>)", r):
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			if r != ' ' {
				return words
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return words
}

// TestEachCommandHasTheFlagsThatItHeeds and no other.
func TestEachCommandHasTheFlagsThatItHeeds(t *testing.T) {
	reaching := []string{"connect-timeout", "inventory", "journal", "pki"}
	planning := append([]string{"allow-restart", "enforce", "keep-stopped", "limit", "only"}, reaching...)
	want := map[string][]string{
		"replssl":              nil,
		"replssl plan":         append([]string{"json"}, planning...),
		"replssl apply":        append([]string{"digest", "dry-run", "json", "wait", "yes"}, planning...),
		"replssl journal":      nil,
		"replssl journal list": {"inventory", "journal", "json"},
		"replssl journal show": {"inventory", "journal", "json"},
		"replssl rotate":       nil,
		"replssl rotate ca": append([]string{
			"allow-restart", "digest", "dry-run", "expiring-within", "json", "keep-stopped", "phase", "wait", "yes",
		}, reaching...),
		"replssl rotate timer": {"expiring-within", "inventory", "journal", "pki"},
		"replssl rotate leaf": append([]string{
			"all", "allow-restart", "digest", "dry-run", "expiring-within", "json", "keep-stopped", "server", "wait", "yes",
		}, reaching...),
		"replssl verify":  append([]string{"json", "keep-stopped", "wait"}, reaching...),
		"replssl status":  append([]string{"json"}, reaching...),
		"replssl doctor":  append([]string{"channel", "family", "json"}, reaching...),
		"replssl runbook": planning,
		"replssl init": {
			"account", "admin", "connect-timeout", "force", "hosts", "identity", "jump", "known-hosts", "output", "port", "replica",
			"socket", "ssh-user", "sudo",
		},
		"replssl pki":         nil,
		"replssl pki init":    {"algorithm", "inventory", "passphrase-command", "passphrase-file", "pki", "seal"},
		"replssl pki seal":    {"inventory", "passphrase-command", "passphrase-file", "pki"},
		"replssl pki unseal":  {"inventory", "passphrase-command", "passphrase-file", "pki"},
		"replssl pki inspect": append([]string{"ca", "json", "name"}, reaching...),
		"replssl pki lint":    append([]string{"ca", "cert", "chain", "crl", "json", "key", "name", "offline"}, reaching...),
		"replssl pki list":    {"inventory", "json", "pki"},
		"replssl pki issue":   {"all", "days", "inventory", "name", "passphrase-command", "passphrase-file", "pki"},
		"replssl lab":         nil,
		"replssl lab up":      {"account", "dir", "replicas", "server", "source"},
		"replssl lab down":    {"dir", "remove"},
		"replssl lab sql":     {"dir"},
		"replssl completion":  nil,
		"replssl version":     nil,
	}
	for _, cmd := range commands(t) {
		var got []string
		flags := func(f *pflag.Flag) { got = append(got, f.Name) }
		cmd.LocalFlags().VisitAll(flags)
		cmd.InheritedFlags().VisitAll(flags)
		expected, known := want[cmd.CommandPath()]
		slices.Sort(expected)
		slices.Sort(got)
		if !known || !slices.Equal(got, expected) {
			t.Errorf("%s has the flags %v, want %v", cmd.CommandPath(), got, expected)
		}
	}
}

// completes is what a shell is told: the values, and the directive that ends them.
func completes(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := Root(World{Getenv: os.Getenv})
	root.SetArgs(append([]string{"__completeNoDesc"}, args...))
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return strings.ReplaceAll(strings.TrimSpace(out.String()), "\n", " ")
}

// TestShellsAreShownNoMarks: the usage of a flag says which word is its value in a way that only help understands.
func TestShellsAreShownNoMarks(t *testing.T) {
	for _, cmd := range commands(t) {
		args := append([]string{"__complete"}, strings.Fields(cmd.CommandPath())[1:]...)
		var out, log bytes.Buffer
		if code := Main(t.Context(), World{Args: append(args, "--"), Stdout: &out, Stderr: &log, Getenv: os.Getenv}); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", cmd.CommandPath(), code, &log)
		}
		if strings.Contains(out.String(), "`") {
			t.Errorf("%s completes to\n%s", cmd.CommandPath(), &out)
		}
		if cmd.Name() == "apply" && !strings.Contains(out.String(), "--digest\trefuse unless the plan has the DIGEST that was approved\n") {
			t.Errorf("apply lacks --digest with its usage:\n%s", &out)
		}
	}
}

// TestNothingCompletesToFilesUnasked: where a command takes no file, a shell offers none.
func TestNothingCompletesToFilesUnasked(t *testing.T) {
	const noFiles, onlyFolders, byEnding, anyFile = ":4", ":16", ":8", ":0"
	for _, cmd := range commands(t) {
		path := strings.Fields(cmd.CommandPath())[1:]
		if !cmd.HasSubCommands() && cmd.Name() != "completion" {
			want := noFiles
			if cmd.Name() == "inspect" {
				want = anyFile
			}
			if got := completes(t, append(path, "")...); strings.TrimPrefix(got, "--dir ") != want { // a flag that must be given is offered
				t.Errorf("%v completes to %s", path, got)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			got := completes(t, append(path, "--"+f.Name, "")...)
			want := noFiles
			switch f.Name {
			case "inventory", "output":
				want = "yaml yml " + byEnding
			case "hosts":
				want = "ini yaml yml json " + byEnding
			case "algorithm":
				want = "rsa-2048 rsa-3072 rsa-4096 ecdsa-p256 ed25519 " + noFiles
			case "ca", "cert", "key", "chain", "crl":
				want = "pem crt key " + byEnding
			case "identity", "known-hosts", "passphrase-file":
				want = anyFile
			case "pki", "journal", "dir":
				want = onlyFolders
			case "family":
				want = "mysql mariadb " + noFiles
			case "phase":
				want = "next all " + noFiles
			case "enforce":
				want = "last first " + noFiles
			case "server":
				if path[0] == "lab" {
					want = strings.Join(append(lab.Trees(), anyFile), " ")
				}
			case "account":
				if path[0] == "lab" {
					want = "primary some all " + noFiles
				}
			}
			if got != want {
				t.Errorf("%v --%s completes to %s, want %s", path, f.Name, got, want)
			}
		})
	}
}
