package process

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/internal/frame"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// Manager is what starts and stops services on a host.
type Manager string

// The managers.
const (
	Systemd Manager = "systemd"
	SysV    Manager = "init script" // in /etc/init.d, under an init that is not systemd
)

// Service is a process as the service manager of its host knows it: a restart of the service restarts this process and no other server.
type Service struct {
	Manager Manager
	Name    string // of the unit, escaped as systemd has it: mariadb@my\x2ddb.service; of the script: mysql
}

// LookService looks at which service the process is whose ID is in a file; [ParseService] reads what it prints. It changes nothing. Where
// systemd runs it starts one program, systemctl.
func LookService(pidFile string) shell.Line { return lookService(pidFile, "") }

// lookService takes the files of the host below a root.
func lookService(pidFile, root string) shell.Line {
	if !path.IsAbs(pidFile) {
		return shell.Refuse(fmt.Errorf("%q is not the absolute path of a PID file", pidFile))
	}
	return shell.Script(serviceScript, pidFile, root)
}

// ParseService tells the service of the process that [ParseLook] found by the same PID file, or why none can be named with certainty. A
// service is never taken for the process's by its name. It fails when the answer is not whole, or not to be understood.
func ParseService(printed []byte, of Process) (seen.Value[Service], error) {
	lines, err := frame.Lines(printed)
	if err != nil {
		return seen.Value[Service]{}, err
	}
	a, err := readKeeper(lines)
	if err != nil {
		return seen.Value[Service]{}, err
	}
	service, err := a.service(of)
	if err != nil {
		return seen.Unknown[Service](err.Error()), nil
	}
	return seen.Known(service), nil
}

// relative is a process by its ID and the name that the kernel has for it.
type relative struct {
	pid  int
	name string
}

func (r relative) String() string { return fmt.Sprintf("%d (%s)", r.pid, r.name) }

// keeper is what the host said of what keeps a process running.
type keeper struct {
	pid       int
	stat      []string
	ancestors []relative // the parent first
	first     string     // name of process 1

	systemd bool
	group   string // path of the control group
	top     string // that of the manager itself, which the others are below
	unit    string
	shown   map[string]string // properties of the unit
	failure string            // of systemctl
	members []relative        // processes of the control group

	scripts []script
	servers []int // all database servers of the host
}

