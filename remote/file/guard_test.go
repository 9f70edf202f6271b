package file_test

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// as runs a line as the user; empty for whoever runs the test.
func as(user string, line shell.Line) shell.Line {
	if user == "" {
		return line
	}
	return line.AsUser(user)
}

func guard(t *testing.T, user, folder string) seen.Value[seen.Risk] {
	t.Helper()
	out, err := attempt(t, remote.Command{Line: as(user, file.Guard(folder))})
	must(t, err)
	risk, err := file.ParseGuard(out)
	must(t, err)
	return risk
}

// TestGuardTellsWhatWriteRefuses tries folders as whoever runs the test and, as root, as a user that owns nothing but its group.
func TestGuardTellsWhatWriteRefuses(t *testing.T) {
	users := []string{""}
	gid := 0
	if os.Geteuid() == 0 {
		users = append(users, "daemon")
		daemon, err := user.Lookup("daemon")
		must(t, err)
		if daemon.Gid != "1" {
			t.Fatalf("the group of daemon is %s", daemon.Gid)
		}
		gid = 1
	}
	root := place(t)
	for name, c := range map[string]struct {
		mode os.FileMode
		gid  int
		link bool
	}{
		"closed": {0o755, 0, false}, "of its group": {0o775, gid, false}, "of another group": {0o775, 65534, false}, "of all": {0o757, 0, false},
		"a link to a folder": {0o755, 0, true}, "a link to one of all": {0o777, 0, true}, "a link to one of its group": {0o775, gid, true}, "sticky": {0o777 | os.ModeSticky, 0, false},
	} {
		for _, who := range users {
			t.Run(name+" "+who, func(t *testing.T) {
				folder := filepath.Join(root, strings.ReplaceAll(name+who, " ", "-"))
				must(t, os.Mkdir(folder, 0o755))
				if os.Geteuid() == 0 {
					must(t, os.Chown(folder, 0, c.gid))
				}
				must(t, os.Chmod(folder, c.mode))
				if c.link {
					must(t, os.Symlink(folder, folder+".link"))
					folder += ".link"
				}
				risk := guard(t, who, folder)
				write := file.Write(folder+"/x", secret.New("x"), file.Attributes{Mode: 0o644})
				write.Line = as(who, write.Line)
				_, err := attempt(t, write)
				told, is := risk.Get()
				switch {
				case is && (err == nil || !strings.Contains(err.Error(), told.Why) || told.Cure == ""):
					t.Errorf("it tells %v, and the write ends with %v", risk, err)
				case risk.IsAbsent() && err != nil && !strings.Contains(err.Error(), "Permission denied"):
					t.Errorf("it tells nothing, and the write ends with %v", err)
				case risk.IsUnknown():
					t.Errorf("got %v", risk)
				}
				mine := map[string]int{"": 0, "daemon": 1}[who] == c.gid
				if open := c.mode&0o002 != 0 || c.mode&0o020 != 0 && !mine; is != open && os.Geteuid() == 0 {
					t.Errorf("mode %v, group %d: got %v", c.mode, c.gid, risk)
				}
			})
		}
	}
}

func TestAnswersOfGuardThatMakeNoSense(t *testing.T) {
	for _, printed := range []string{"", "=== replssl begin ===\n=== replssl end ===\n", "=== replssl begin ===\nno\n=== replssl end ===\n"} {
		if got, err := file.ParseGuard([]byte(printed)); err == nil {
			t.Errorf("%q gives %v", printed, got)
		}
	}
	if file.Guard("x").Err() == nil {
		t.Error("a relative folder is taken")
	}
}
