package process

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/replssl/replssl/remote/seen"
)

var shells = flag.String("shells", "dash,bash,busybox", "the shells that a host may have as /bin/sh, as far as they are here")

// recorded is a host as it was when its texts were taken: the files of /proc, of /sys and of /etc/init.d that matter, and what its programs
// said, each below bin/ by its command line. The comment says what to find; its first line "pid N".
type recorded struct {
	name    string
	archive *txtar.Archive
	pid     int
	args    []string
	want    string // "systemd NAME" and the like, or the reason
}

func recordings(t *testing.T) []recorded {
	t.Helper()
	files, err := filepath.Glob("testdata/hosts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := make([]recorded, 0, len(files))
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := recorded{name: strings.TrimSuffix(filepath.Base(name), ".txt"), archive: archive}
		for line := range strings.Lines(string(archive.Comment)) {
			switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word {
			case "pid":
				_, err = fmt.Sscan(rest, &r.pid)
			case "args":
				r.args = strings.Fields(rest)
			case "want":
				r.want = rest
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, r)
	}
	return all
}

// layDown makes the host's files below a root, with programs that say what was recorded and nothing else.
func (r recorded) layDown(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	programs := map[string]string{}
	for _, file := range r.archive.Files {
		if line, isProgram := strings.CutPrefix(file.Name, "bin/"); isProgram {
			name, args, _ := strings.Cut(line, " ")
			status, text := "0", string(file.Data)
			if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "exit ") {
				status, text = strings.TrimPrefix(first, "exit "), rest
			}
			programs[name] += fmt.Sprintf("if [ \"$*\" = '%s' ]; then cat <<'RECORDED'\n%sRECORDED\nexit %s; fi\n", args, text, status)
			continue
		}
		r.write(t, filepath.Join(root, file.Name), string(file.Data), 0o755)
	}
	for name, text := range programs {
		r.write(t, filepath.Join(root, "bin", name), "#!/bin/sh\n"+text+"echo \"unexpected: $*\" >&2; exit 99\n", 0o755)
	}
	return root
}

func (recorded) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

func (r recorded) process(t *testing.T) Process {
	t.Helper()
	for _, file := range r.archive.Files {
		if file.Name == fmt.Sprintf("proc/%d/stat", r.pid) {
			began, err := start([]string{strings.TrimSuffix(string(file.Data), "\n")})
			if err != nil {
				t.Fatal(err)
			}
			return Process{PID: r.pid, Start: began, Args: seen.Known(r.args)}
		}
	}
	t.Fatalf("%s: no recorded process %d", r.name, r.pid)
	return Process{}
}

// run lets a real shell look at the recorded host.
func (r recorded) run(t *testing.T, shell []string) []byte {
	t.Helper()
	root := r.layDown(t)
	pidFile := filepath.Join(root, "mysqld.pid")
	r.write(t, pidFile, fmt.Sprintln(r.pid), 0o644)
	line := lookService(pidFile, root)
	if err := line.Err(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), shell[0], append(slices.Clone(shell[1:]), "-c", serviceScript, "sh", pidFile, root)...)
	cmd.Env = []string{"PATH=" + filepath.Join(root, "bin") + ":/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inShells(t *testing.T, do func(t *testing.T, shell []string)) {
	t.Helper()
	for _, name := range strings.Split(*shells, ",") {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		shell := []string{path}
		if name == "busybox" {
			shell = append(shell, "sh")
		}
		t.Run(name, func(t *testing.T) { do(t, shell) })
	}
}

func told(found seen.Value[Service]) string {
	if service, ok := found.Get(); ok {
		return fmt.Sprintf("%s %s", service.Manager, service.Name)
	}
	return found.Why()
}

// TestServicesOfRecordedHosts: what the kernel, systemd and init scripts said on real hosts.
func TestServicesOfRecordedHosts(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.name, func(t *testing.T) {
			inShells(t, func(t *testing.T, shell []string) {
				found, err := ParseService(r.run(t, shell), r.process(t))
				if err != nil {
					t.Fatal(err)
				}
				if got := told(found); got != r.want {
					t.Errorf("got  %s\nwant %s", got, r.want)
				}
			})
		})
	}
}

