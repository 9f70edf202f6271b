package warden_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/internal/warden"
	"github.com/replssl/replssl/remote/seen"
)

const somebody = 65534

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a folder that every user may enter.
func place(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "warden")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755))
	return folder
}

// watched asks a real shell, as the user of the credential; nil is whoever runs the test.
func watched(t *testing.T, shell []string, as *syscall.Credential, folders ...string) seen.Value[seen.Risk] {
	t.Helper()
	script := frame.Shell + warden.Look + "set -u\n" + `watched "$@"`
	args := append(append(shell[1:len(shell):len(shell)], "-c", script, "sh"), folders...)
	cmd := exec.CommandContext(t.Context(), shell[0], args...)
	cmd.Dir = "/"
	if as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
	out, err := cmd.CombinedOutput()
	must(t, err)
	risk, err := warden.Parse(strings.TrimSuffix(string(out), "\n"))
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return risk
}

func sh() []string { return []string{"/bin/sh"} }

type wanted struct{ why, cure string } // parts; none: it is safe

func (w wanted) check(t *testing.T, got seen.Value[seen.Risk]) {
	t.Helper()
	risk, told := got.Get()
	switch {
	case w.why == "":
		if !got.IsAbsent() {
			t.Errorf("got %v", got)
		}
	case !told || !strings.Contains(risk.Why, w.why) || risk.Cure != w.cure:
		t.Errorf("got %v, want %q and %q", got, w.why, w.cure)
	}
}

// TestWhatAnybodyMayTrust has folders of whoever runs the test.
func TestWhatAnybodyMayTrust(t *testing.T) {
	root := place(t)
	dir := filepath.Join(root, "way", "a 'b")
	must(t, os.MkdirAll(filepath.Join(dir, "in"), 0o755))
	quoted := "'" + root + `/way/a '\''b'`
	for name, c := range map[string]struct {
		path string
		mode os.FileMode
		want wanted
	}{
		"its own":              {dir, 0o755, wanted{}},
		"its own group":        {dir, 0o775, wanted{}},
		"others":               {dir, 0o757, wanted{dir + " may be written by others", "chmod o-w " + quoted}},
		"a sticky folder":      {dir, 0o777 | os.ModeSticky, wanted{dir + " may be written by others", "chmod o-w " + quoted}},
		"others on the way":    {root + "/way", 0o757, wanted{root + "/way, which leads to " + dir + ", may be written by others", ""}},
		"a sticky way":         {root + "/way", 0o777 | os.ModeSticky, wanted{}},
		"others within":        {dir + "/in", 0o757, wanted{dir + "/in may be written by others", "chmod o-w '" + root + `/way/a '\''b/in'`}},
		"within that is shut":  {dir + "/in", 0o700, wanted{}},
		"a folder that is not": {dir, 0o755, wanted{}},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := os.Stat(c.path)
			must(t, err)
			must(t, os.Chmod(c.path, c.mode))
			defer func() { must(t, os.Chmod(c.path, before.Mode())) }()
			c.want.check(t, watched(t, sh(), nil, dir, dir+"/in", dir+"/none"))
			if name == "a folder that is not" {
				c.want.check(t, watched(t, sh(), nil, dir+"/none/deep"))
			}
		})
	}
	if program, err := exec.LookPath("busybox"); err == nil {
		must(t, os.Chmod(dir, 0o777))
		wanted{"may be written by others", "chmod o-w " + quoted}.check(t, watched(t, []string{program, "sh"}, nil, dir))
	}
}

