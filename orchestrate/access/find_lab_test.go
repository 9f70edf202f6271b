package access_test

import (
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/e2e/lab/labtest"
	"github.com/replssl/replssl/e2e/reach"
	"github.com/replssl/replssl/orchestrate/access"
)

// TestFindListsTheServersOfAHost: each by its socket, with the port that it has.
func TestFindListsTheServersOfAHost(t *testing.T) {
	l := labtest.Start(t, lab.Options{Replicas: 1})
	servers := access.New(reach.Cluster(t, l), reach.Dial)
	defer func() { _ = servers.Close() }()
	found, err := servers.Find(t.Context(), "primary")
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]int{}
	for _, one := range found {
		ports[one.Socket] = one.Port
	}
	for _, s := range l.Servers {
		if ports[s.Socket] != s.Port {
			t.Errorf("%s: behind %s is port %d, want %d; all: %+v", s.Name, s.Socket, ports[s.Socket], s.Port, found)
		}
	}
	if _, err := servers.Find(t.Context(), "nobody"); err == nil {
		t.Error("a server that the inventory does not have is found")
	}
}