// TestAServiceIsThatOfTheProcessBesideIt: of no other one, and of no later start.
func TestAServiceIsThatOfTheProcessBesideIt(t *testing.T) {
	r := recordings(t)[0]
	printed := r.run(t, []string{"/bin/sh"})
	for name, change := range map[string]func(*Process){
		"another process": func(p *Process) { p.PID++ },
		"a later start":   func(p *Process) { p.Start++ },
	} {
		of := r.process(t)
		change(&of)
		if found, err := ParseService(printed, of); err != nil || !strings.Contains(found.Why(), "started anew") {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

func TestTheServiceOfThisProcess(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	recorded{}.write(t, pidFile, fmt.Sprintln(os.Getpid()), 0o644)
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", LookService(pidFile).String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	began, err := start([]string{string(text)})
	if err != nil {
		t.Fatal(err)
	}
	found, err := ParseService(out, Process{PID: os.Getpid(), Start: began})
	if err != nil || !found.IsUnknown() || found.Why() == "its process was not found" {
		t.Errorf("a test is no service: %v, %v", found, err)
	}
}

// unit is what a host with systemd tells of process 42, with one thing changed.
func unit(changes ...string) string {
	lines := map[string]string{
		"process": "42", "stat": "42 (mariadbd) S 1" + strings.Repeat(" 0", 17) + " 777 0", "first": "systemd", "systemd": "", "top": "",
		"group": "/system.slice/mariadb.service", "unit": "mariadb.service", "show Id=": "mariadb.service", "show LoadState=": "loaded",
		"show ActiveState=": "active", "show Transient=": "no", "show MainPID=": "42", "show ControlGroup=": "/system.slice/mariadb.service",
	}
	var more []string
	for _, change := range changes {
		word, rest, _ := strings.Cut(change, ": ")
		if _, known := lines[word]; known {
			lines[word] = rest
			continue
		}
		more = append(more, word+" "+rest)
	}
	text := "=== replssl begin ===\n"
	for word, rest := range lines {
		text += strings.TrimSuffix(word, "=") + map[bool]string{true: "=", false: " "}[strings.HasSuffix(word, "=")] + rest + "\n"
	}
	return text + strings.Join(append(more, ""), "\n") + "=== replssl end ===\n"
}

func TestUnitsThatAreTheServersOrNot(t *testing.T) {
	const mine, alone = "systemd mariadb.service", "member: 42 mariadbd"
	for name, c := range map[string]struct {
		answer string
		want   string
	}{
		"its own":                     {unit(alone), mine},
		"below its group":             {unit("group: /system.slice/mariadb.service/worker", alone), mine},
		"a host that is a container":  {unit("top: /lxc/web1", "group: /lxc/web1/system.slice/mariadb.service", alone), mine},
		"the script that comes with":  {unit("show MainPID=: 41", "above: 41 mysqld_safe", "above: 1 systemd", "member: 41 mysqld_safe", alone), mine},
		"its own, with a helper":      {unit(alone, "member: 43 wsrep_sst_rsync"), mine},
		"its own, and another server": {unit(alone, "member: 43 mysqld"), "together with process 43 (mysqld)"},
		"the script's, and another":   {unit("show MainPID=: 41", "above: 41 mysqld_safe", "above: 1 systemd", alone, "member: 43 mariadbd"), "together with process 43 (mariadbd)"},
		"its own, beside what hides":  {unit(alone, "member: 43"), "whether process 43 of its unit mariadb.service is another server could not be looked at"},
		"its own, alone or not":       {unit(), "what else belongs to its unit mariadb.service could not be looked at"},
		"no main process, and alone":  {unit("show MainPID=: 0", "above: 41 mysqld_safe", "above: 1 systemd", "member: 41 mysqld_safe", "member: 42 mariadbd", "member: 43 logger"), mine},
		"supervised":                  {unit("show MainPID=: 41", "above: 41 supervisord"), "whose main process is another: 41 (supervisord)"},
		"of an sshd without sessions": {unit("show MainPID=: 7", "above: 1 systemd"), "whose main process is another: 7 (not a parent of the server)"},
		"several servers in one":      {unit("show MainPID=: 0", "above: 1 systemd", "member: 42 mysqld", "member: 43 mysqld"), "together with process 43 (mysqld)"},
		"kept by another, forked":     {unit("show MainPID=: 0", "above: 41 svscan", "above: 1 systemd", "member: 42 mysqld"), "kept running by another process: [41 (svscan) 1 (systemd)]"},
		"nobody tells who is in it":   {unit("show MainPID=: 0", "above: 1 systemd"), "could not be looked at"},
		"no main process told":        {unit("show MainPID=: "), "does not tell the main process"},
		"another name":                {unit("show Id=: mysql.service"), "systemd says Id=mysql.service"},
		"its file was removed":        {unit("show LoadState=: not-found"), "LoadState=not-found"},
		"masked":                      {unit("show LoadState=: masked"), "LoadState=masked"},
		"it is going down":            {unit("show ActiveState=: deactivating"), "ActiveState=deactivating"},
		"by systemd-run":              {unit("show Transient=: yes"), "started by systemd-run"},
		"another group":               {unit("show ControlGroup=: /system.slice/mysql.service"), "its unit mariadb.service says /system.slice/mysql.service"},
		"a group that begins alike":   {unit("group: /system.slice/mariadb.service2"), "it is in the control group /system.slice/mariadb.service2"},
		"systemctl failed":            {unit("failed: Failed to connect to bus"), "systemctl show mariadb.service: Failed to connect to bus"},
		"a login session":             {unit("group: /user.slice/user-0.slice/session-3.scope", "unit: session-3.scope"), "started by hand: it belongs to a login session (session-3.scope)"},
		"a user's own manager":        {unit("group: /user.slice/user-0.slice/user@0.service/app.slice/db.service", "unit: user@0.service"), "it belongs to user@0.service"},
		"docker":                      {unit("group: /system.slice/docker-0a1b.scope", "unit: docker-0a1b.scope"), "runs in a container"},
		"docker of old":               {unit("group: /docker/0a1b", "unit: docker"), "runs in a container"},
		"podman":                      {unit("group: /machine.slice/libpod-0a1b.scope", "unit: libpod-0a1b.scope"), "runs in a container"},
		"kubernetes":                  {unit("group: /kubepods.slice/kubepods-pod7.slice/crio-0a1b.scope", "unit: crio-0a1b.scope"), "runs in a container"},
		"a scope of somebody":         {unit("group: /system.slice/run-r1.scope", "unit: run-r1.scope"), "no service of systemd has it"},
		"no unit":                     {unit("group: /", "unit: "), "no service of systemd has it: its control group is /"},
		"no group":                    {unit("group: ", "unit: "), "does not tell its control group"},
		"a service whose name is odd": {unit("unit: machine.service", "group: /system.slice/machine.service", "show Id=: machine.service", "show ControlGroup=: /system.slice/machine.service", alone), "systemd machine.service"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := ParseService([]byte(c.answer), Process{PID: 42, Start: 777})
			if err != nil || !strings.Contains(told(found), c.want) {
				t.Errorf("got %v, %v", found, err)
			}
		})
	}
}

// scripts is what a host without systemd tells of process 42.
func scripts(first string, lines ...string) string {
	return "=== replssl begin ===\nprocess 42\nstat 42 (mysqld) S 1" + strings.Repeat(" 0", 17) + " 777 0\nfirst " + first + "\n" +
		strings.Join(append(lines, ""), "\n") + "=== replssl end ===\n"
}

func TestScriptsThatAreTheServersOrNot(t *testing.T) {
	everybody, own := []string{"/usr/sbin/mysqld", "--user=mysql"}, []string{"/usr/sbin/mysqld", "--defaults-file=/srv/a.cnf"}
	safe := []string{"above 41 mysqld_safe", "above 1 init"}
	script := func(name, status, said string) []string {
		return []string{"script " + name, "status " + status, "said " + said}
	}
	for name, c := range map[string]struct {
		first string
		lines [][]string
		args  []string
		want  string
	}{
		"it names the process": {
			"init",
			[][]string{safe, script("mysql", "0", "MySQL running (421)"), script("mysqld", "0", "mysqld (pid  42) is running..."), {"server 42", "server 421"}},
			own,
			"init script mysqld",
		},
		"it names it as running":        {"init", [][]string{safe, script("mysql", "0", "SUCCESS! MariaDB running (42)"), {"server 42", "server 43"}}, own, "init script mysql"},
		"it names it with its parent":   {"init", [][]string{safe, script("mysql", "0", "mysqld is running, PIDs: 41 42."), {"server 42", "server 43"}}, own, "init script mysql"},
		"it names another one too":      {"init", [][]string{safe, script("mysql", "0", "mysqld (pid 43 42) is running..."), {"server 42", "server 43"}}, own, "not certain"},
		"a number that is no process":   {"init", [][]string{safe, script("mariadb", "0", "Server version 10.42.6 Uptime: 42 sec Threads: 42 Questions: 42"), {"server 42", "server 43"}}, own, "not certain"},
		"a PID file with a number":      {"init", [][]string{safe, script("mariadb", "0", "running, pid file /run/42/mysqld.pid, 42 threads"), {"server 42", "server 43"}}, own, "not certain"},
		"one script and one server":     {"init", [][]string{safe, script("mariadb", "0", "Uptime: 3 min"), {"server 42"}}, everybody, "init script mariadb"},
		"one that is not running":       {"init", [][]string{safe, script("mariadb", "3", "stopped, pid 42"), {"server 42"}}, everybody, "not certain"},
		"a server of its own files":     {"init", [][]string{safe, script("mariadb", "0", "Uptime: 3 min"), {"server 42"}}, own, "not certain"},
		"two servers":                   {"init", [][]string{safe, script("mariadb", "0", "Uptime"), {"server 42", "server 43"}}, everybody, "none of which names its process alone, and 2 server(s) run"},
		"two scripts":                   {"init", [][]string{safe, script("mariadb", "0", "up"), script("mysql", "3", ""), {"server 42"}}, everybody, "the script(s) mariadb, mysql"},
		"two scripts that name it":      {"init", [][]string{safe, script("a", "0", "pid 42"), script("b", "0", "pid 42"), {"server 42"}}, everybody, "not certain"},
		"no script":                     {"init", [][]string{safe, {"server 42"}}, everybody, "started by hand"},
		"a container":                   {"tini", [][]string{safe, script("mariadb", "0", "pid 42"), {"server 42"}}, everybody, "process 1 is tini, as in a container"},
		"runit":                         {"init", [][]string{{"above 41 runsv", "above 40 runsvdir", "above 1 init"}, script("mariadb", "0", "pid 42"), {"server 42"}}, everybody, "kept running by another process: [41 (runsv)"},
		"the script below a supervisor": {"init", [][]string{{"above 41 mysqld_safe", "above 40 supervisord", "above 1 init"}, script("mariadb", "0", "pid 42"), {"server 42"}}, everybody, "kept running by another process: [40 (supervisord)"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := ParseService([]byte(scripts(c.first, slices.Concat(c.lines...)...)), Process{PID: 42, Start: 777, Args: seen.Known(c.args)})
			if err != nil || !strings.Contains(told(found), c.want) {
				t.Errorf("got %v, %v", found, err)
			}
		})
	}
}

func TestAnswersAboutNoService(t *testing.T) {
	frame := func(lines string) []byte { return []byte("=== replssl begin ===\n" + lines + "=== replssl end ===\n") }
	if found, err := ParseService(frame(""), Process{PID: 42}); err != nil || found.Why() != "its process was not found" {
		t.Errorf("got %v, %v", found, err)
	}
	for _, lines := range []string{"process x\n", "hello\n", "above x y\n", "member\n", "server x\n", "status 0\n", "said x\n"} {
		if found, err := ParseService(frame(lines), Process{}); err == nil {
			t.Errorf("%q is accepted: %v", lines, found)
		}
	}
	if _, err := ParseService([]byte("=== replssl begin ===\nprocess 42\n"), Process{}); err == nil {
		t.Error("half an answer is accepted")
	}
	if line := LookService("x"); line.Err() == nil {
		t.Errorf("a relative PID file is accepted: %s", line)
	}
}

func FuzzParseService(f *testing.F) {
	f.Add(unit())
	f.Add(scripts("init", "script mysql", "status 0", "said 42", "server 42"))
	f.Fuzz(func(t *testing.T, answer string) {
		found, err := ParseService([]byte(answer), Process{PID: 42, Start: 777})
		if service, ok := found.Get(); ok && (err != nil || service.Name == "" || service.Manager == "") {
			t.Errorf("got %+v beside %v", service, err)
		}
	})
}
