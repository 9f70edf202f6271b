package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote/shell"
)

// hasToRestart begins what keeps a server from its restart.
func (b *builder) hasToRestart(s topology.Server) string {
	if b.readsOurFiles(s) {
		return "it has to be restarted to read its new certificate, which its version cannot do as it runs"
	}
	return "it has to be restarted to serve TLS"
}

// restartOf is how the server is restarted: by the inventory's command, else as the service that it was seen to be. It blocks where there
// is no way.
func (b *builder) restartOf(s topology.Server) (Restart, bool) {
	switch {
	case !b.cluster.Policy.AllowRestart:
		b.block(s.Name, "set policy.allow_restart: true in the inventory, or give --allow-restart", "%s, and that is not allowed", b.hasToRestart(s))
		return Restart{}, false
	case s.Restart == "" && b.isSoleMember(s.Name):
		b.block(s.Name, "let another member join first, or "+givenRestart(s, "COMMAND")+", by one that founds the cluster anew, as galera_new_cluster does once the server has stopped",
			"%s, and it is the only member of the Galera cluster %s: its service would look for another, and start no more", b.hasToRestart(s), b.groupOf(s.Name))
		return Restart{}, false
	case s.Restart != "":
		return Restart{Server: s.Name, Command: s.Restart}, true
	}
	return b.restartService(s)
}

func (b *builder) restartService(s topology.Server) (Restart, bool) {
	seen := b.facts.Server(s.Name).Service
	service, ok := seen.Get()
	if !ok {
		why := strings.TrimPrefix(seen.Why(), string(s.Name)+": ")
		b.block(s.Name, cmp.Or(seen.Hint(), givenRestart(s, "COMMAND")), "%s, and which service it is was not found: %s", b.hasToRestart(s), why)
		return Restart{}, false
	}
	line := restartLine(service)
	switch {
	case line.Err() != nil:
		b.block(s.Name, givenRestart(s, "COMMAND"), "%s, and its service %q has no command: %v", b.hasToRestart(s), service.Name, line.Err())
		return Restart{}, false
	case s.SSH.OSUser() != "root":
		b.block(s.Name, "with sudo: ssh.sudo: true; where "+s.SSH.OSUser()+" may do it: "+givenRestart(s, line.String()),
			"%s, and %s, who logs in there, is not root: whether %s may be restarted is for the host to say", b.hasToRestart(s), s.SSH.OSUser(), service.Name)
		return Restart{}, false
	}
	restart := Restart{Server: s.Name, Command: line.String()}
	if service.Manager == facts.Systemd {
		restart.Unit = service.Name
	}
	return restart, true
}

func givenRestart(s topology.Server, command string) string {
	return fmt.Sprintf("give the command in the inventory: servers: {%s: {restart: %s}}", s.Name, command)
}

func restartLine(service facts.Service) shell.Line {
	switch service.Manager {
	case facts.Systemd:
		return shell.Words("systemctl", "restart", "--", service.Name)
	case facts.SysV:
		return shell.Words("service", service.Name, "restart")
	}
	return shell.Refuse(fmt.Errorf("the manager %q is not known", service.Manager))
}

func (b *builder) planRestart(restart Restart, s topology.Server, step Step) {
	step.Title = fmt.Sprintf("restart %s with TLS", s.Name)
	if b.readsOurFiles(s) {
		step.Title = fmt.Sprintf("restart %s, which reads its new certificate", s.Name)
	}
	step.Impact = b.restartImpact(s)
	step.Guards = append(step.Guards, Guard{Condition: b.configGoal(s)})
	if service, ok := b.facts.Server(s.Name).Service.Get(); ok && s.Restart == "" {
		step.Guards = append(step.Guards, Guard{Condition: RunsAs{Server: s.Name, Service: service}})
	}
	step.Actions = append([]Action{restart}, b.stopAgain(s)...)
	step.Found = b.threadsOf(b.disturbedBy(s)...)
	step.Needs = append(step.Needs, b.switching(b.disturbedBy(s)...)...)
	former := b.former(s)
	settings := former.asRestarted()
	step.Rescued = former.isBack(settings, All(b.upAgain(s, b.disturbedBy(s)), b.ownRun(s)))
	step.Impact = joined(step.Impact, b.stoppedImpact(s), former.noWayBack())
	replicas := append(b.move(&step, former), b.wakeActions(s)...)
	// The settings are put back by the undo of their own step when a person takes the run back, and here when the restart fails.
	step.Rescue = append(former.back(settings, rescueBy(restart)), replicas...)
	step.Undo = Undo{Actions: append(former.back(settings, restart), replicas...)}
	b.add(step)
	b.planWakes(s)
}

func rescueBy(restart Restart) Restart {
	restart.Command = restart.Again()
	return restart
}

func (b *builder) configGoal(s topology.Server) ConfigInPlace {
	text, _ := b.optionFile(s)
	return ConfigInPlace{Server: s.Name, Path: b.facts.Server(s.Name).Config.Or(facts.Config{}).OwnPath, Text: text}
}

// restartImpact tells beforehand who is connected and which settings the restart would lose.
func (b *builder) restartImpact(s topology.Server) string {
	seen := b.facts.Server(s.Name)
	who := string(s.Name)
	if service, ok := seen.Service.Get(); ok && s.Restart == "" {
		who = fmt.Sprintf("%s (%s on %s)", s.Name, service.Name, cmp.Or(s.SSH.Address, s.Address))
	}
	impact := fmt.Sprintf("%s restarts: %s", who, b.describeCut(s, seen.Sessions.Or(nil)))
	if sessions := seen.Sessions; sessions.IsUnknown() {
		impact = joined(fmt.Sprintf("%s restarts", who), b.cutReceivers(s), "who else is connected is not known: "+sessions.Why())
	}
	switch lost, ok := seen.RunTime.Get(); {
	case !ok && seen.RunTime.IsUnknown():
		impact += "; which settings made at run time it would lose is not known: " + seen.RunTime.Why()
	case len(lost) > 0:
		impact += "; settings made at run time are lost: " + strings.Join(lost, ", ")
	}
	return joined(impact, b.groupImpact(s.Name), b.newAuthorityImpact(s))
}

// describeCut names the replicas apart from the sessions, among which their dump threads are not.
func (b *builder) describeCut(s topology.Server, sessions []facts.Session) string {
	receivers := b.cutReceivers(s)
	switch {
	case len(sessions) > 0:
		return joined(receivers, describeSessions(sessions))
	case receivers != "":
		return joined(receivers, "nobody else is connected")
	}
	return "nobody is connected"
}

func (b *builder) cutReceivers(s topology.Server) string {
	var cut []string
	for _, l := range b.linksFrom(s.Name) {
		if channel, _ := b.facts.Channel(l.Channel).Get(); channel.Receiver == facts.Yes {
			cut = append(cut, l.Channel.String())
		}
	}
	switch len(cut) {
	case 0:
		return ""
	case 1:
		return "it cuts the receiver of " + cut[0]
	}
	return "it cuts the receivers of " + strings.Join(cut, ", ")
}

func describeSessions(sessions []facts.Session) string {
	users := map[string]int{}
	for _, session := range sessions {
		users[session.User]++
	}
	return fmt.Sprintf("it cuts %d session(s) of %s", len(sessions), strings.Join(sortedKeys(users), ", "))
}
