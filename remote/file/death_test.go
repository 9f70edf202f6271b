package file_test

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/internal/mortal"
	"github.com/replssl/replssl/remote/secret"
)

// deadly is a command on an option file that dies.
type deadly struct {
	old, after string // the text before and at the end; empty: there is no file
	command    func(name, owner string) remote.Command
}

func deadlies() map[string]deadly {
	write := func(name, owner string) remote.Command {
		return file.Write(name, secret.New("[mysqld]\nnew\n"), file.Attributes{Mode: 0o640, Owner: owner})
	}
	return map[string]deadly{
		"make":    {"", "[mysqld]\nnew\n", write},
		"replace": {"[mysqld]\nold\n", "[mysqld]\nnew\n", write},
		"remove":  {"[mysqld]\nold\n", "", func(name, _ string) remote.Command { return remote.Command{Line: file.Remove(name)} }},
	}
}

// die runs the command in a fresh place until it dies, then once more to its end.
func (d deadly) die(t *testing.T, as *syscall.Credential, owner string, death mortal.Death) mortal.Outcome {
	t.Helper()
	folder := place(t)
	name := filepath.Join(folder, "zz.cnf")
	if d.old != "" {
		must(t, os.WriteFile(name, []byte(d.old), 0o640))
		must(t, os.Chmod(name, 0o640))
	}
	if as != nil {
		must(t, os.Chown(folder, int(as.Uid), int(as.Gid)))
	}
	outcome, err := mortal.Run(d.command(name, owner), folder, as, death)
	if errors.Is(err, mortal.ErrUnknownSystem) {
		t.Skip(err)
	}
	must(t, err)
	d.check(t, name, !outcome.Died)
	again := d.command(name, owner)
	if as != nil {
		again.Line = again.Line.AsUser("nobody")
	}
	_, err = attempt(t, again)
	must(t, err)
	d.check(t, name, true)
	if t.Failed() {
		t.Logf("death %+v, the last of %q", death, outcome.Calls)
	}
	return outcome
}

// check finds the old text or the new one, and at the end the new one alone.
func (d deadly) check(t *testing.T, name string, ended bool) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if got := string(text); got != d.after && (ended || got != d.old) {
		t.Errorf("it holds %q", got)
	}
	if info, err := os.Lstat(name); err == nil && info.Mode() != 0o640 {
		t.Errorf("it has the mode %v", info.Mode())
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); ended && len(entries) != min(len(d.after), 1) {
		t.Errorf("left over: %v", entries)
	}
}

// TestDeathBetweenAnyTwoSystemCalls kills each command before and after each system call that can change something.
func TestDeathBetweenAnyTwoSystemCalls(t *testing.T) {
	crews := map[string]*syscall.Credential{"as it is": nil}
	owner := ""
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		must(t, err)
		id, err := strconv.ParseUint(nobody.Uid, 10, 32)
		must(t, err)
		crews["a user"] = &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}
		owner = "nobody"
	}
	total := 0
	for who, as := range crews {
		for name, d := range deadlies() {
			t.Run(who+": "+name, func(t *testing.T) {
				calls := d.die(t, as, owner, mortal.Death{}).Calls
				points := 0
				for _, after := range []bool{false, true} {
					for n := 1; !t.Failed() && d.die(t, as, owner, mortal.Death{Call: n, After: after}).Died; n++ {
						points++
					}
				}
				if points != 2*len(calls) || len(calls) == 0 {
					t.Errorf("it died %d times, and makes %d calls", points, len(calls))
				}
				total += points
				t.Logf("%d points of death around %d system calls: %s", points, len(calls), strings.Join(calls, ", "))
			})
		}
	}
	t.Logf("%d points of death in all", total)
}
