package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
)

// databaseUser is who the servers run as when root starts them, since they refuse to run as root.
const databaseUser = "mysql"

func findSSHD() (string, error) {
	path := findProgram("sshd")
	if path == "" {
		return "", fmt.Errorf("lab: not found on this machine: sshd\n%s", installHint)
	}
	return path, nil
}

// person is who starts the lab.
type person struct {
	name string
	root bool
}

func whoAmI() (person, error) {
	u, err := user.Current()
	if err != nil {
		return person{}, fmt.Errorf("lab: who runs this: %w", err)
	}
	return person{name: u.Username, root: os.Geteuid() == 0}, nil
}

// serverUser is the OS user to name in my.cnf; a normal user's servers run as that user, without one.
func (p person) serverUser() string {
	if p.root {
		return databaseUser
	}
	return ""
}

// locked reports an OS account whose password is locked: sshd lets such a user in by PAM only.
func (p person) locked() bool {
	file, err := os.Open("/etc/shadow")
	if err != nil {
		return false // not root: an sshd of a normal user cannot look either
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), p.name+":"); ok {
			return strings.HasPrefix(rest, "!")
		}
	}
	return false
}

// readyForRoot makes what the packages' own set-up would have made: the servers' OS user and sshd's empty folder.
func readyForRoot(ctx context.Context) error {
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return fmt.Errorf("lab: sshd's empty folder: %w", err)
	}
	// Two at once would create the user twice, the second time with another number.
	const create = `PATH=$PATH:/usr/sbin:/sbin; id -u "$0" >/dev/null 2>&1 ||
		exec useradd --system --no-create-home --shell /usr/sbin/nologin "$0"`
	cmd := exec.CommandContext(ctx, "flock", "/run/replssl-lab.lock", "sh", "-c", create, databaseUser)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: create the OS user %s: %w: %s", databaseUser, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// checkPath refuses a folder that could not hold the servers, before anything is made.
func checkPath(dir, longestSocket string) error {
	const mostSocket = 107 // what a unix socket address can hold
	if over := len(longestSocket) - mostSocket; over > 0 {
		return fmt.Errorf("lab: the path %s is %d bytes too long: a socket below it would not fit into %d bytes\n"+
			"hint: choose a shorter --dir", dir, over, mostSocket)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9/._+@=-]+$`).MatchString(dir) {
		return fmt.Errorf("lab: the path %q holds a character that is special in configuration files\n"+
			"hint: choose a --dir of letters, digits and any of / . _ - + @ =", dir)
	}
	return nil
}

// prepareFolder makes the folder, or takes an empty one.
func prepareFolder(dir string, p person) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("lab: %w", err)
	}
	if _, err := os.Stat(stateFile(dir)); err == nil {
		return fmt.Errorf("lab: %s holds a lab already\nhint: replssl lab down --dir %s --remove", dir, dir)
	}
	if len(entries) > 0 {
		return fmt.Errorf("lab: %s is not empty\nhint: choose a new or an empty --dir", dir)
	}
	if err := p.checkParents(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return p.checkParents(dir) // those that were made have the mode that the umask leaves
}

// checkParents makes sure that the servers' OS user can come to the folder, through the parents that exist so far.
func (p person) checkParents(dir string) error {
	if !p.root {
		return nil
	}
	for parent := filepath.Dir(dir); parent != "/"; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("lab: %w", err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("lab: the OS user %s, whom the servers run as, cannot come to %s: %s has mode %#o\n"+
				"hint: choose a --dir below /tmp or /var/tmp, or: chmod o+x %s", databaseUser, dir, parent, info.Mode().Perm(), parent)
		}
	}
	return nil
}
