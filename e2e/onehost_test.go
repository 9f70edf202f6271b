package e2e_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestServersOfOneHost: a chain of three that share a host, its option files and their include folder. Each source gets its own settings, its
// own files and its own restart; the last one, which nobody replicates from, gets neither settings nor a restart.
func TestServersOfOneHost(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{OneHost: true, ReplicatesFrom: map[string]string{"replica2": "replica1"}})
	allArrived := c.write()
	last, err := c.ServerPID("replica2")
	if err != nil {
		t.Fatal(err)
	}
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	allArrived()
	written, err := filepath.Glob(filepath.Join(c.Primary().ConfDir, "zz-*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range written {
		written[i] = filepath.Base(written[i])
	}
	if want := []string{"zz-replssl@.primary.cnf", "zz-replssl@.replica1.cnf"}; !slices.Equal(written, want) {
		t.Errorf("written are %q, want %q", written, want)
	}
	if pid, err := c.ServerPID("replica2"); err != nil || pid != last {
		t.Errorf("replica2 was restarted: %d, before %d, %v", pid, last, err)
	}
	if err := c.RestartServer(t.Context(), "replica2"); err != nil { // whatever it would read, it reads now
		t.Fatal(err)
	}
	for _, s := range c.Servers {
		want := s.TLSDir + "/current/cert.pem"
		if s.Name == "replica2" {
			want = ""
		}
		if got, err := c.Value(t.Context(), s.Name, "SELECT @@ssl_cert"); err != nil || got != want {
			t.Errorf("%s uses %q, want %q (%v)", s.Name, got, want, err)
		}
	}
	c.want(0, "apply", "--yes").says(t, "nothing to do")
}
