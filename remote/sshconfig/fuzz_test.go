package sshconfig

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzHost: whatever a file holds, there is an answer or an error.
func FuzzHost(f *testing.F) {
	for _, text := range []string{
		"Host db*\n  HostName %h.example.com\n  ProxyJump a,b\n", "Match host \"a b\" !user x\nUser y", "IdentityFile '~/a b'\nIdentityAgent $X",
		"Match final\nInclude *\nUserKnownHostsFile ${HOME}/%%/%k none", "ProxyCommand = nc\nPort=22\nHost !\n", "Match user=", "=\"\n\\",
	} {
		f.Add(text, "db1")
	}
	f.Fuzz(func(t *testing.T, text, alias string) {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Named(Env{User: "ops", Home: filepath.Dir(file), Getenv: func(string) string { return "/x" }}, file)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := c.Host(alias); err == nil && h.Port > 65535 {
			t.Errorf("port %d", h.Port)
		}
	})
}
