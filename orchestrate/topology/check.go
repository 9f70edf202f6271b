package topology

import (
	"slices"
	"strings"
)

// check looks for everything that is wrong with an inventory whose keys are right.
func (inv *inventory) check(s *source, env Defaults) {
	inv.checkRoles(s)
	inv.checkNames(s)
	inv.checkOverrides(s, env)
	inv.checkSources(s)
	inv.checkCycles(s)
	inv.checkAccount(s, env)
	inv.checkChoices(s)
	inv.checkPolicy(s)
	checkLocalPath(s, "hosts", inv.hosts, env)
	checkLocalPath(s, "ssh.config", inv.ssh.config, env)
	inv.ssh.check(s, "ssh", env)
	inv.mysql.check(s, "mysql", env)
	inv.tls.check(s, env)
	inv.checkGiven(s)
	inv.checkNeighbours(s)
	inv.checkSurroundings(s)
}

func (inv *inventory) checkRoles(s *source) {
	if inv.primary.given() && inv.master.given() && inv.primary != inv.master {
		s.fault(inv.master.line, "master means the same as primary, which is given too: keep one of them")
	}
	if inv.replicas.given() && inv.slaves.given() && inv.replicas.line != inv.slaves.line {
		s.fault(inv.slaves.line, "slaves means the same as replicas, which is given too: keep one of them")
	}
	if !inv.primary.given() && !s.misspelt["primary"] && !s.misspelt["master"] {
		s.fault(0, "no primary: name the server that the others replicate from, as in primary: db1")
	}
	if !inv.replicas.given() && !s.misspelt["replicas"] && !s.misspelt["slaves"] {
		s.fault(0, "no replicas: name the servers that replicate, as in replicas: [db2, db3]")
	}
	if inv.emptied {
		s.fault(inv.replicas.line, "replicas: the list of hosts has no host in these groups")
	}
}

// checkNames looks at the names that make the cluster. Two names that differ only in case are the same host by DNS.
func (inv *inventory) checkNames(s *source) {
	checkName(s, "cluster", inv.name)
	first := map[string]setting[string]{}
	for i, server := range inv.servers {
		name := server.name
		if !checkName(s, "the server name", name) {
			continue
		}
		earlier, again := first[strings.ToLower(name.value)]
		switch {
		case !again:
			first[strings.ToLower(name.value)] = name
		case earlier == inv.servers[0].name && inv.primary.given() && i > 0:
			s.fault(name.line, "%q is the primary (line %d) and cannot be among the replicas", name.value, earlier.line)
		default:
			s.fault(name.line, "the replica %q is named twice, first in line %d", name.value, earlier.line)
		}
	}
}

// checkOverrides looks at what is said of single servers.
func (inv *inventory) checkOverrides(s *source, env Defaults) {
	first := map[string]int{}
	for _, server := range inv.overrides {
		name := server.name
		if line, again := first[name.value]; again {
			s.fault(name.line, "servers.%s is given twice, first in line %d", oneLine(name.value), line)
		} else {
			first[name.value] = name.line
		}
		if !slices.Contains(inv.names(), name.value) {
			s.fault(name.line, "servers.%s is neither the primary nor a replica%s", oneLine(name.value), inv.meant(name.value))
		}
	}
	for _, server := range inv.overrides {
		path := "servers." + oneLine(server.name.value)
		checkName(s, path+".address", server.address)
		checkName(s, path+".ssh.address", server.ssh.address)
		checkDir(s, path+".tls.dir", server.dir)
		server.files.check(s, path+".tls", env)
		checkPrintable(s, path+".restart", server.restart)
		server.ssh.check(s, path+".ssh", env)
		server.mysql.check(s, path+".mysql", env)
	}
}

func (inv *inventory) checkSources(s *source) {
	for _, server := range inv.overrides {
		name, source := server.name.value, server.source
		switch {
		case source.value == "":
		case name == inv.primary.value:
			s.fault(source.line, "servers.%s.replicates_from: the primary replicates from no other server", oneLine(name))
		case !slices.Contains(inv.names(), source.value):
			s.fault(source.line, "servers.%s.replicates_from: %q is neither the primary nor a replica%s",
				oneLine(name), oneLine(source.value), inv.meant(source.value))
		}
	}
}

