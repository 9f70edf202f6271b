package observe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestServersBesideThatComeAndGo: what they take along, files and all, spoils no look at the one that stays.
func TestServersBesideThatComeAndGo(t *testing.T) {
	b := newBench(t, labtest.Start(t, lab.Options{Replicas: 1}))
	over := make(chan struct{})
	var churn sync.WaitGroup
	churn.Go(func() {
		for alive := true; alive; {
			comeAndGo(t)
			select {
			case <-over:
				alive = false
			default:
			}
		}
	})
	for range 40 {
		config := b.look(t, "primary", facts.PartInstance|facts.PartProcess|facts.PartConfig).Config
		if others := known(t, "config", config).Others; !others.IsKnown() {
			t.Errorf("the servers beside: %v", others)
		}
	}
	close(over)
	churn.Wait()
}

// comeAndGo is the short life of a process that is called as a server, with option files of its own.
func comeAndGo(t *testing.T) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	check(t, err)
	program, options := filepath.Join(dir, "mariadbd"), filepath.Join(dir, "my.cnf")
	shell, err := os.ReadFile(must(filepath.EvalSymlinks("/bin/sh"))(t))
	check(t, err)
	check(t, os.WriteFile(program, shell, 0o700))
	check(t, os.Mkdir(filepath.Join(dir, "conf.d"), 0o755))
	check(t, os.WriteFile(options, []byte("[mysqld]\n!includedir "+dir+"/conf.d\n"), 0o644))
	server := exec.CommandContext(t.Context(), program, "-c", "echo runs; read -r end", "--defaults-file="+options)
	input, err := server.StdinPipe()
	check(t, err)
	output, err := server.StdoutPipe()
	check(t, err)
	check(t, server.Start())
	_, _ = output.Read(make([]byte, 5))
	check(t, input.Close())
	_ = server.Wait()
	check(t, os.RemoveAll(dir))
}
