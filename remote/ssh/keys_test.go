package ssh_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/ssh"
)

// person answers with these passphrases, one after the other, and fails when asked by two at a time.
type person struct {
	t       *testing.T
	answers []string
	asked   atomic.Int32
	busy    sync.Mutex
}

func (p *person) ask(_ context.Context, file string, again bool) (secret.Text, error) {
	if !p.busy.TryLock() {
		p.t.Error("two ask at the same time")
		return secret.Text{}, errors.New("not now")
	}
	defer p.busy.Unlock()
	n := int(p.asked.Add(1))
	if again != (n > 1) {
		p.t.Errorf("question %d for %s: again is %v", n, file, again)
	}
	if n > len(p.answers) {
		p.t.Errorf("asked %d times", n)
		return secret.Text{}, errors.New("enough")
	}
	return secret.New(p.answers[n-1]), nil
}

// lockedServer lets in by an encrypted key, of which it gives the file.
func lockedServer(t *testing.T) (config ssh.Config, plain string) {
	t.Helper()
	locked, plain, public := encryptedKey(t)
	config = configFor(remotetest.Serve(t, remotetest.ServerOptions{Authorized: []gossh.PublicKey{public}}))
	config.IdentityFiles = []string{locked}
	return config, plain
}

func TestAPassphraseIsAskedForOnceARun(t *testing.T) {
	config, _ := lockedServer(t)
	p := &person{t: t, answers: []string{"wrong", "passphrase"}}
	d := newDialer(t)
	d.Ask = p.ask
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { reaches(t, d, config) })
	}
	all.Wait()
	if p.asked.Load() != 2 {
		t.Errorf("asked %d times", p.asked.Load())
	}
}

// TestAKeyThatOthersMayReadIsNotUsed: as with ssh, also where it would have opened the door.
func TestAKeyThatOthersMayReadIsNotUsed(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	config := configFor(server)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(server.Identity, mode); err != nil {
			t.Fatal(err)
		}
		err := refuses(t, newDialer(t), config, "chmod 600 "+server.Identity, "other users of this machine may read it, mode 06")
		var refused *ssh.AuthError
		if !errors.As(err, &refused) || refused.Offered {
			t.Errorf("mode %v: got %v", mode, err)
		}
	}
	if err := os.Chmod(server.Identity, 0o400); err != nil {
		t.Fatal(err)
	}
	reaches(t, newDialer(t), config)
}

func TestAWrongPassphraseIsAskedForThreeTimes(t *testing.T) {
	config, _ := lockedServer(t)
	p := &person{t: t, answers: []string{"a", "b", "c"}}
	d := newDialer(t)
	d.Ask = p.ask
	for range 2 { // the second host does not ask again
		err := refuses(t, d, config, "ssh-add "+config.IdentityFiles[0], "identity file "+config.IdentityFiles[0]+" cannot be used: it is encrypted; the passphrase is wrong")
		var refused *ssh.AuthError
		if !errors.As(err, &refused) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAPersonMayTakeLongerThanALogin(t *testing.T) {
	config, _ := lockedServer(t)
	config.DialTimeout = 300 * time.Millisecond
	d := newDialer(t)
	d.Ask = func(ctx context.Context, _ string, _ bool) (secret.Text, error) {
		select {
		case <-ctx.Done():
		case <-time.After(2 * config.DialTimeout):
		}
		return secret.New("passphrase"), ctx.Err()
	}
	reaches(t, d, config)
}

func TestNobodyIsAskedInVain(t *testing.T) {
	config, plain := lockedServer(t)
	var nobody ssh.Ask = func(context.Context, string, bool) (secret.Text, error) {
		t.Error("a person is asked")
		return secret.New("passphrase"), nil
	}
	t.Run("the agent holds the key", func(t *testing.T) {
		config, d := config, newDialer(t)
		d.Ask, config.AgentSocket = nobody, agentWith(t, plain)
		reaches(t, d, config)
	})
	t.Run("another key lets in", func(t *testing.T) {
		config, d := config, newDialer(t)
		d.Ask, config.IdentityFiles = nobody, append([]string{}, config.IdentityFiles[0], plain)
		reaches(t, d, config)
	})
	t.Run("the host does not take the key", func(t *testing.T) {
		other := configFor(remotetest.Serve(t, remotetest.ServerOptions{}))
		d := newDialer(t)
		d.Ask, other.IdentityFiles = nobody, config.IdentityFiles
		_ = refuses(t, d, other, "authorized_keys of ops", "the host takes none of the keys: identity file "+config.IdentityFiles[0])
	})
}

func TestAPassphraseFromACommand(t *testing.T) {
	config, _ := lockedServer(t)
	marks := filepath.Join(t.TempDir(), "marks")
	for command, want := range map[string]string{
		"echo run >>" + marks + "; echo passphrase; echo more": "", "printf 'passphrase\\r\\n'": "",
		"echo wrong": "ssh.passphrase_command: the passphrase is wrong", "exit 3": "ssh.passphrase_command: it failed: exit status 3",
		"echo secret >&2; false": "it failed: exit status 1", "true": "ssh.passphrase_command: the first line is empty",
	} {
		t.Run(command, func(t *testing.T) {
			d := newDialer(t)
			config := config
			config.PassphraseCommand = command
			if want == "" {
				reaches(t, d, config)
				reaches(t, d, config)
				return
			}
			err := refuses(t, d, config, "the first line that it prints is the passphrase of "+config.IdentityFiles[0], want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("it tells what the command printed: %v", err)
			}
		})
	}
	if text := read(t, marks); text != "run\n" {
		t.Errorf("it ran %q", text)
	}
}

// TestAnEncryptedKeyOfTheOldFormat does not tell its public half: it is opened before it is offered, or read beside it.
func TestAnEncryptedKeyOfTheOldFormat(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private), []byte("passphrase"), x509.PEMCipherAES256) //nolint:staticcheck // people have such keys
	if err != nil {
		t.Fatal(err)
	}
	public, err := gossh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id")
	write(t, file, string(pem.EncodeToMemory(block)))
	config := configFor(remotetest.Serve(t, remotetest.ServerOptions{Authorized: []gossh.PublicKey{public}}))
	config.IdentityFiles = []string{file}
	for range 2 {
		p := &person{t: t, answers: []string{"passphrase"}}
		d := newDialer(t)
		d.Ask = p.ask
		reaches(t, d, config)
		write(t, file+".pub", string(gossh.MarshalAuthorizedKey(public)))
	}
}

