package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestKillWhileTheServerIsDown: the run dies when the restart has left the primary down, which cannot read its option file. What the next plan
// says brings the primary up.
func TestKillWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.restartBy(`own=$(grep -l ssl_key "$conf"/*.cnf); echo no_such_option >>"$own"; "$restart"; ` + c.hangs())
	o := c.applyWith("restart primary by", func(p *os.Process) {
		c.await("the restart is over", c.hanging)
		must(t, p.Kill())
	})
	if o.code == 0 {
		t.Fatal("it was not killed")
	}
	own := filepath.Join(c.Primary().ConfDir, "zz-replssl.cnf")
	for _, command := range []string{"plan", "status"} {
		c.run(command).says(t, "a run that did not end well, of", "was restarting it", "move "+own+" away", "start it: "+c.restartFile())
	}
	must(t, os.Rename(own, own+".away"))
	c.restartBy(`exec "$restart"`)
	out, err := exec.CommandContext(t.Context(), c.restartFile()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}
