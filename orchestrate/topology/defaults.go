package topology

import "time"

// The tool's own defaults, where neither the inventory nor the person's surroundings say otherwise.
const (
	defaultSSHPort   = 22
	defaultMySQLPort = 3306
	defaultAdmin     = "root"
	defaultTLSDir    = "/etc/mysql-ssl"
	socketAuto       = "auto"
	algorithmAuto    = "auto"
	defaultCanary    = 1
	defaultFailures  = 1
	defaultParallel  = 10
	defaultMaxLag    = 30 * time.Second
)

// fillDefaults sets everything that the inventory leaves open; it is the only place that knows a default. Filled values keep
// line 0, by which the checks tell them from what a person wrote.
func (inv *inventory) fillDefaults(r *router) {
	if !inv.primary.given() {
		inv.primary = inv.master
	}
	if !inv.replicas.given() {
		inv.replicas = inv.slaves
	}
	inv.name.fill(inv.primary.value)
	inv.account.require.fill(string(RequireSSL))
	inv.mysql.socket.fill(socketAuto)
	inv.mysql.port.fill(defaultMySQLPort)
	inv.mysql.admin.fill(defaultAdmin)
	inv.tls.dir.fill(defaultTLSDir)
	inv.tls.verify.fill(string(VerifyIdentity))
	inv.tls.source.fill(string(SourceBuiltin))
	inv.tls.algorithm.fill(algorithmAuto)
	inv.tls.servers.fill(string(ServersSources))
	inv.canary.fill(defaultCanary)
	inv.parallel.fill(defaultParallel)
	inv.failures.fill(defaultFailures)
	inv.enforce.fill(string(EnforceLast))
	inv.restart.fill(false)
	inv.maxLag.fill(defaultMaxLag)

	if inv.primary.given() {
		inv.servers = append(inv.servers, inv.written(inv.primary))
	}
	named := len(inv.replicas.value)
	inv.replicas.value = r.expand(inv.replicas.value)
	inv.emptied = named > 0 && len(inv.replicas.value) == 0
	for _, name := range inv.replicas.value {
		server := inv.written(name)
		server.source.fill(inv.primary.value)
		inv.servers = append(inv.servers, server)
	}
	for i := range inv.servers {
		inv.servers[i].fillDefaults(inv, r)
	}
}

// fillDefaults is the part of [inventory.fillDefaults] that repeats for every server: what it does not say itself is as for
// the cluster.
func (s *serverSection) fillDefaults(inv *inventory, r *router) {
	s.address.fill(s.name.value)
	if listed, _ := r.listed(s.name.value); listed.Address != "" {
		s.address.fill(listed.Address)
	}
	s.ssh.address.fill(s.address.value)
	s.way = r.to(s)
	s.mysql.socket.fill(inv.mysql.socket.value)
	s.mysql.port.fill(inv.mysql.port.value)
	s.mysql.admin.fill(inv.mysql.admin.value)
	if !s.mysql.hasPassword() {
		s.mysql.passwordFile.fill(inv.mysql.passwordFile.value)
		s.mysql.passwordEnv.fill(inv.mysql.passwordEnv.value)
		s.mysql.passwordCommand.fill(inv.mysql.passwordCommand.value)
	}
	s.dir.fill(inv.tls.dir.value)
	s.files.fillDefaults(inv.tls.files)
}

func (f *filesSection) fillDefaults(all filesSection) {
	f.ca.fill(all.ca.value)
	f.cert.fill(all.cert.value)
	f.key.fill(all.key.value)
	f.chain.fill(all.chain.value)
	f.crl.fill(all.crl.value)
}

// written is what "servers" says of the named server; its line is the one that makes it the primary or a replica.
func (inv *inventory) written(name setting[string]) serverSection {
	for _, server := range inv.overrides {
		if server.name.value == name.value {
			server.name = name
			return server
		}
	}
	return serverSection{name: name}
}
