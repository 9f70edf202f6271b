package e2e_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/replssl/replssl/e2e/compatibility"
	"github.com/replssl/replssl/e2e/lab"
)

// upstreamScenarios are what the servers' own regression tests of replication over TLS assert, told anew as what a person sees from outside. They
// bear the names of those tests.
func upstreamScenarios() []scenario {
	own := func(name string, play func(*played)) scenario { return scenario{name: "upstream: " + name, play: play} }
	list := []scenario{
		own("rpl_ssl", rplSSL),
		own("rpl_ssl1", rplSSL1),
		own("rpl_heartbeat_ssl", rplHeartbeatSSL),
		own("ssl_dynamic, flush_ssl", sslDynamic),
		own("change_master_without_stopping_slave_threads", changeWithoutStopping),
		own("chained_ssl_certificates", chainedCertificates),
		own("cert_verify", certVerify),
		own("admin_ssl_crl", revokedCertificates),
		own("cert_verify, of another name", certOfAnotherName),
		own("rpl_tlsv13", rplTLS13),
		own("ssl_dynamic_persisted", settingsPersist),
		own("master_info_file", masterInfoFile),
		own("ssl_autoverify", sslAutoverify),
	}
	for i := range list {
		switch list[i].name {
		case "upstream: ssl_dynamic, flush_ssl":
			list[i].without = func(p compatibility.Pair) string {
				if p.Primary.Family == "MySQL" && p.Primary.Before(8, 0, 16) {
					return "MySQL before 8.0.16 reads its certificates when it starts, and not again"
				}
				return ""
			}
		case "upstream: rpl_tlsv13":
			list[i].without = func(p compatibility.Pair) string {
				if p.Primary.Family == "MySQL" && p.Primary.Before(8, 0, 16) {
					return "MySQL speaks TLS 1.3 from 8.0.16 on"
				}
				return ""
			}
		case "upstream: master_info_file":
			list[i].options = inFiles
			list[i].without = func(p compatibility.Pair) string {
				if p.Primary.Family == "MySQL" && !p.Primary.Before(8, 3, 0) {
					return "MySQL keeps logins in a table alone from 8.3 on"
				}
				return ""
			}
		case "upstream: ssl_autoverify":
			list[i].without = func(p compatibility.Pair) string {
				if p.Primary.Family != "MariaDB" || p.Primary.Before(11, 4, 1) {
					return "MariaDB checks certificates by itself from 11.4 on"
				}
				return ""
			}
		}
	}
	return list
}

// rplSSL: an account that requires TLS is used by a channel with TLS, rows arrive, and go on to after the threads were stopped and started over and
// over.
func rplSSL(p *played) {
	end := p.begin()
	p.secure()
	for range 3 {
		p.threads("STOP", "")
		p.threads("START", "")
		p.await("both threads", func() bool { return p.runs() })
	}
	p.proven()
	end()
}

// runs says that receiver and applier of the replica run without an error.
func (p *played) runs() bool {
	p.t.Helper()
	status, err := p.SlaveStatus(p.t.Context(), "replica1")
	must(p.t, err)
	return status["Slave_IO_Running"] == "Yes" && status["Slave_SQL_Running"] == "Yes" && status["Last_IO_Errno"] == "0"
}

// failed waits until a receiver has failed to connect, and gives the number of its error.
func (p *played) failed(server string) string {
	p.t.Helper()
	number := ""
	p.await("an error of the receiver", func() bool {
		status, err := p.SlaveStatus(p.t.Context(), server)
		must(p.t, err)
		number = status["Last_IO_Errno"]
		return number != "0" && status["Slave_IO_Running"] != "Yes"
	})
	return number
}

// rplSSL1: a channel without TLS is refused (1045) by an account that requires it, and cured by TLS: the primary serves it already, since a plaintext
// channel alone is what was put back.
func rplSSL1(p *played) {
	p.secure()
	p.tls("SSL=0")
	if number := p.failed("replica1"); number != "1045" {
		p.t.Errorf("a login in plaintext fails with %s", number)
	}
	r := p.verify(5)
	if r.OK || r.Replicas[0].Encrypted {
		p.t.Errorf("%+v", r)
	}
	p.want(5, "verify").says(p.t, "1045")
	end := p.begin()
	p.secure()
	end()
	p.nothingMoves()
}

