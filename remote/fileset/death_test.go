package fileset_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/internal/mortal"
	"github.com/replssl/replssl/remote/shell"
)

// crew is who runs the commands and who is to own the files.
type crew struct {
	runs   *syscall.Credential // nil: whoever runs the test
	runsID int
	owner  string // as commands are told
	ownsID int
}

// crews are root, who gives the files to another user, and a user who keeps them.
func crews(t *testing.T) map[string]crew {
	t.Helper()
	if !isRoot() {
		return map[string]crew{"a user": {runsID: os.Geteuid(), ownsID: os.Geteuid()}}
	}
	nobody, err := user.Lookup("nobody")
	must(t, err)
	id, err := strconv.Atoi(nobody.Uid)
	must(t, err)
	group, err := strconv.Atoi(nobody.Gid)
	must(t, err)
	return map[string]crew{
		"root":   {owner: "nobody", ownsID: id},
		"a user": {runs: &syscall.Credential{Uid: uint32(id), Gid: uint32(group)}, runsID: id, ownsID: id},
	}
}

// deadly is a command that dies, and what it must leave.
type deadly struct {
	sets     map[int]fileset.Files // that there are at any time, by their versions
	before   []int                 // versions that there are when it begins
	current  int                   // which is in use then
	spoil    func(t *testing.T, dir string)
	command  func(t *testing.T, dir, owner string) remote.Command
	after    []int                    // versions that there are at the end
	becomes  int                      // which is in use then
	holds    func(fileset.State) bool // by which the tool finds that nothing is left to do; nil: it gives the command again in any case
	mendable int                      // the version whose modes are wrong until it is repaired
}

func deadlies(t *testing.T) map[string]deadly {
	t.Helper()
	one, two, three := set(t, "one"), withCRL(t, "two"), set(t, "three")
	sets := map[int]fileset.Files{1: one, 2: two, 3: three}
	derived := two
	derived.CA = three.CA
	return map[string]deadly{
		"the first set": {sets: sets, after: []int{1}, becomes: 1, command: func(t *testing.T, dir, owner string) remote.Command {
			return installAndSwitch(t, dir, 1, one, owner)
		}},
		"the next set": {sets: sets, before: []int{1}, current: 1, after: []int{1, 2}, becomes: 2, command: func(t *testing.T, dir, owner string) remote.Command {
			return installAndSwitch(t, dir, 2, two, owner)
		}},
		"other authorities": {
			sets: map[int]fileset.Files{1: two, 2: derived}, before: []int{1}, current: 1, after: []int{1, 2}, becomes: 1,
			command: func(t *testing.T, dir, owner string) remote.Command { return derive(t, dir, 2, 1, derived.CA, owner) },
		},
		"install": {sets: sets, before: []int{1}, current: 1, after: []int{1, 2}, becomes: 1, command: func(t *testing.T, dir, owner string) remote.Command {
			return install(t, dir, 2, two, owner)
		}},
		"switch": {sets: sets, before: []int{1, 2}, current: 1, after: []int{1, 2}, becomes: 2, command: func(_ *testing.T, dir, _ string) remote.Command {
			return line(fileset.Switch(dir, 2))
		}},
		"unswitch": {sets: sets, before: []int{1}, current: 1, after: []int{1}, command: func(_ *testing.T, dir, _ string) remote.Command {
			return line(fileset.Unswitch(dir))
		}},
		"repair": {
			sets: sets, before: []int{1, 2}, current: 2, after: []int{1, 2}, becomes: 2, mendable: 2,
			spoil: func(t *testing.T, dir string) { spoil(t, dir, 2) },
			command: func(_ *testing.T, dir, owner string) remote.Command {
				return line(fileset.Repair(dir, 2, owner))
			},
		},
		"prune": {
			sets: sets, before: []int{1, 2, 3}, current: 3, after: []int{3}, becomes: 3,
			spoil: func(t *testing.T, dir string) { leave(t, dir) },
			command: func(_ *testing.T, dir, _ string) remote.Command {
				return line(fileset.Prune(dir, 3))
			},
			holds: func(s fileset.State) bool {
				versions, seen := s.Versions.Get()
				return seen && len(versions) == 1 && len(s.Left) == 0
			},
		},
	}
}

// spoil opens a version to others and, where that can be done, gives it to somebody else.
func spoil(t *testing.T, dir string, version int) {
	t.Helper()
	folder := filepath.Join(dir, "versions", strconv.Itoa(version))
	for name, mode := range map[string]fs.FileMode{"": 0o777, "/key.pem": 0o666, "/ca.pem": 0o600, "/crl.pem": 0o666} {
		must(t, os.Chmod(folder+name, mode))
	}
	must(t, os.Chmod(filepath.Join(dir, "versions"), 0o777))
	if isRoot() {
		if info, err := os.Stat(dir); err == nil && ownerOf(info) == 0 {
			must(t, os.Chown(folder+"/key.pem", 0, 0))
			must(t, os.Chown(folder+"/cert.pem", 1, 1))
			must(t, os.Chown(folder, 1, 1))
		}
	}
}