// checkCycles follows every replica up. A cycle is told once, at the first of its servers.
func (inv *inventory) checkCycles(s *source) {
	told := map[string]bool{}
	for _, server := range inv.servers {
		chain := inv.chain(server.name.value)
		if chain == nil || told[server.name.value] {
			continue
		}
		for _, name := range chain {
			told[name] = true
		}
		s.fault(server.source.line, "servers replicate in a circle: %s", strings.Join(chain, " -> "))
	}
}

// chain is the way from a server up to itself, nil where it does not lead back.
func (inv *inventory) chain(name string) []string {
	sources := map[string]string{}
	for _, server := range inv.servers {
		sources[server.name.value] = server.source.value
	}
	delete(sources, inv.primary.value)
	chain := []string{name}
	for next := sources[name]; next != "" && len(chain) <= len(inv.servers); next = sources[next] {
		chain = append(chain, next)
		if next == name {
			return chain
		}
	}
	return nil
}

func (inv *inventory) checkAccount(s *source, env Defaults) {
	user := inv.account.user
	if !user.given() && !s.misspelt["account"] && !s.misspelt["account.user"] {
		s.fault(inv.account.line, "no account: name the account that the replicas log in with, as in account: {user: repl}")
	}
	checkPrintable(s, "account.user", user)
	checkLocalPath(s, "account.password_file", inv.account.passwordFile, env)
	for _, server := range inv.servers {
		if user.value != "" && server.mysql.admin.value == user.value {
			s.fault(user.line, "account.user %q is also the account that replssl logs in with at %s: "+
				"it would lock itself out, so it never alters its own account", oneLine(user.value), oneLine(server.name.value))
			return
		}
	}
}

func (inv *inventory) checkChoices(s *source) {
	checkChoice(s, "account.require", inv.account.require, []string{"ssl", "x509", "issuer", "subject"})
	checkChoice(s, "tls.verify", inv.tls.verify, []string{"identity", "chain"})
	checkChoice(s, "tls.source", inv.tls.source, []string{"builtin", "files"})
	checkChoice(s, "tls.servers", inv.tls.servers, []string{"sources", "all"})
	checkChoice(s, "tls.algorithm", inv.tls.algorithm, algorithmWords())
	checkChoice(s, "policy.enforce", inv.enforce, []string{"last", "first"})
}

func (inv *inventory) checkPolicy(s *source) {
	for _, count := range []struct {
		path string
		setting[int]
	}{{"policy.canary", inv.canary}, {"policy.parallel", inv.parallel}, {"policy.max_failures", inv.failures}} {
		if count.value < 1 {
			s.fault(count.line, "%s must be at least 1", count.path)
		}
	}
}

// checkSurroundings looks for what neither the inventory nor the surroundings of the person give.
func (inv *inventory) checkSurroundings(s *source) {
	noUser := func(server serverSection) bool {
		return server.way.User == "" && !server.ssh.user.given() && !inv.ssh.user.given()
	}
	noHosts := func(server serverSection) bool {
		return server.way.KnownHosts == nil && !server.ssh.knownHosts.given() && !inv.ssh.knownHosts.given()
	}
	if slices.ContainsFunc(inv.servers, noUser) {
		s.fault(0, "it is not known with which user to log in by SSH: give ssh.user")
	}
	if slices.ContainsFunc(inv.servers, noHosts) {
		s.fault(0, "the home folder is not known, so there is no ~/.ssh/known_hosts: give ssh.known_hosts")
	}
}

// names are all servers of the cluster, the primary first.
func (inv *inventory) names() []string {
	names := make([]string, len(inv.servers))
	for i, server := range inv.servers {
		names[i] = server.name.value
	}
	return names
}

// meant is a suggestion for an unknown server name, or nothing.
func (inv *inventory) meant(name string) string {
	if near, ok := closest(name, inv.names()); ok {
		return " (did you mean \"" + oneLine(near) + "\"?)"
	}
	return ""
}
