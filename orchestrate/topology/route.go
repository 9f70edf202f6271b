package topology

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Route is what ssh_config or another tool's list of hosts says of the way to a host. What it leaves open is the zero value.
type Route struct {
	Address       string // where to connect, if not at the name
	User          string
	Port          int
	IdentityFiles []string // absolute paths
	KnownHosts    []string // absolute paths
	Jump          []string // hosts to go through, the nearest first, each as [user@]host[:port]
	Sudo          bool

	CertificateFiles []string // absolute paths
	IdentitiesOnly   bool
	AgentSocket      string // or "none"
	HostKeyAlias     string
	ProxyCommand     string // what ssh would run to get there; it is not run here
}

// Hosts is another tool's list of hosts.
type Hosts interface {
	// Host is what the list says of the host, and whether it has it at all.
	Host(name string) (Route, bool, error)

	// Group are the hosts of a group, in the order of the list, and whether there is such a group.
	Group(name string) ([]string, bool)
}

// noJump is what switches a jump host off that others would set.
const noJump = "none"

// over lays what is known better over what is known less well.
func (r Route) over(base Route) Route {
	if r.Address == "" {
		r.Address = base.Address
	}
	if r.User == "" {
		r.User = base.User
	}
	if r.Port == 0 {
		r.Port = base.Port
	}
	if r.IdentityFiles == nil {
		r.IdentityFiles = base.IdentityFiles
	}
	if r.KnownHosts == nil {
		r.KnownHosts = base.KnownHosts
	}
	if r.CertificateFiles == nil {
		r.CertificateFiles = base.CertificateFiles
	}
	if r.AgentSocket == "" {
		r.AgentSocket = base.AgentSocket
	}
	if r.HostKeyAlias == "" {
		r.HostKeyAlias = base.HostKeyAlias
	}
	if r.Jump == nil && r.ProxyCommand == "" { // the two are one answer
		r.Jump, r.ProxyCommand = base.Jump, base.ProxyCommand
	}
	r.Sudo = r.Sudo || base.Sudo
	r.IdentitiesOnly = r.IdentitiesOnly || base.IdentitiesOnly
	return r
}

// said is what the section says, as a route.
func (s sshSection) said(env Defaults) Route {
	r := Route{Address: s.address.value, Port: s.port.value, User: s.user.value, Sudo: s.sudo.value}
	if s.identityFile.given() {
		r.IdentityFiles = []string{localPath(s.identityFile.value, env)}
	}
	if s.knownHosts.given() {
		r.KnownHosts = []string{localPath(s.knownHosts.value, env)}
	}
	if s.jump.given() {
		r.Jump = hops(s.jump.value)
	}
	return r
}

// hops reads a list of jump hosts; it is not nil, so that "none" is an answer.
func hops(text string) []string {
	list := []string{}
	for _, hop := range strings.Split(text, ",") {
		if hop = strings.TrimSpace(hop); hop != "" && hop != noJump {
			list = append(list, hop)
		}
	}
	return list
}

// router finds the ways to the hosts of an inventory.
type router struct {
	env    Defaults
	wide   sshSection // what the inventory says of all hosts
	hosts  Hosts      // nil where the inventory names no list of hosts
	list   string     // its file
	config func(alias string) (Route, error)
	fault  func(err error)
}

// own is the weakest answer: what holds where nobody says anything.
func (r *router) own() Route {
	base := Route{User: r.env.User, Port: defaultSSHPort}
	if r.env.Home != "" {
		base.KnownHosts = []string{localPath("~/.ssh/known_hosts", r.env)}
	}
	return base
}

// to is the way to a server. The inventory wins over the list of hosts, and that over ssh_config.
func (r *router) to(s *serverSection) SSH {
	listed, isListed := r.listed(s.name.value)
	alias := s.ssh.address.value
	route := s.ssh.said(r.env)
	route.Address = ""
	if s.ssh.sudo.given() {
		listed.Sudo = false
	} else if r.wide.sudo.given() {
		listed.Sudo = r.wide.sudo.value
	}
	wide := r.wide.said(r.env)
	wide.Address, wide.Sudo = "", false
	listed.Address = "" // it is the alias already
	configured := r.configured(alias)
	if !isListed && !s.tellsTheWay() && configured.Address == "" && configured.User == "" {
		r.missing(s.name.value)
	}
	route = route.over(wide).over(listed).over(configured).over(r.own())
	if route.Address == "" {
		route.Address = alias
	}
	r.refuseCommand(alias, route)
	way := route.ssh()
	way.Jump = r.through(route.Jump, map[leg]bool{{alias, route.Port}: true})
	way.PassphraseCommand = s.ssh.passphraseCommand.value
	if way.PassphraseCommand == "" {
		way.PassphraseCommand = r.wide.passphraseCommand.value
	}
	for i := range way.Jump {
		way.Jump[i].PassphraseCommand = way.PassphraseCommand
	}
	return way
}