func readKeeper(lines []string) (*keeper, error) {
	k := &keeper{shown: map[string]string{}}
	for _, line := range lines {
		if err := k.add(frame.Word(line)); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *keeper) add(word, rest string) (err error) {
	switch word {
	case "process":
		k.pid, err = strconv.Atoi(rest)
	case "stat":
		k.stat = append(k.stat, rest)
	case "above":
		k.ancestors, err = addRelative(k.ancestors, rest)
	case "first":
		k.first = rest
	case "systemd":
		k.systemd = true
	case "group":
		k.group = rest
	case "top":
		k.top = rest
	case "unit":
		k.unit = rest
	case "show":
		name, value, _ := strings.Cut(rest, "=")
		k.shown[name] = value
	case "failed":
		k.failure = rest
	case "member":
		k.members, err = addRelative(k.members, rest)
	default:
		return k.addScript(word, rest)
	}
	return err
}

func (k *keeper) addScript(word, rest string) error {
	last := len(k.scripts) - 1
	switch {
	case word == "script":
		k.scripts = append(k.scripts, script{name: rest})
	case word == "status" && last >= 0:
		k.scripts[last].status = rest
	case word == "said" && last >= 0:
		k.scripts[last].said = rest
	case word == "server":
		pid, err := strconv.Atoi(rest)
		k.servers = append(k.servers, pid)
		return err
	default:
		return fmt.Errorf("the host's answer has the line %.80q, which makes no sense", word+" "+rest)
	}
	return nil
}

func addRelative(all []relative, text string) ([]relative, error) {
	word, name := frame.Word(text)
	pid, err := strconv.Atoi(word)
	return append(all, relative{pid, name}), err
}

func (k *keeper) service(of Process) (Service, error) {
	began, err := start(k.stat)
	switch {
	case k.pid == 0:
		return Service{}, errors.New("its process was not found")
	case err != nil:
		return Service{}, err
	case k.pid != of.PID || began != of.Start:
		return Service{}, errors.New("it was started anew while it was looked at")
	case k.systemd:
		return k.bySystemd()
	}
	return k.byScript(of)
}

// bySystemd takes the unit of the process's control group, where the unit says that this process is what it runs.
func (k *keeper) bySystemd() (Service, error) {
	if err := k.withoutUnit(); err != nil {
		return Service{}, err
	}
	if k.failure != "" {
		return Service{}, fmt.Errorf("systemctl show %s: %s", k.unit, k.failure)
	}
	for _, want := range [][2]string{{"Id", k.unit}, {"LoadState", "loaded"}, {"ActiveState", "active"}} {
		if got := k.shown[want[0]]; got != want[1] {
			return Service{}, fmt.Errorf("it is in the control group of the unit %s, of which systemd says %s=%s", k.unit, want[0], got)
		}
	}
	if k.shown["Transient"] == "yes" {
		return Service{}, fmt.Errorf("it was started by systemd-run: its unit %s is gone once it ends", k.unit)
	}
	if group := k.shown["ControlGroup"]; !within(k.group, k.top+group) {
		return Service{}, fmt.Errorf("it is in the control group %s, and its unit %s says %s", k.group, k.unit, group)
	}
	return Service{Manager: Systemd, Name: k.unit}, k.isMain()
}

func within(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// withoutUnit says why the control group is that of no service. The names of scopes are those that the makers of sessions and containers
// give them.
func (k *keeper) withoutUnit() error {
	container := regexp.MustCompile(`(^|/)(docker|lxc|kubepods|libpod|crio|machine|actions_job)([-./]|$)`)
	switch {
	case k.group == "":
		return errors.New("the host does not tell its control group")
	case container.MatchString(k.group) && !strings.HasSuffix(k.unit, ".service"):
		return fmt.Errorf("it runs in a container, by its control group %s", k.group)
	case strings.HasPrefix(k.unit, "session-") && strings.HasSuffix(k.unit, ".scope"):
		return fmt.Errorf("it was started by hand: it belongs to a login session (%s)", k.unit)
	case strings.HasPrefix(k.unit, "user@"):
		return fmt.Errorf("it was started by a user, by hand or as a service of their own: it belongs to %s", k.unit)
	case !strings.HasSuffix(k.unit, ".service"):
		return fmt.Errorf("no service of systemd has it: its control group is %s", k.group)
	}
	return nil
}

// isMain is an error unless the unit is this server's, and no other server's: it runs the server as its main process, or the script that
// comes with the server, or systemd knows no main process, as of an init script that it runs.
func (k *keeper) isMain() error {
	main, err := strconv.Atoi(k.shown["MainPID"])
	switch {
	case err != nil:
		return fmt.Errorf("systemd does not tell the main process of its unit %s", k.unit)
	case main == k.pid, k.hasWatcher() && main == k.ancestors[0].pid:
		return k.isOnlyServer()
	case main != 0:
		return fmt.Errorf("it belongs to the unit %s, whose main process is another: %s; what else a restart of the unit would end is not known",
			k.unit, k.called(main))
	}
	if err := k.isKeptAlone(); err != nil {
		return err
	}
	return k.isOnlyServer()
}

// isOnlyServer is an error when a restart of the unit would end another server too, as one that the main process started: a main process
// says nothing of the others.
func (k *keeper) isOnlyServer() error {
	own := slices.IndexFunc(k.members, func(r relative) bool { return r.pid == k.pid })
	if own < 0 {
		return fmt.Errorf("what else belongs to its unit %s could not be looked at", k.unit)
	}
	for _, member := range k.members {
		switch {
		case member.pid == k.pid:
		case member.name == "":
			return fmt.Errorf("whether process %d of its unit %s is another server could not be looked at", member.pid, k.unit)
		case slices.Contains([]string{"mysqld", "mariadbd", k.members[own].name}, member.name):
			return fmt.Errorf("it belongs to the unit %s together with process %s, which a restart of the unit would end too", k.unit, member)
		}
	}
	return nil
}

// isKeptAlone is an error when another program keeps the server running, and would start it again by itself.
func (k *keeper) isKeptAlone() error {
	above := k.ancestors
	if k.hasWatcher() {
		above = above[1:]
	}
	if len(above) == 0 || above[0].pid != 1 {
		return fmt.Errorf("it is kept running by another process: %v", above)
	}
	return nil
}

func (k *keeper) called(pid int) relative {
	for _, one := range slices.Concat(k.ancestors, k.members) {
		if one.pid == pid {
			return one
		}
	}
	return relative{pid, "not a parent of the server"}
}

// hasWatcher says that the server was started by the script that comes with it, which starts one server and starts it again when it crashes.
func (k *keeper) hasWatcher() bool { return len(k.ancestors) > 0 && isWatcher(k.ancestors[0].name) }

func isWatcher(name string) bool {
	return slices.Contains([]string{"mysqld_safe", "mariadbd-safe", "mariadbd_safe"}, name)
}