// rplHeartbeatSSL: an idle channel over TLS stays connected by heartbeats, through several times the patience of its receiver.
func rplHeartbeatSSL(p *played) {
	p.secure()
	timeout := "slave_net_timeout"
	if p.release("replica1").MySQL(8, 0, 26) {
		timeout = "replica_net_timeout"
	}
	p.sql("replica1", "SET GLOBAL "+timeout+" = 5")
	old := p.dumpThread("")
	p.threads("STOP", "")
	p.change("HEARTBEAT_PERIOD=1")
	p.threads("START", "")
	before := p.dumpThread(old)
	p.await("both threads", func() bool { return p.runs() })
	idle := time.Now().Add(12 * time.Second)
	p.await("twelve quiet seconds", func() bool { return time.Now().After(idle) })
	if now := p.dumpThread(""); now != before || !p.runs() {
		p.t.Errorf("the dump thread was %s and is %s", before, now)
	}
	p.proven()
}

// dumpThread is the id of the primary's only one, once it is another than the old. One whose receiver has gone lives on for a while.
func (p *played) dumpThread(old string) string {
	p.t.Helper()
	id := ""
	p.await("a dump thread, and one alone", func() bool {
		table, err := p.Query(p.t.Context(), "primary", "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")
		must(p.t, err)
		threads := table.Maps()
		if len(threads) != 1 {
			return false
		}
		id = threads[0]["ID"]
		return id != old
	})
	return id
}

// sslDynamic: the server reads its certificate again while sessions live on, and what it cannot use leaves it with what it has.
func sslDynamic(p *played) {
	p.secure()
	before, serial := p.dumpThread(""), p.serial()
	reload := "ALTER INSTANCE RELOAD TLS"
	if p.release("primary").MariaDB {
		reload = "FLUSH LOCAL SSL"
	}
	p.sql("primary", reload)
	if now := p.dumpThread(""); now != before {
		p.t.Errorf("a reload ended sessions: %s, and now %s", before, now)
	}
	s := p.cluster.Primary()
	p.spoil(filepath.Join(s.TLSDir, "current", "key.pem"))
	if err := p.Exec(p.t.Context(), "primary", reload); err == nil {
		p.t.Error("a key that is none is reloaded without an error")
	}
	if now := p.serial(); now != serial || now == "" {
		p.t.Errorf("the certificate served is %s, and was %s", now, serial)
	}
	p.secure() // by a new set
}

// changeWithoutStopping: where the version allows it, the applier goes on while the channel changes; its session stays the same.
func changeWithoutStopping(p *played) {
	before := p.applierSessions()
	end := p.begin()
	p.secure()
	end()
	release := p.release("replica1")
	kept := before == p.applierSessions()
	if want := release.MySQL(5, 7, 4); kept != want {
		p.t.Errorf("the applier was %s and is %s", before, p.applierSessions())
	}
	if !kept {
		p.trial.Why = "CHANGE MASTER wants both threads stopped: the applier pauses too"
	}
}

// applierSessions are the ids of the sessions of the system's own threads that do not receive.
func (p *played) applierSessions() string {
	p.t.Helper()
	table, err := p.Query(p.t.Context(), "replica1", "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user'"+
		" AND COMMAND <> 'Slave_IO' AND STATE NOT LIKE 'Waiting for master to send%' AND STATE NOT LIKE 'Waiting for source to send%'"+
		" AND STATE NOT LIKE 'Queueing %' AND STATE NOT LIKE 'Connecting to %' AND COMMAND <> 'Slave_worker' AND STATE NOT LIKE '%from Coordinator' ORDER BY ID")
	must(p.t, err)
	return strings.Join(strings.Fields(table.String()), " ")
}

