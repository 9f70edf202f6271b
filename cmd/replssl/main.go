// Command replssl takes MySQL and MariaDB replication from plaintext to encrypted, enforced and proven.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/replssl/replssl/cmd/replssl/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Main(ctx, cli.World{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
	}))
}
