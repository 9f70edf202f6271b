// Package reach leads from a lab to the rooms under test: its inventory as the desired state, and the way to its hosts. The lab itself
// shares no code with what it judges.
package reach

import (
	"context"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
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
	client, err := ssh.Dial(ctx, ssh.Config{
		Name: string(s.Name), Address: net.JoinHostPort(s.SSH.Address, strconv.Itoa(s.SSH.Port)), User: s.SSH.User,
		IdentityFiles: s.SSH.IdentityFiles, KnownHosts: s.SSH.KnownHosts, DialTimeout: 5 * time.Second,
	})
	if err != nil {
		return nil, err // not a typed nil
	}
	return client, nil
}
