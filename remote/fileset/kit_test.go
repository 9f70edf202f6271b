package fileset_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/shell"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isRoot() bool { return os.Geteuid() == 0 }

// place is a folder that every user may enter and, when asked for, the plain user owns.
func place(t *testing.T, user string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "fileset")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755))
	if user != "" {
		sh(t, remote.Command{Line: shell.Words("chown", user, folder)})
	}
	return folder
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// attempt runs a command on this machine.
func attempt(t *testing.T, cmd remote.Command) (string, error) {
	t.Helper()
	out, err := remotetest.RunLocal(t.Context(), cmd)
	return string(out.Stdout), err
}

func sh(t *testing.T, cmd remote.Command) string {
	t.Helper()
	out, err := attempt(t, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused runs a command that has to fail with one sentence that tells the parts.
func refused(t *testing.T, cmd remote.Command, parts ...string) {
	t.Helper()
	_, err := attempt(t, cmd)
	var failed *remote.ExitError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if strings.Count(strings.TrimSpace(failed.Stderr), "\n") != 0 {
		t.Errorf("not one sentence: %q", failed.Stderr)
	}
	for _, part := range parts {
		if !strings.Contains(failed.Stderr, part) {
			t.Errorf("%q does not tell %q", failed.Stderr, part)
		}
	}
}

// set makes files with a real key; texts differ by name.
func set(t *testing.T, name string) fileset.Files {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return fileset.Files{CA: []byte("ca of " + name + "\n"), Cert: []byte("cert of " + name + "\n"), Key: secret.New(key)}
}

func install(t *testing.T, dir string, version int, files fileset.Files, owner string) remote.Command {
	t.Helper()
	archive, err := fileset.Pack(files)
	must(t, err)
	return remote.Command{Line: fileset.Install(dir, version, owner), Stdin: bytes.NewReader(archive)}
}

func look(t *testing.T, dir, reader string) fileset.State {
	t.Helper()
	return lookBy(t, fileset.Look(dir, reader))
}

func lookBy(t *testing.T, line shell.Line) fileset.State {
	t.Helper()
	state, err := fileset.ParseLook([]byte(sh(t, remote.Command{Line: line})))
	must(t, err)
	return state
}

// snapshot is all that can be seen of a tree, times included.
func snapshot(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.ErrUnsupported
		}
		_, err = fmt.Fprintln(&all, path, info.Mode(), info.Size(), stat.Uid, stat.Gid, stat.Mtim, stat.Ctim, stat.Ino)
		return err
	}))
	return all.String()
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	return info.Mode()
}
