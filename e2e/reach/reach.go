// Package reach leads from a lab to the rooms under test: its inventory as the desired state, and the way to its hosts. The lab itself
// shares no code with what it judges.
package reach

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/ssh"
)

// Cluster is the desired state that the lab's inventory describes.
func Cluster(t testing.TB, l *lab.Lab) topology.Cluster {
	t.Helper()
	text, err := os.ReadFile(l.Inventory())
	if err != nil {
		t.Fatal(err)
	}
	c, err := topology.Parse(l.Inventory(), text, topology.Defaults{User: l.SSHUser, Home: l.Dir, Dir: l.Dir})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Dial reaches the host of a server of a lab.
func Dial(ctx context.Context, s topology.Server) (remote.Host, error) {
	return access.Over(&ssh.Dialer{DialTimeout: 5 * time.Second})(ctx, s)
}
