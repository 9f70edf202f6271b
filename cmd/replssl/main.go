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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// A reader that goes away must not end the process while threads are stopped: asked for, this signal turns into an error of the write.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(cli.Main(ctx, cli.World{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
	}))
}