// chainedCertificates: the server sends an intermediate authority with its certificate, of which the replica knows the root alone. Where a server
// of that version cannot, the plan says so, and what does instead.
func chainedCertificates(p *played) {
	pki := newCorporate(p.cluster)
	pki.names(p.cluster, "")
	p.fit(pki)
	end := p.begin()
	p.secure()
	end()
	p.nothingMoves()
}

// revokedCertificates: with a list of revoked certificates a replica does not connect to a source whose certificate is on it, and the list is not
// brought to a server where that would happen.
func revokedCertificates(p *played) {
	pki := newCorporate(p.cluster)
	both := pki.list("both", month, "root", "middle")
	pki.names(p.cluster, ", crl: "+both)
	if release := p.release("primary"); release.MariaDB && strings.HasPrefix(p.library("primary"), "WolfSSL") || !release.MariaDB && !release.MySQL(5, 7, 28) {
		p.blocked("crl-unread", "would let in who is on them")
		p.refused("the server's TLS library checks no lists of revoked certificates")
		return
	}
	p.fit(pki)
	end := p.begin()
	p.secure()
	s, err := p.Server("replica1")
	must(p.t, err)
	path := filepath.Join(s.TLSDir, "current", "crl.pem")
	good := read(p.t, path)
	revoking := pki.list("revoking", month, "root", "middle", "primary")
	must(p.t, os.WriteFile(path, read(p.t, revoking), 0o600))
	p.threads("STOP", " IO_THREAD")
	p.threads("START", " IO_THREAD")
	p.failed("replica1")
	p.want(5, "verify").says(p.t, "revoked")
	must(p.t, os.WriteFile(path, good, 0o600))
	p.threads("STOP", " IO_THREAD")
	p.threads("START", " IO_THREAD")
	p.await("both threads", func() bool { return p.runs() })
	end()
	must(p.t, os.Rename(revoking, both))
	p.blocked("revoked", "primary")
}

// fit makes the files of a PKI such as these servers can use, where they cannot, by the hints of the plan.
func (p *played) fit(pki *corporate) {
	p.t.Helper()
	switch release := p.release("primary"); {
	case release.MariaDB && strings.HasPrefix(p.library("replica1"), "WolfSSL"): // which looks at no alternative addresses
		p.blocked("name-not-common", "looks at nothing else")
		for _, s := range p.Servers {
			pki.leafOf(s.Name, s.Address, "", "/O=Example/OU=DBA/CN="+s.Address)
		}
	case release.MariaDB:
	case release.MySQL(9, 0, 0): // which starts with such a certificate, and does not read it anew
		p.blocked("chain-not-in-ca", "3888")
		pki.append("root.pem", "middle.pem")
	case !release.MySQL(5, 7, 28):
		p.blocked("chain-not-sent", "sends its first certificate alone", "name-not-common", "looks at nothing else", "key-form", "openssl rsa -traditional")
		for _, s := range p.Servers {
			pki.leafOf(s.Name, s.Address, "", "/O=Example/OU=DBA/CN="+s.Address)
			pki.openssl("rsa", "-traditional", "-in", pki.at(s.Name+".key"), "-out", pki.at(s.Name+".key"))
		}
		p.blocked("chain-not-sent")
		pki.append("root.pem", "middle.pem")
	case !release.MySQL(8, 0, 30):
		p.blocked("chain-not-sent", "sends its first certificate alone")
		pki.append("root.pem", "middle.pem")
	}
}