func TestTheUsualKeysOfTheHomeFolder(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	config := configFor(server)
	config.IdentityFiles = nil
	d := newDialer(t)
	d.Home = t.TempDir()
	_ = refuses(t, d, config, "ssh.identity_file", "there is no key to offer")
	if err := os.Mkdir(filepath.Join(d.Home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d.Home, ".ssh", "id_rsa"), read(t, strangerKey(t)))
	write(t, filepath.Join(d.Home, ".ssh", "id_ed25519"), read(t, server.Identity))
	reaches(t, d, config)
	config.IdentityFiles = []string{}
	_ = refuses(t, d, config, "ssh.identity_file", "there is no key to offer")
}

func TestOnlyTheKeysOfTheFilesAreTakenFromTheAgent(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	config := configFor(server)
	config.IdentityFiles, config.IdentitiesOnly = []string{}, true
	config.AgentSocket = agentWith(t, server.Identity)
	if tried := refusedLogin(t, config); len(tried) != 0 {
		t.Errorf("tried %q", tried)
	}
	key, err := gossh.ParsePrivateKey([]byte(read(t, server.Identity)))
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "id.pub")
	write(t, public, string(gossh.MarshalAuthorizedKey(key.PublicKey())))
	config.IdentityFiles = []string{public}
	reaches(t, newDialer(t), config)
	config.AgentSocket = ssh.NoAgent
	_ = refuses(t, newDialer(t), config, "ssh-add", "the agent may hold its private key")
}

func TestAnAgentThatHangsIsNamed(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{})
	config := configFor(server)
	config.IdentityFiles, config.DialTimeout = nil, 300*time.Millisecond
	t.Run("before it lists its keys", func(t *testing.T) {
		config := config
		config.AgentSocket = remotetest.Listen(t, "unix", func(conn net.Conn) { swallow(conn) })
		_ = refuses(t, newDialer(t), config, "ssh-add -l", "the SSH agent "+config.AgentSocket+": no answer within 300ms")
	})
	t.Run("before it signs", func(t *testing.T) {
		config := config
		raw, err := gossh.ParseRawPrivateKey([]byte(read(t, server.Identity)))
		if err != nil {
			t.Fatal(err)
		}
		keyring := agent.NewKeyring()
		if err := keyring.Add(agent.AddedKey{PrivateKey: raw}); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		config.AgentSocket = remotetest.Listen(t, "unix", func(conn net.Conn) { _ = agent.ServeAgent(&slowAgent{keyring, ended}, conn) })
		t.Cleanup(func() { close(ended) })
		_ = refuses(t, newDialer(t), config, "waits for a confirmation", "the SSH agent "+config.AgentSocket+": no answer within 300ms")
	})
}

// slowAgent lists its keys and signs nothing.
type slowAgent struct {
	agent.Agent
	ended chan struct{}
}

func (a *slowAgent) Sign(gossh.PublicKey, []byte) (*gossh.Signature, error) {
	<-a.ended
	return nil, errors.New("ended")
}

// swallow reads until the other end has closed.
func swallow(conn net.Conn) {
	for buffer := make([]byte, 1<<10); ; {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}