// leave lays down what commands that were killed leave behind.
func leave(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{".2.partial", ".7.gone"} {
		folder := filepath.Join(dir, "versions", name)
		must(t, os.Mkdir(folder, 0o755))
		must(t, os.WriteFile(filepath.Join(folder, "ca.pem"), []byte("half"), 0o600))
		own(t, folder, dir)
	}
	must(t, os.Symlink("versions/2", filepath.Join(dir, ".current.next")))
}

// own gives a tree to whom the folder belongs.
func own(t *testing.T, tree, like string) {
	t.Helper()
	info, err := os.Stat(like)
	must(t, err)
	if !isRoot() {
		return
	}
	must(t, filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, ownerOf(info), -1)
	}))
}

func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

func (d deadly) lay(t *testing.T, c crew) (root, dir string) {
	t.Helper()
	root = place(t, "")
	if isRoot() {
		must(t, os.Chown(root, c.runsID, -1))
	}
	dir = filepath.Join(root, "etc", "ssl")
	if len(d.before) == 0 {
		return root, dir
	}
	must(t, os.MkdirAll(filepath.Join(dir, "versions"), 0o755))
	for _, version := range d.before {
		folder := filepath.Join(dir, "versions", strconv.Itoa(version))
		must(t, os.Mkdir(folder, 0o755))
		for name, text := range textsOf(d.sets[version]) {
			must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), modeOf(name)))
			must(t, os.Chmod(filepath.Join(folder, name), modeOf(name)))
		}
	}
	must(t, os.Symlink("versions/"+strconv.Itoa(d.current), filepath.Join(dir, "current")))
	own(t, root, root)
	for _, version := range d.before {
		for name := range textsOf(d.sets[version]) {
			must(t, os.Chown(filepath.Join(dir, "versions", strconv.Itoa(version), name), c.ownsID, -1))
		}
	}
	if d.spoil != nil {
		d.spoil(t, dir)
	}
	return root, dir
}

func textsOf(files fileset.Files) map[string]string {
	texts := map[string]string{"ca.pem": string(files.CA), "cert.pem": string(files.Cert), "key.pem": files.Key.Reveal()}
	if len(files.CRL) > 0 {
		texts["crl.pem"] = string(files.CRL)
	}
	return texts
}

func modeOf(name string) fs.FileMode {
	if name == "key.pem" {
		return 0o600
	}
	return 0o644
}

// check looks at what stands there at the moment of a death, and at the end when the command has run to it.
func (d deadly) check(t *testing.T, dir string, c crew, ended bool) {
	t.Helper()
	link, err := os.Readlink(filepath.Join(dir, "current"))
	used, _ := strconv.Atoi(strings.TrimPrefix(link, "versions/"))
	switch {
	case err != nil && !os.IsNotExist(err):
		t.Errorf("current cannot be looked at: %v", err)
	case ended && used != d.becomes:
		t.Errorf("current points to %q at the end", link)
	case used != d.current && used != d.becomes:
		t.Errorf("current points to %q", link)
	}
	if used != 0 {
		d.complete(t, dir, used, c, ended)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "versions"))
	if err != nil && (ended || !os.IsNotExist(err)) {
		t.Errorf("the versions cannot be listed: %v", err)
	}
	var versions []int
	for _, entry := range entries {
		if version, err := strconv.Atoi(entry.Name()); err == nil {
			versions = append(versions, version)
			d.complete(t, dir, version, c, ended)
		} else if ended {
			t.Errorf("left over: %s", entry.Name())
		}
	}
	if slices.Sort(versions); ended && !slices.Equal(versions, d.after) {
		t.Errorf("there are the versions %v", versions)
	}
	d.closed(t, dir, c)
	if entries, _ := os.ReadDir(dir); ended && len(entries) != 1+min(d.becomes, 1) {
		t.Errorf("left over: %v", entries)
	}
}

