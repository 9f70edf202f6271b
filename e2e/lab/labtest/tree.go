package labtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Tree is the folder of an unpacked server that scripts/servers.sh has brought for this user, or for the whole machine. A machine without it
// fails the test.
func Tree(t testing.TB, server string) string {
	t.Helper()
	folders := []string{"/var/cache/replssl/servers"}
	if own, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(own, "replssl", "servers"))
	}
	for _, folder := range folders {
		tree := filepath.Join(folder, server)
		if _, err := os.Stat(filepath.Join(tree, "whole")); err == nil {
			return tree
		}
	}
	t.Fatalf("%s is in none of %v\nhint: scripts/servers.sh %s brings it", server, folders, server)
	return ""
}
