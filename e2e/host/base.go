package host

import (
	"context"
	"crypto/sha256"
	_ "embed" // the recipe
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

//go:embed base.sh
var baseRecipe string

const (
	cache    = "/var/cache/replssl/hosts"
	building = 15 * time.Minute
)

// base is the tree of files that all hosts share. It is made once, by whoever comes first, and kept in the cache under the digest of
// its recipe; one that was cut short in the making is made anew, from the packages that it had fetched.
func base(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, building)
	defer cancel()
	if err := os.MkdirAll(filepath.Join(cache, "debs"), 0o755); err != nil {
		return "", fmt.Errorf("hosts: %w", err)
	}
	digest := sha256.Sum256([]byte(baseRecipe))
	tree := filepath.Join(cache, "bookworm-"+hex.EncodeToString(digest[:6]))
	unlock, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	now := time.Now()
	if os.Chtimes(tree, now, now) == nil {
		return tree, nil
	}
	return tree, errors.Join(removeUnused(now), build(ctx, tree))
}

// removeUnused removes the trees that nobody started a host of for a day.
func removeUnused(now time.Time) error {
	trees, err := filepath.Glob(filepath.Join(cache, "bookworm-*"))
	for _, tree := range trees {
		if info, failed := os.Stat(tree); failed == nil && now.Sub(info.ModTime()) > 24*time.Hour {
			err = errors.Join(err, os.RemoveAll(tree))
		}
	}
	return err
}

func build(ctx context.Context, tree string) error {
	unfinished := tree + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", baseRecipe, "base", unfinished, filepath.Join(cache, "debs"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	log, err := os.Create(filepath.Join(cache, "build.log"))
	if err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("hosts: make their files: %w: %s\nhint: all of it is in %s; REPLSSL_DEBIAN names another mirror of Debian",
			err, lastLines(log.Name(), 5), log.Name())
	}
	return os.Rename(unfinished, tree)
}

func lastLines(file string, n int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// lock holds a file against other processes that make the same tree.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	err = lab.Until(ctx, "hosts: wait for another process that makes their files", func() (bool, error) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