// library is the one that a MariaDB has its TLS from.
func (p *played) library(server string) string {
	p.t.Helper()
	name, err := p.Value(p.t.Context(), server, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'version_ssl_library'")
	must(p.t, err)
	return name
}

// certVerify: a certificate of another authority, or of another name, is not trusted; replssl finds out by a login of its own before the channel
// is touched, and by the channel's error where somebody else has touched it.
func certVerify(p *played) {
	p.secure()
	s, err := p.Server("replica1")
	must(p.t, err)
	foreign := newCorporate(p.cluster)
	ca := filepath.Join(s.TLSDir, "foreign.pem")
	p.copyFor(foreign.at("root.pem"), ca)
	p.tls("SSL_CA='" + ca + "'")
	if number := p.failed("replica1"); number != "2026" {
		p.t.Errorf("a source of another authority gives error %s", number)
	}
	p.want(5, "verify").says(p.t, ca)
	end := p.begin()
	p.secure()
	end()
}

// certOfAnotherName: a certificate of the right authority, for another host, is found before anything is touched.
func certOfAnotherName(p *played) {
	pki := newCorporate(p.cluster)
	pki.leaf("primary", "127.0.0.99", "")
	pki.names(p.cluster, "")
	p.blocked("127.0.0.2", "name")
	p.refused("a certificate of another name is not brought to a server")
}

// rplTLS13: a source that speaks TLS 1.3 alone is served, and the suites that a person has given the channel for it stay.
func rplTLS13(p *played) {
	p.configure("primary", "tls_version = TLSv1.3")
	suites := func() string { return "" }
	if p.release("replica1").MySQL(8, 0, 23) {
		p.threads("STOP", "")
		p.change("TLS_CIPHERSUITES='TLS_AES_128_GCM_SHA256'")
		p.threads("START", "")
		suites = func() string {
			value, err := p.Value(p.t.Context(), "replica1", "SELECT TLS_CIPHERSUITES FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ''")
			must(p.t, err)
			return value
		}
	}
	before := suites()
	end := p.begin()
	p.secure()
	end()
	if version := p.verify(0).Replicas[0].TLSVersion; version != nil && *version != "TLSv1.3" {
		p.t.Errorf("the channel uses %s", *version)
	}
	if after := suites(); after != before {
		p.t.Errorf("the suites were %q and are %q", before, after)
	}
	p.nothingMoves()
}

// settingsPersist: what a primary was told lasts beyond its next start, and so does the proof.
func settingsPersist(p *played) {
	p.secure()
	serial := p.serial()
	end := p.begin()
	must(p.t, p.RestartServer(p.t.Context(), "primary"))
	p.threads("STOP", "")
	p.threads("START", "") // the receiver would wait for its Connect_Retry
	p.await("both threads", func() bool { return p.runs() })
	end()
	if now := p.serial(); now != serial || now == "" {
		p.t.Errorf("the certificate served is %s, and was %s", now, serial)
	}
	p.proven()
	p.nothingMoves()
}

// inFiles lets receivers have their logins in files, as MariaDB's always do.
func inFiles(on compatibility.Pair) lab.Options {
	if on.Primary.Family == "MariaDB" || on.Primary.Before(5, 7, 0) {
		return lab.Options{}
	}
	return lab.Options{ExtraConfig: map[string][]string{"replica1": {"master_info_repository = FILE", "relay_log_info_repository = FILE"}}}
}

// masterInfoFile: the password of a login that is kept in a file is had from there, for what is tried beforehand.
func masterInfoFile(p *played) {
	end := p.begin()
	p.secure()
	end()
	p.nothingMoves()
}

// sslAutoverify: MariaDB 11.4 and newer ask for TLS and check it by themselves. A channel that was never told anything is encrypted by a
// certificate that nobody issued; replssl takes it to one that is checked by its authority.
func sslAutoverify(p *played) {
	p.tls("SSL=1", "SSL_VERIFY_SERVER_CERT=1")
	p.await("both threads", func() bool { return p.runs() })
	r := p.verify(5) // encrypted, and not required
	if !r.Replicas[0].Encrypted {
		p.t.Errorf("%+v", r.Replicas[0])
	}
	end := p.begin()
	p.secure()
	end()
	p.nothingMoves()
}

// serial is that of the certificate which the primary serves.
func (p *played) serial() string {
	p.t.Helper()
	serial := ""
	config := anyTLS()
	config.VerifyConnection = func(state tls.ConnectionState) error {
		serial = state.PeerCertificates[0].SerialNumber.String()
		return nil
	}
	_ = p.logIn(config) // what comes of the login is no matter
	return serial
}