// TestLinksOnTheWay: each folder in which a link lies counts, and each to which one leads.
func TestLinksOnTheWay(t *testing.T) {
	root := place(t)
	must(t, os.MkdirAll(root+"/real/deep", 0o755))
	must(t, os.Mkdir(root+"/first", 0o755))
	must(t, os.Mkdir(root+"/second", 0o755))
	must(t, os.Symlink("../second/link", root+"/first/link"))
	must(t, os.Symlink(root+"/real", root+"/second/link"))
	dir := root + "/first/link/deep"
	wanted{}.check(t, watched(t, sh(), nil, dir))
	for _, one := range []string{"first", "second", "real"} {
		must(t, os.Chmod(root+"/"+one, 0o777))
		wanted{root + "/" + one + ", which leads to " + dir, ""}.check(t, watched(t, sh(), nil, dir))
		must(t, os.Chmod(root+"/"+one, 0o755))
	}
	must(t, os.Chmod(root+"/real/deep", 0o777))
	wanted{root + "/real/deep may be written by others", "chmod o-w " + root + "/real/deep"}.check(t, watched(t, sh(), nil, dir))
	must(t, os.Symlink("loop", root+"/loop"))
	if got := watched(t, sh(), nil, root+"/loop/x"); !got.IsUnknown() || !strings.Contains(got.Why(), "cannot be followed") {
		t.Errorf("got %v", got)
	}
}

// TestWhoWorks has root and a plain user work in folders of the one, the other and somebody else.
func TestWhoWorks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	daemon := &syscall.Credential{Uid: 1, Gid: 1}
	known, err := user.LookupId("1")
	must(t, err)
	me := known.Username
	for name, c := range map[string]struct {
		uid, gid int
		mode     os.FileMode
		root     wanted
		plain    wanted
	}{
		"of root":                   {0, 0, 0o755, wanted{}, wanted{}},
		"of root and its group":     {0, 0, 0o775, wanted{}, wanted{"group root", "chmod g-w DIR"}},
		"of root and another group": {0, somebody, 0o775, wanted{"written by its group", "chmod g-w DIR"}, wanted{"written by its group", "chmod g-w DIR"}},
		"of root and the user's":    {0, 1, 0o775, wanted{"written by its group", "chmod g-w DIR"}, wanted{}},
		"of the user":               {1, 1, 0o775, wanted{"belongs to the user " + me, "chown root DIR; chmod g-w DIR"}, wanted{}},
		"of the user, closed":       {1, 1, 0o755, wanted{"belongs to the user " + me, "chown root DIR"}, wanted{}},
		"of the user alone":         {1, 1, 0o700, wanted{"belongs to the user " + me, ""}, wanted{}},
		"of somebody":               {somebody, 1, 0o755, wanted{"belongs to the user nobody", "chown root DIR"}, wanted{"belongs to the user nobody", "chown " + me + " DIR"}},
		"of the user, all":          {1, 1, 0o777, wanted{"may be written by others", "chown root DIR; chmod g-w DIR; chmod o-w DIR"}, wanted{"may be written by others", "chmod o-w DIR"}},
	} {
		for _, sub := range []string{"", "/way"} {
			t.Run(name+sub, func(t *testing.T) {
				dir := place(t)
				must(t, os.Mkdir(dir+"/way", 0o755))
				must(t, os.Chown(dir+"/way", 0, 0))
				must(t, os.Chown(dir, c.uid, c.gid))
				must(t, os.Chmod(dir, c.mode))
				for as, want := range map[*syscall.Credential]wanted{nil: c.root, daemon: c.plain} {
					if want.cure = strings.ReplaceAll(want.cure, "DIR", dir); sub != "" {
						want.cure = ""
					}
					want.check(t, watched(t, sh(), as, dir+sub))
				}
			})
		}
	}
	linked := place(t)
	must(t, os.Mkdir(linked+"/real", 0o755))
	must(t, os.Symlink(linked+"/real", linked+"/link"))
	must(t, os.Chmod(linked, 0o777|os.ModeSticky))
	must(t, os.Lchown(linked+"/link", somebody, somebody))
	wanted{"is a link of the user nobody", ""}.check(t, watched(t, sh(), nil, linked+"/link"))
	must(t, os.Lchown(linked+"/link", 1, 1))
	wanted{}.check(t, watched(t, sh(), daemon, linked+"/link"))
	shut := place(t)
	must(t, os.Chmod(shut, 0o700))
	if got := watched(t, sh(), daemon, shut+"/x"); !got.IsUnknown() {
		t.Errorf("behind a closed folder: %v", got)
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, text := range []string{"", "risk", "risk  ", "risk ! !", "no"} {
		if got, err := warden.Parse(text); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
}