// complete checks bytes, owner and modes of a version.
func (d deadly) complete(t *testing.T, dir string, version int, c crew, ended bool) {
	t.Helper()
	folder := filepath.Join(dir, "versions", strconv.Itoa(version))
	texts := textsOf(d.sets[version])
	for name, want := range texts {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(got) != want {
			t.Errorf("version %d: %s holds %q, %v", version, name, got, err)
			continue
		}
		info, err := os.Lstat(filepath.Join(folder, name))
		must(t, err)
		if mendable := version == d.mendable && !ended; !mendable && (info.Mode() != modeOf(name) || ownerOf(info) != c.ownsID) {
			t.Errorf("version %d: %s has the mode %v and belongs to %d", version, name, info.Mode(), ownerOf(info))
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != len(texts) {
		t.Errorf("version %d holds %v, %v", version, entries, err)
	}
}

// closed looks for keys, whole or not, that anybody but their owner can read.
func (d deadly) closed(t *testing.T, dir string, c crew) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // what is not there yet has no mode
		}
		text, err := os.ReadFile(path)
		must(t, err)
		info, err := entry.Info()
		must(t, err)
		isKey := filepath.Base(path) == "key.pem" || bytes.Contains(text, []byte("PRIVATE"))
		mendable := d.mendable != 0 && strings.Contains(path, "/"+strconv.Itoa(d.mendable)+"/") && info.Mode() == 0o666
		if isKey && !mendable && (info.Mode().Perm()&0o077 != 0 || ownerOf(info) != c.runsID && ownerOf(info) != c.ownsID) {
			t.Errorf("%s has the mode %v and belongs to %d", path, info.Mode(), ownerOf(info))
		}
		return nil
	})
}

// die runs the command in a fresh place until it dies, then once more to its end.
func (d deadly) die(t *testing.T, c crew, death mortal.Death) mortal.Outcome {
	t.Helper()
	root, dir := d.lay(t, c)
	outcome, err := mortal.Run(d.command(t, dir, c.owner), root, c.runs, death)
	if errors.Is(err, mortal.ErrUnknownSystem) {
		t.Skip(err)
	}
	must(t, err)
	if !outcome.Died && outcome.Status != 0 {
		t.Fatalf("it ended with %d: %s", outcome.Status, outcome.Stderr)
	}
	d.check(t, dir, c, !outcome.Died)
	if d.holds == nil || !d.holds(look(t, dir, "")) {
		again := d.command(t, dir, c.owner)
		if c.runs != nil {
			again.Line = again.Line.AsUser("nobody")
		}
		if _, err := attempt(t, again); err != nil {
			t.Errorf("the second time: %v", err)
		}
	}
	d.check(t, dir, c, true)
	if t.Failed() {
		t.Logf("death %+v, the last of %q", death, outcome.Calls)
	}
	return outcome
}

// TestDeathBetweenAnyTwoSystemCalls kills each command, with all that it started, before and after each system call that can change something.
func TestDeathBetweenAnyTwoSystemCalls(t *testing.T) {
	var total atomic.Int64
	t.Run("each", func(t *testing.T) { dieEverywhere(t, &total) })
	t.Logf("%d points of death in all", total.Load())
}

func dieEverywhere(t *testing.T, total *atomic.Int64) {
	t.Helper()
	for who, c := range crews(t) {
		for name, d := range deadlies(t) {
			t.Run(who+": "+name, func(t *testing.T) {
				t.Parallel()
				calls := d.die(t, c, mortal.Death{}).Calls
				points := 0
				for _, after := range []bool{false, true} {
					for n := 1; !t.Failed(); n++ {
						if !d.die(t, c, mortal.Death{Call: n, After: after}).Died {
							break
						}
						points++
					}
				}
				if points < 2*len(calls)-4 || len(calls) == 0 {
					t.Errorf("it died %d times, and makes %d calls: %q", points, len(calls), calls)
				}
				total.Add(int64(points))
				t.Logf("%d points of death around %d system calls: %s", points, len(calls), strings.Join(calls, ", "))
			})
		}
	}
}

// TestABusybox runs each command once by the shell and the tools of busybox.
func TestABusybox(t *testing.T) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("busybox is missing: apt-get install busybox")
	}
	tools := place(t, "")
	sh(t, remote.Command{Line: shell.Words(path, "--install", "-s", tools)})
	setpriv, err := exec.LookPath("setpriv") // that of busybox cannot change the user: nothing of it can without a login
	must(t, err)
	must(t, os.Remove(filepath.Join(tools, "setpriv")))
	must(t, os.Symlink(setpriv, filepath.Join(tools, "setpriv")))
	for who, c := range crews(t) {
		for name, d := range deadlies(t) {
			t.Run(who+": "+name, func(t *testing.T) {
				_, dir := d.lay(t, c)
				for range 2 {
					cmd := exec.CommandContext(t.Context(), path, "sh", "-c", d.command(t, dir, c.owner).Line.String())
					cmd.Stdin = d.command(t, dir, c.owner).Stdin
					cmd.Env = []string{"PATH=" + tools}
					cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.runs}
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("it says %s, %v", out, err)
					}
					d.check(t, dir, c, true)
				}
			})
		}
	}
}
