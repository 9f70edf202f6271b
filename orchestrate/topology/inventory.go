package topology

import (
	"time"

	"github.com/goccy/go-yaml/ast"
)

// inventory is the file as it is written: nothing is judged yet, and each value knows its line.
type inventory struct {
	name             setting[string]
	hosts            setting[string]
	primary, master  setting[string]
	replicas, slaves setting[[]setting[string]]
	account          accountSection
	ssh              sshSection
	mysql            mysqlSection
	tls              tlsSection
	canary, parallel setting[int]
	unavailable      setting[share]
	failures         setting[int]
	pause            setting[time.Duration]
	enforce          setting[string]
	restart          setting[bool]
	maxLag           setting[time.Duration]
	emptied          bool            // the replicas were groups without a host
	overrides        []serverSection // as written under "servers"
	servers          []serverSection // the primary, then the replicas: what fillDefaults makes of everything
}

type accountSection struct {
	line                        int
	user, require, passwordFile setting[string]
}

type sshSection struct {
	user, address            setting[string]
	port                     setting[int]
	identityFile, knownHosts setting[string]
	jump, config             setting[string]
	sudo                     setting[bool]
	passphraseCommand        setting[string]
}

type mysqlSection struct {
	socket, admin                              setting[string]
	port                                       setting[int]
	passwordFile, passwordEnv, passwordCommand setting[string]
}

type tlsSection struct {
	dir               setting[string]
	verify, source    setting[string]
	algorithm         setting[string]
	servers           setting[string]
	passphraseFile    setting[string]
	passphraseCommand setting[string]
	files             filesSection
}

// filesSection are paths on this machine, in which {server} and {address} stand for those of a server.
type filesSection struct{ ca, cert, key, chain, crl setting[string] }

type serverSection struct {
	name            setting[string]
	address, source setting[string]
	dir, restart    setting[string]
	files           filesSection
	ssh             sshSection
	mysql           mysqlSection
	way             SSH // to its host
}

// read fills the inventory from the root of the file.
func (inv *inventory) read(d *decoder, root ast.Node) {
	d.mapping("", root, keys{
		"cluster":  d.text(&inv.name),
		"hosts":    d.text(&inv.hosts),
		"primary":  d.text(&inv.primary),
		"master":   d.text(&inv.master),
		"replicas": d.texts(&inv.replicas),
		"slaves":   d.texts(&inv.slaves),
		"account":  func(path string, node ast.Node) { inv.account.read(d, path, node) },
		"ssh":      d.section(inv.ssh.wideKeys(d)),
		"mysql":    d.section(inv.mysql.keys(d)),
		"tls":      d.section(inv.tls.keys(d)),
		"policy": d.section(keys{
			"canary":          d.number(&inv.canary),
			"parallel":        d.number(&inv.parallel),
			"max_unavailable": d.share(&inv.unavailable),
			"max_failures":    d.number(&inv.failures),
			"pause":           d.duration(&inv.pause),
			"enforce":         d.text(&inv.enforce),
			"allow_restart":   d.flag(&inv.restart),
			"max_lag":         d.duration(&inv.maxLag),
		}),
		"servers": func(path string, node ast.Node) { inv.readServers(d, path, node) },
	})
}

func (a *accountSection) read(d *decoder, path string, node ast.Node) {
	if isScalar(node) {
		d.fault(lineOf(node), "%s must be keys and values, as in %s: {user: %s}", path, path, oneLine(tokenText(node)))
		a.user.line = lineOf(node)
		return
	}
	a.line = lineOf(node)
	if _, ok := node.(ast.MapNode); !ok && !isNull(node) {
		a.user.line = a.line // given, though not as it should be
	}
	d.mapping(path, node, keys{
		"user":          d.text(&a.user),
		"require":       d.text(&a.require),
		"password_file": d.text(&a.passwordFile),
	})
}

func (s *sshSection) keys(d *decoder) keys {
	return keys{
		"user":          d.text(&s.user),
		"port":          d.number(&s.port),
		"identity_file": d.text(&s.identityFile),
		"known_hosts":   d.text(&s.knownHosts),
		"sudo":          d.flag(&s.sudo),
		"jump":          d.text(&s.jump),

		"passphrase_command": d.text(&s.passphraseCommand),
	}
}

// wideKeys are the keys of what holds for all hosts.
func (s *sshSection) wideKeys(d *decoder) keys {
	known := s.keys(d)
	known["config"] = d.text(&s.config)
	return known
}

func (t *tlsSection) keys(d *decoder) keys {
	known := t.files.keys(d)
	known["dir"] = d.text(&t.dir)
	known["verify"] = d.text(&t.verify)
	known["source"] = d.text(&t.source)
	known["algorithm"] = d.text(&t.algorithm)
	known["servers"] = d.text(&t.servers)
	known["authority"] = d.section(keys{
		"passphrase_file":    d.text(&t.passphraseFile),
		"passphrase_command": d.text(&t.passphraseCommand),
	})
	return known
}

func (f *filesSection) keys(d *decoder) keys {
	return keys{"ca": d.text(&f.ca), "cert": d.text(&f.cert), "key": d.text(&f.key), "chain": d.text(&f.chain), "crl": d.text(&f.crl)}
}

func (s *mysqlSection) keys(d *decoder) keys {
	return keys{
		"socket": d.text(&s.socket),
		"port":   d.number(&s.port),
		"admin": d.section(keys{
			"user":             d.text(&s.admin),
			"password_file":    d.text(&s.passwordFile),
			"password_env":     d.text(&s.passwordEnv),
			"password_command": d.text(&s.passwordCommand),
		}),
	}
}

func (inv *inventory) readServers(d *decoder, path string, node ast.Node) {
	d.entries(path, node, func(name string, line int, value ast.Node) {
		server := serverSection{name: setting[string]{name, line}}
		server.read(d, under(path, name), value)
		inv.overrides = append(inv.overrides, server)
	})
}

func (s *serverSection) read(d *decoder, path string, node ast.Node) {
	ssh := s.ssh.keys(d)
	ssh["address"] = d.text(&s.ssh.address)
	tls := s.files.keys(d)
	tls["dir"] = d.text(&s.dir)
	d.mapping(path, node, keys{
		"address":         d.text(&s.address),
		"replicates_from": d.text(&s.source),
		"restart":         d.text(&s.restart),
		"ssh":             d.section(ssh),
		"mysql":           d.section(s.mysql.keys(d)),
		"tls":             d.section(tls),
	})
}
