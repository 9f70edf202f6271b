package ssh_test

import (
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/ssh"
)

func BenchmarkDial(b *testing.B) {
	config := configFor(remotetest.Serve(b, remotetest.ServerOptions{}))
	b.ReportAllocs()
	for b.Loop() {
		client, err := new(ssh.Dialer).Dial(b.Context(), config)
		if err != nil {
			b.Fatal(err)
		}
		_ = client.Close()
	}
}

func BenchmarkRun(b *testing.B) { benchmarkRun(b, "") }

func BenchmarkRunWithInput(b *testing.B) { benchmarkRun(b, strings.Repeat("0123456789abcde\n", 1<<10)) }

// benchmarkRun measures a command of the shell itself: what remains beside the start of a process is the connection's.
func benchmarkRun(b *testing.B, input string) {
	client, err := new(ssh.Dialer).Dial(b.Context(), configFor(remotetest.Serve(b, remotetest.ServerOptions{})))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		cmd := remote.Command{Line: shell.Script("read -r line || :")}
		if input != "" {
			cmd.Stdin = strings.NewReader(input)
		}
		if _, err := client.Run(b.Context(), cmd); err != nil {
			b.Fatal(err)
		}
	}
}
