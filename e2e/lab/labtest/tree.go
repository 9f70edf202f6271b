package labtest

import (
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// Tree is the folder of an unpacked server that scripts/servers.sh has brought for this user, or for the whole machine. A machine without it
// fails the test.
func Tree(t testing.TB, server string) string {
	t.Helper()
	tree, err := lab.FindTree(server)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Trees are the names of the servers that are there, as [lab.Options] takes them.
func Trees(t testing.TB) []string {
	t.Helper()
	names := lab.Trees()
	if len(names) == 0 {
		t.Fatal("no server of another version is there\nhint: make servers")
	}
	return names
}
