package process

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// script is an init script with what it said of its service.
type script struct {
	name   string
	status string // the exit status of asking it; empty: it was not asked
	said   string
}

// byScript takes an init script where it names the process, or where there is one script and one server, which was started as that script
// would: with the option files that everybody reads.
func (k *keeper) byScript(of Process) (Service, error) {
	if !slices.Contains([]string{"init", "openrc-init"}, k.first) {
		return Service{}, fmt.Errorf("no service manager runs there that replssl knows: process 1 is %s, as in a container", k.first)
	}
	if err := k.isKeptAlone(); err != nil {
		return Service{}, err
	}
	naming := slices.DeleteFunc(slices.Clone(k.scripts), func(s script) bool { return !k.isNamedBy(s) })
	switch {
	case len(naming) == 1:
		return Service{Manager: SysV, Name: naming[0].name}, nil
	case len(k.scripts) == 0:
		return Service{}, errors.New("it was started by hand: /etc/init.d has no script of a database server")
	case len(k.scripts) == 1 && k.scripts[0].status == "0" && slices.Equal(k.servers, []int{k.pid}) && ofEverybody(of):
		return Service{Manager: SysV, Name: k.scripts[0].name}, nil
	}
	return Service{}, fmt.Errorf("which script of /etc/init.d started it, if one did, is not certain: there %s", k.described())
}

// isNamedBy says that the script knows of a running service, by this ID, and of no other server, which its restart might end too.
func (k *keeper) isNamedBy(s script) bool {
	named := s.named()
	others := slices.ContainsFunc(k.servers, func(pid int) bool { return pid != k.pid && slices.Contains(named, pid) })
	return s.status == "0" && slices.Contains(named, k.pid) && !others
}

// named are the processes that the script names: "(pid 41 42)", "PID: 42", "process 42", "running (42)". Any other number may be one of
// a version or of seconds.
func (s script) named() []int {
	var pids []int
	lists := regexp.MustCompile(`(?i)(?:\b(?:pids?|process(?: id)?)\b[\s:=#(]*|\brunning \()((?:\d+\b[\s,]*)+)`)
	for _, list := range lists.FindAllStringSubmatch(s.said, -1) {
		for _, number := range regexp.MustCompile(`\d+`).FindAllString(list[1], -1) {
			if pid, err := strconv.Atoi(number); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// ofEverybody says that the server was started with the option files that a server reads by default.
func ofEverybody(of Process) bool {
	args, ok := of.Args.Get()
	return ok && !slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "--defaults-") || arg == "--no-defaults"
	})
}

func (k *keeper) described() string {
	names := make([]string, len(k.scripts))
	for i, s := range k.scripts {
		names[i] = s.name
	}
	return fmt.Sprintf("are the script(s) %s, none of which names its process alone, and %d server(s) run", strings.Join(names, ", "), len(k.servers))
}
