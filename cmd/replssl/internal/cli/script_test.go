package cli_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/replssl/replssl/cmd/replssl/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"replssl": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			code := cli.Main(ctx, cli.World{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv})
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs what needs no server. Exit codes: 1 and 3 are here, and 0 of what changes nothing; 0, 2, 4, 5, 11 and 130 of real
// clusters are in the suites over real servers.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Condition: isThere})
}

// isThere is the condition [file:PATH].
func isThere(condition string) (bool, error) {
	path, ok := strings.CutPrefix(condition, "file:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	_, err := os.Stat(path)
	return err == nil, nil
}
