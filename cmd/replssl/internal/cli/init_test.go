package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/discover"
	"github.com/replssl/replssl/orchestrate/facts"
)

// villages is a made-up network: two servers on the primary's host, and a replica that nobody finds by its address.
type villages struct{}

func (villages) Servers(_ context.Context, host string) ([]discover.Seen, error) {
	switch host {
	case "db1":
		other := discover.Seen{Instance: facts.Instance{ServerID: 9, Port: 3308}}
		return []discover.Seen{{
			Instance: facts.Instance{ServerID: 1, Port: 3307}, Registered: []dialect.Registered{{ServerID: 2, Host: "10.0.0.2", Port: 3306}},
			DumpThreads: []facts.DumpThread{{User: "a"}, {User: "b"}},
		}, other}, nil
	case "db2":
		return []discover.Seen{{
			Instance: facts.Instance{ServerID: 2, Port: 3306},
			Channels: []facts.Channel{{SourceServerID: 1, SourceHost: "db1", SourcePort: 3307}},
		}}, nil
	}
	return nil, errors.New(host + ": no such host")
}

func (villages) Known(address string) string { return address }
func (villages) Address(host string) string  { return host }

func command(t *testing.T) *cobra.Command {
	t.Helper()
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	return cmd
}

// TestInitAsks what it cannot find out, takes the default for an empty line, and asks again where an answer was wrong.
func TestInitAsks(t *testing.T) {
	var asked bytes.Buffer
	person := interview{in: bufio.NewReader(strings.NewReader("\n\ndb8\ndb2\n")), out: &asked}
	found, err := person.find(command(t), discover.Wanted{Primary: "db1"}, villages{})
	if err != nil {
		t.Fatalf("%v\n%s", err, &asked)
	}
	var names []string
	for _, s := range found.Servers {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"db1", "db2"}) || found.Account != "a" || found.Servers[0].Port != 3307 {
		t.Errorf("found %+v", found)
	}
	for _, text := range []string{
		"Port of the primary [3307]: ", "Replication account [a]: ", "Host of the replica with the server id 2: ",
		"--replica db8: db8: no such host\nHost of the replica that is meant: ",
	} {
		if !strings.Contains(asked.String(), text) {
			t.Errorf("nobody asked %q:\n%s", text, &asked)
		}
	}
}

// TestInitTakesNoAnswerForNone: who does not answer gets nothing written.
func TestInitTakesNoAnswerForNone(t *testing.T) {
	for _, answers := range []string{"", "\n", "\n\n\n", "x\n"} {
		person := interview{in: bufio.NewReader(strings.NewReader(answers)), out: &bytes.Buffer{}}
		if _, err := person.find(command(t), discover.Wanted{Primary: "db1"}, villages{}); err == nil || !strings.Contains(err.Error(), "nothing was written") {
			t.Errorf("%q: %v", answers, err)
		}
	}
}

// TestInitIsInterruptedWhileItAsks, though nobody types.
func TestInitIsInterruptedWhileItAsks(t *testing.T) {
	silent, _ := io.Pipe()
	defer func() { _ = silent.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	person := interview{in: bufio.NewReader(silent), out: writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})}
	var ended *codeError
	if _, err := person.find(cmd, discover.Wanted{Primary: "db1"}, villages{}); !errors.As(err, &ended) || ended.code != exitInterrupted {
		t.Errorf("got %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// TestInitWithoutATerminal tells the flags that answer, each of which does.
func TestInitWithoutATerminal(t *testing.T) {
	nobody := interview{out: &bytes.Buffer{}}
	wanted := discover.Wanted{Primary: "db1"}
	for _, c := range []struct {
		want   string
		answer func()
	}{
		{"give --port PORT", func() { wanted.Port = 3307 }},
		{"give --account USER", func() { wanted.Account = "b" }},
		{"give --replica HOST", func() { wanted.Replicas = []string{"db2"} }},
	} {
		_, err := nobody.find(command(t), wanted, villages{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "nothing was written") {
			t.Errorf("got %v, want %s", err, c.want)
		}
		c.answer()
	}
	if found, err := nobody.find(command(t), wanted, villages{}); err != nil || found.Account != "b" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestInitReplacesNoFile that is there, nor one that comes while it looks.
func TestInitReplacesNoFile(t *testing.T) {
	dir := t.TempDir()
	flags := &initFlags{output: filepath.Join(dir, "replssl.yaml")}
	if err := flags.mayWrite(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(flags.output, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if flags.mayWrite() == nil || flags.write("yours\n") == nil {
		t.Error("a file that is there may be replaced")
	}
	if text, _ := os.ReadFile(flags.output); string(text) != "mine\n" {
		t.Errorf("the file is %q", text)
	}
	flags.force = true
	if err := errors.Join(flags.mayWrite(), flags.write("yours\n")); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(flags.output); string(text) != "yours\n" {
		t.Errorf("the file is %q", text)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
