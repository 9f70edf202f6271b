package ssh_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/ssh"
)

// agentWith is an agent that holds keys of these files.
func agentWith(t *testing.T, files ...string) (socket string) {
	t.Helper()
	keyring := agent.NewKeyring()
	for _, file := range files {
		key, err := gossh.ParseRawPrivateKey([]byte(read(t, file)))
		if err != nil {
			t.Fatal(err)
		}
		if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
	}
	return remotetest.Listen(t, "unix", func(conn net.Conn) { _ = agent.ServeAgent(keyring, conn) })
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func strangerKey(t *testing.T) (file string) {
	t.Helper()
	_, private := remotetest.NewKey(t)
	file = filepath.Join(t.TempDir(), "stranger")
	write(t, file, string(private))
	return file
}

// encryptedKey is an encrypted private key, the same key in the clear, and its public half.
func encryptedKey(t *testing.T) (locked, open string, public gossh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKeyWithPassphrase(private, "test", []byte("passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gossh.MarshalPrivateKey(private, "test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	locked, open = filepath.Join(t.TempDir(), "locked"), filepath.Join(t.TempDir(), "open")
	write(t, locked, string(pem.EncodeToMemory(block)))
	write(t, open, string(pem.EncodeToMemory(plain)))
	return locked, open, signer.PublicKey()
}

// refusedLogin dials, expects to be refused, and gives what was tried.
func refusedLogin(t *testing.T, config ssh.Config, parts ...string) (tried []string) {
	t.Helper()
	var refused *ssh.AuthError
	if err := fails(t, config, parts...); !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	if refused.Host != config.Name || refused.User != config.User {
		t.Errorf("got %+v", refused)
	}
	return refused.Tried
}

func TestALoginThatIsRefusedTellsWhatWasTried(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{Fault: remotetest.RefuseLogin})
	config := configFor(server)
	config.AgentSocket = agentWith(t, strangerKey(t))
	tried := refusedLogin(t, config, "login as ops", server.Identity, "agent key ssh-ed25519 SHA256:")
	if len(tried) != 2 {
		t.Errorf("tried %q", tried)
	}
	if server.Handshakes() != 0 {
		t.Error("somebody was let in")
	}
}

func TestAnyUsableKeyLetsIn(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	base := configFor(server)
	none := filepath.Join(t.TempDir(), "none")
	for name, change := range map[string]func(*ssh.Config){
		"the agent alone": func(c *ssh.Config) { c.IdentityFiles, c.AgentSocket = nil, agentWith(t, server.Identity) },
		"a wrong identity, a good agent": func(c *ssh.Config) {
			c.IdentityFiles, c.AgentSocket = []string{strangerKey(t)}, agentWith(t, server.Identity)
		},
		"no identity file, a good agent": func(c *ssh.Config) { c.IdentityFiles, c.AgentSocket = []string{none}, agentWith(t, server.Identity) },
		"a wrong key in the agent first": func(c *ssh.Config) {
			c.IdentityFiles, c.AgentSocket = nil, agentWith(t, strangerKey(t), server.Identity)
		},
		"a good identity, no agent": func(c *ssh.Config) { c.AgentSocket = none },
		"a good identity, a hung agent": func(c *ssh.Config) {
			c.AgentSocket = remotetest.Listen(t, "unix", func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1<<10)); _, _ = conn.Read(nil) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := base
			change(&config)
			_ = open(t, config)
		})
	}
}

func TestAnEncryptedIdentityNeedsTheAgent(t *testing.T) {
	locked, plain, public := encryptedKey(t)
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Authorized: []gossh.PublicKey{public}}))
	config.IdentityFiles = []string{locked}
	refusedLogin(t, config, locked, "it is encrypted; there is no terminal to ask for the passphrase at")
	var strangers []string
	for range 8 { // more than a server takes: the right one must come first
		strangers = append(strangers, strangerKey(t))
	}
	config.AgentSocket = agentWith(t, append(strangers, plain)...)
	_ = open(t, config)
}

func TestNothingToOffer(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{}))
	config.IdentityFiles = nil
	refusedLogin(t, config, "no key to offer")
	config.AgentSocket = agentWith(t)
	refusedLogin(t, config, config.AgentSocket, "holds no key")
	file := filepath.Join(t.TempDir(), "none")
	config.AgentSocket, config.IdentityFiles = "", []string{file}
	refusedLogin(t, config, file, "no such file")
	write(t, file, "not a key")
	refusedLogin(t, config, file, "it holds no private key")
}

func TestAHungAgentEndsWithTheTimeout(t *testing.T) {
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{}))
	config.IdentityFiles, config.DialTimeout = nil, 300*time.Millisecond
	config.AgentSocket = remotetest.Listen(t, "unix", func(conn net.Conn) {
		for buffer := make([]byte, 1<<10); ; {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		}
	})
	err := fails(t, config)
	if !strings.Contains(err.Error(), "no answer within 300ms") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