// tellsTheWay says that the inventory itself says of the server how it is reached.
func (s *serverSection) tellsTheWay() bool {
	return s.address.given() || s.ssh.address.given() || s.ssh.user.given()
}

// missing tells of a name that the list of hosts was to know: a name written wrong would lead to some other host.
func (r *router) missing(name string) {
	if r.hosts == nil {
		return
	}
	advice := ""
	names, _ := r.hosts.Group(everybody)
	if near, ok := closest(name, names); ok {
		advice = fmt.Sprintf(" (did you mean %q?)", near)
	}
	r.fault(fmt.Errorf("%s has neither a host nor a group %s%s; a host that it lacks needs servers.%s.ssh.address", r.list, oneLine(name), advice, oneLine(name)))
}

// everybody is Ansible's name for the group of all hosts.
const everybody = "all"

func (r Route) ssh() SSH {
	return SSH{
		User: r.User, Address: r.Address, Port: r.Port, IdentityFiles: r.IdentityFiles, KnownHosts: r.KnownHosts, Sudo: r.Sudo,
		CertificateFiles: r.CertificateFiles, IdentitiesOnly: r.IdentitiesOnly, AgentSocket: r.AgentSocket, HostKeyAlias: r.HostKeyAlias,
	}
}

// refuseCommand tells of a way that leads through a command: it is neither run nor left out in silence.
func (r *router) refuseCommand(alias string, route Route) {
	if route.ProxyCommand != "" {
		r.fault(fmt.Errorf("%s: ssh_config reaches it by a ProxyCommand, which replssl does not run: name the jump host by ssh.jump (or ProxyJump in ssh_config); "+
			"ssh.jump: none goes there directly", oneLine(alias)))
	}
}

// through is the way over jump hosts. As with ssh, the first of them may have jump hosts of its own in ssh_config, the others are reached
// from the one before.
func (r *router) through(names []string, met map[leg]bool) []SSH {
	var way []SSH
	for i, name := range names {
		asked := hop(name)
		alias := asked.Address
		route := asked
		configured := r.configured(alias)
		if configured.Address != "" {
			route.Address = configured.Address
		}
		wide := r.wide.said(r.env)
		// ssh_config always knows some known_hosts, but keys of its own for the jump host only where a person wrote them.
		route = route.over(Route{KnownHosts: wide.KnownHosts}).over(configured).over(Route{IdentityFiles: wide.IdentityFiles}).over(r.own())
		self := leg{alias, route.Port}
		if met[self] {
			continue // a jump host that is reached over itself: the shorter way is meant
		}
		if i == 0 && len(met) > mostJumps {
			r.fault(fmt.Errorf("%s: more than %d jump hosts lead to each other: end them by ProxyJump none in ssh_config for the first of them", oneLine(alias), mostJumps))
			return nil
		}
		if i == 0 {
			r.refuseCommand(alias, route)
			deeper := map[leg]bool{self: true}
			for m := range met {
				deeper[m] = true
			}
			way = append(way, r.through(route.Jump, deeper)...)
		}
		hop := route.ssh()
		hop.Alias = alias
		way = append(way, hop)
	}
	return way
}

// mostJumps ends what has no end: each jump host may have one of its own, and "Host *, ProxyJump gate-%h" makes up new names for ever.
const mostJumps = 16

// leg is one end of a way, as a person names it: behind one address another sshd may listen at another port.
type leg struct {
	alias string
	port  int
}

// hop reads [user@]host[:port]; an IPv6 address with a port stands in brackets.
func hop(text string) Route {
	var r Route
	if at := strings.LastIndex(text, "@"); at >= 0 {
		r.User, text = text[:at], text[at+1:]
	}
	r.Address = text
	colon := strings.LastIndex(text, ":")
	if colon >= 0 && (strings.HasPrefix(text, "[") || strings.Count(text, ":") == 1) {
		if port, err := strconv.Atoi(text[colon+1:]); err == nil {
			r.Address, r.Port = text[:colon], port
		}
	}
	r.Address = strings.TrimSuffix(strings.TrimPrefix(r.Address, "["), "]")
	return r
}

func (r *router) configured(alias string) Route {
	if r.config == nil || alias == "" {
		return Route{}
	}
	route, err := r.config(alias)
	if err != nil {
		r.fault(err)
	}
	return route
}

func (r *router) listed(name string) (Route, bool) {
	if r.hosts == nil {
		return Route{}, false
	}
	route, ok, err := r.hosts.Host(name)
	if err != nil {
		r.fault(err)
	}
	return route, ok
}

// expand replaces each name that is a group of the list by the hosts of it.
func (r *router) expand(names []setting[string]) []setting[string] {
	if r.hosts == nil {
		return names
	}
	var all []setting[string]
	for _, name := range names {
		_, isHost := r.listed(name.value)
		members, isGroup := r.hosts.Group(name.value)
		if isHost || !isGroup {
			all = append(all, name)
			continue
		}
		for _, member := range members {
			all = append(all, setting[string]{member, name.line})
		}
	}
	return slices.Clip(all)
}
