package dialect

import "github.com/replssl/replssl/orchestrate/facts"

// explanation is what a failure means whose number is one of these and whose text has the mark.
type explanation struct {
	numbers []int
	mark    string        // in lower case; it tells the failure also where no number is told
	also    []string      // other marks of the same, of other libraries and their releases
	rest    bool          // it fits every other text of its numbers, too
	of      facts.Flavour // of the server that tells it; empty for any
	means   string
	do      []string
}

// What to do that more than one explanation says.
const (
	otherPlugin = keptOut + "ALTER USER 'ACCOUNT'@'HOST' IDENTIFIED WITH mysql_native_password BY 'PASSWORD' (MariaDB: VIA mysql_native_password USING PASSWORD('PASSWORD')); " +
		"without the password in it, the account has none any more"
	lookAtRows = "on the source: SELECT user, host FROM mysql.user WHERE user = 'ACCOUNT', and SHOW CREATE USER of each row: look at REQUIRE, and at the hosts"
	askDoctor  = "replssl doctor -s REPLICA compares the channel's files, the certificate that the source serves and the account's rows, and names the one at fault"
	lookAtRead = "on the replica, as the OS user of the server: head -1 FILE; it must be PEM, and a security module (AppArmor, SELinux) must let the server read it"
	startAgain = "after the cure: START REPLICA IO_THREAD (START SLAVE IO_THREAD): the receiver has stopped for good"
	setUpFirst = "set replication up first: replssl secures replication that exists"
	applyOn    = "START REPLICA SQL_THREAD (MariaDB, and MySQL before 8.0.22: START SLAVE SQL_THREAD)"
	keptOut    = "on the source, after SET SESSION sql_log_bin=0 where a replica lacks the row, which would stop its applier: "
	stopFirst  = "replssl apply stops what must be stopped and puts it back as it was found; by hand: stop the threads, change, start them"
)

// explanations are searched in order, so that what is told more precisely comes first. Of the texts that are recorded in testdata/failures each
// has one.
//
// MySQL up to 8.0.15 at least tells a number alone where a receiver does not connect: "error connecting to master 'repl@db1:3306' - retry-time: 60
// retries: 1" (tried on 5.6.24, 5.7 and 8.0.15).
func explanations() []explanation { //nolint:funlen // a table
	return []explanation{
		{
			numbers: []int{10069}, mark: "[warning] failed to set up ssl", also: []string{"my-010069"}, rest: true,
			means: "MySQL has started without TLS: it could not use its certificate files, or was given a part of them",
			do: []string{
				"look whether its OS user may read ssl_ca, ssl_cert and ssl_key, whether the key belongs to the certificate and has no passphrase, and at the dates",
				"then ALTER INSTANCE RELOAD TLS from MySQL 8.0.16 on, and a restart before that",
			},
		},
		{
			numbers: []int{3888}, mark: "failed to set up ssl", rest: true,
			means: "the server could not use its certificate files and goes on with those that it had; its variables have the new paths all the same",
			do: []string{
				"look whether its OS user may read the files, whether the key belongs to the certificate and has no passphrase, and whether ssl_ca has signed it and its time is not over, which MySQL 9 " +
					"wants of a reload and not of a start",
				"never ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR: it switches TLS off for all new logins",
			},
		},
		{
			numbers: []int{1105}, mark: "failed to refresh ssl",
			means: "MariaDB could not read its certificate files anew, and goes on with those that it had",
			do: []string{
				"the text names the file: look whether the server's OS user may read it, and whether the key belongs to the certificate and has no passphrase",
				"mend it before the next restart: with such files MariaDB does not start",
			},
		},
		{
			numbers: []int{1597, 13120}, mark: "com_register_", rest: true,
			means: "connecting and logging in worked, and TLS is not the cause; the account lacks the privilege REPLICATION SLAVE on the source",
			do:    []string{keptOut + "GRANT REPLICATION SLAVE ON *.* TO 'ACCOUNT'@'HOST'", startAgain},
		},
		{
			numbers: []int{1236, 13114}, mark: "fatal error 1236", rest: true,
			means: "connecting and logging in worked, and TLS is not the cause; the source no longer has, or never had, the binary log or GTID that the replica asks for",
			do: []string{
				"look at SHOW BINARY LOGS on the source and at the channel's position, or its executed GTIDs",
				"where the binary log is gone, the replica must be built anew from a backup or a clone",
			},
		},
		{
			numbers: []int{1593, 13117}, mark: "server ids",
			means: "source and replica have the same server_id",
			do:    []string{"give one of them another: SET GLOBAL server_id = N, and in its option file", startAgain},
		},
		{
			numbers: []int{1593, 13117}, mark: "(empty) username",
			means: "the channel has no user name: it was started with START REPLICA USER=... PASSWORD=..., which are kept in memory alone, and it was stopped since",
			do:    []string{"start it with USER and PASSWORD again, or store both by CHANGE REPLICATION SOURCE TO (CHANGE MASTER TO)"},
		},
		{
			numbers: []int{2026}, mark: "required, but the server does not support",
			means: "the receiver demands TLS and the source offers none",
			do: []string{
				"on the source: SHOW VARIABLES LIKE '%ssl%': ssl_cert is empty, or have_ssl is DISABLED, which says that its certificate files could not be used",
				"look at the error log of the source as of its last start",
			},
		},
		{
			numbers: []int{2026}, mark: "required but the server doesn't support",
			means: "the receiver demands TLS and the source offers none: MySQL starts without TLS where it cannot use its certificate files",
			do: []string{
				"on the source: look whether the files of ssl_ca, ssl_cert and ssl_key can be read by the server's own user, and at its error log as of the last start",
				"after the cure: ALTER INSTANCE RELOAD TLS on the source",
			},
		},
		{
			numbers: []int{2026}, mark: "certificate verify failed",
			means: "the source's certificate was signed by no CA in the channel's CA file, or is not valid by the replica's clock, or does not carry the channel's " +
				"host name, or is revoked, or has the name of its CA",
			do: []string{askDoctor, "by hand: openssl verify -CAfile CA-FILE CERT-OF-THE-SOURCE, and openssl x509 -noout -text for its names and dates"},
		},
		{
			numbers: []int{2026}, mark: "certificate is self-signed",
			means: "the source shows a certificate that it made itself, and the channel has no CA file that holds it: MariaDB from 11.4 on takes it only where the " +
				"account has a password that proves it",
			do: []string{"give the source a certificate of an authority, and the channel that authority's file: replssl apply does both"},
		},
		{
			numbers: []int{2026}, mark: "[error] ssl error: ", of: facts.MariaDB,
			means: "MariaDB could not use its own certificate files: when it starts, it does not start with such files",
			do:    []string{"the text names the file: look whether it exists, whether the server's OS user may read it, and whether the key belongs to the certificate and has no passphrase"},
		},
		{
			numbers: []int{2026}, mark: "self-signed certificate", // of OpenSSL: "self-signed certificate in certificate chain"
			also:  []string{"self signed certificate", "unable to get local issuer certificate", "unable to get issuer certificate"},
			means: "no CA in the channel's CA file leads to the source's certificate",
			do:    []string{"put the CA of the source into the channel's CA file; " + askDoctor},
		},
		{
			numbers: []int{2026}, mark: "ca certificate is required",
			means: "the channel is to check the source's host name (VERIFY_SERVER_CERT=1) and has no CA file to check it by",
			do:    []string{"name a CA file: SOURCE_SSL_CA (MASTER_SSL_CA)"},
		},
		{
			numbers: []int{2026}, mark: "default_verify_paths",
			means: "the replica's server could not read the channel's CA file, or its list of revoked certificates (CRL)",
			do: []string{
				"look whether both exist, at those very paths", lookAtRead,
				"name no CRL on MariaDB that is built with wolfSSL: the server of 11.4.5 dies of it, whether the file is there or not",
			},
		},
		{
			numbers: []int{2026}, mark: "unable to get certificate",
			means: "the replica's server could not read the channel's certificate file",
			do:    []string{"look whether it exists, at that very path", lookAtRead},
		},
		{
			numbers: []int{2026}, mark: "unable to get private key",
			means: "the replica's server could not use the channel's key file: it is missing or closed to the server's user, belongs to another certificate, or has a " +
				"passphrase; before OpenSSL (MySQL up to 5.6.45 and 5.7.27) also where it is not PKCS#1",
			do: []string{
				"compare: openssl x509 -noout -pubkey -in CERT, and openssl pkey -pubout -in KEY: both must print the same", lookAtRead,
				"never give MySQL 5.6 a key with a passphrase: the server of 5.6.24 dies of it",
			},
		},
		{
			numbers: []int{2026}, mark: "private key does not match",
			means: "the replica's server could not use the channel's key file: it belongs to another certificate",
			do:    []string{"compare: openssl x509 -noout -pubkey -in CERT, and openssl pkey -pubout -in KEY: both must print the same"},
		},
		{
			numbers: []int{2026}, mark: "certificate validation failure",
			means: "the source's certificate does not carry the channel's host name",
			do: []string{
				"MariaDB that is built with wolfSSL looks for an address in the common name alone: SELECT @@version_ssl_library",
				"look at its subject alternative names, which must have the channel's host name to the letter (MASTER_HOST): openssl x509 -noout -ext subjectAltName",
				"issue the source's certificate for that name: replssl apply does so, or let the channel connect to a name that it carries",
			},
		},
		{
			numbers: []int{2026}, mark: "failed to verify the server certificate",
			means: "the source's certificate was signed by no CA that the replica trusts",
			do:    []string{"look whether the channel names a CA file, and whether that holds the CA", askDoctor},
		},
		{
			numbers: []int{2026}, mark: "set ciphers",
			means: "the cipher that the channel names is none that the replica's TLS library knows",
			do:    []string{"clear it: SOURCE_SSL_CIPHER='' (MASTER_SSL_CIPHER='')"},
		},
		{
			numbers: []int{2026}, mark: "protocol version", also: []string{"wrong version number"},
			means: "source and replica allow no TLS version in common",
			do:    []string{"compare @@tls_version of the source with that of the channel (SOURCE_TLS_VERSION): TLSv1.2 is what all servers from 5.7.28 and 10.4 on have"},
		},
		{
			numbers: []int{2026}, mark: "unsupported protocol",
			means: "source and replica allow no TLS version in common: MySQL 5.6 and 5.7 up to 5.7.27 speak TLS 1.0 or 1.1 alone, which newer libraries refuse",
			do:    []string{"bring the older server to a release with OpenSSL (5.7.28 and later): no setting makes up for it"},
		},
		{
			numbers: []int{2026}, mark: "key too small", also: []string{"md too weak"},
			means: "a key or signature of a certificate, or a key of the exchange, is too weak for the TLS library of one side",
			do:    []string{"issue certificates with RSA keys of 2048 bits or more, or of elliptic curves, signed by SHA-256: replssl apply does so"},
		},
		{
			numbers: []int{2026}, mark: "unsafe legacy renegotiation disabled",
			means: "the TLS library of one side is so old that the other's refuses it: OpenSSL 3 wants secure renegotiation",
			do:    []string{"bring the older server to a release with a newer library"},
		},
		{
			numbers: []int{2026}, mark: "handshake failure",
			means: "source and replica have no cipher in common, or the source refused the replica's certificate",
			do:    []string{"compare @@ssl_cipher of the source with the channel's cipher, which is best empty on both", askDoctor},
		},
		{
			numbers: []int{2026}, mark: "certificate expired", also: []string{"certificate has expired", "certificate is not yet valid"},
			means: "one side refused the other's certificate, whose time is over by its clock, or has not come",
			do:    []string{"look at the dates of both certificates, and at the clocks of both hosts: openssl x509 -noout -dates, date -u", "replssl apply issues new ones"},
		},
		{
			numbers: []int{2026}, mark: "certificate revoked",
			means: "one side refused the other's certificate, which a list of revoked certificates (CRL) names",
			do:    []string{"issue a new certificate for that side: replssl apply; or take it out of the list, if it stands there by mistake"},
		},
		{
			numbers: []int{2026}, mark: "unknown ca",
			means: "the source refused the replica's certificate: no CA in the source's ssl_ca has signed it",
			do:    []string{"put the CA of the replica's certificate into ssl_ca of the source, and reload it"},
		},
		{
			numbers: []int{2026}, mark: "bad certificate",
			means: "the other side refused the certificate that it was shown",
			do:    []string{askDoctor},
		},
		{
			numbers: []int{2026}, mark: "lib(0)", of: facts.MariaDB,
			means: "the TLS handshake with the source failed, and MariaDB does not tell why; mostly no CA in the channel's CA file has signed the source's certificate, " +
				"or it is expired or revoked, or has the name of its CA",
			do: []string{askDoctor, "by hand: openssl verify -CAfile CA-FILE CERT-OF-THE-SOURCE, and the dates of both"},
		},
		{
			numbers: []int{2026}, mark: "ssl connection error: ok", of: facts.MariaDB,
			means: "the TLS handshake with the source failed, and this MariaDB, which is built with wolfSSL, does not tell why",
			do:    []string{askDoctor, "by hand: openssl verify -CAfile CA-FILE CERT-OF-THE-SOURCE, and the dates of both"},
		},
		{
			numbers: []int{2026}, mark: "unexpected eof",
			means: "the connection was cut in the middle of the TLS handshake: the source was stopping, or something between the two servers cut it",
			do:    []string{"see whether it comes again; if it does, look at the error log of the source, and at firewalls and proxies in between"},
		},
		{
			numbers: []int{2026}, mark: "ssl connection error", rest: true,
			means: "the TLS handshake with the source failed, and the server does not tell why",
			do: []string{
				askDoctor, "by hand: look whether the channel's files can be read by the server's user, whether its CA file holds the CA of the source's certificate, at the " +
					"dates and names of both, and at the TLS versions that both sides allow",
			},
		},
		{
			numbers: []int{1129}, mark: "is blocked because of many connection errors", rest: true,
			means: "the source has blocked the replica's address, since too many logins from there were broken off in the middle; TLS was not reached",
			do:    []string{"on the source: FLUSH HOSTS (MySQL 8.4 and later: TRUNCATE performance_schema.host_cache)", "find out who breaks them off: port checks of a load balancer do"},
		},
		{
			numbers: []int{1130}, mark: "is not allowed to connect to this", rest: true,
			means: "the source has no account row at all that allows the address of this replica; TLS was not reached",
			do:    []string{lookAtRows, "behind NAT or with several addresses, the source sees another address than you expect: its SHOW PROCESSLIST tells that of other logins"},
		},
		{
			numbers: []int{3118, 4151}, mark: "account is locked", rest: true,
			means: "the account is locked on the source (ACCOUNT LOCK)",
			do:    []string{keptOut + "ALTER USER 'ACCOUNT'@'HOST' ACCOUNT UNLOCK"},
		},
		{
			numbers: []int{1820, 1862}, mark: "password has expired", rest: true,
			means: "the password of the account has expired; TLS is not the cause",
			do:    []string{keptOut + "ALTER USER 'ACCOUNT'@'HOST' IDENTIFIED BY 'PASSWORD', then the same in the channel; or ALTER USER 'ACCOUNT'@'HOST' PASSWORD EXPIRE NEVER", startAgain},
		},
		{
			numbers: []int{1820, 1862}, mark: "you must set password",
			means: "connecting and logging in worked, and TLS is not the cause; the password of the account has expired, and the receiver has stopped for good",
			do:    []string{keptOut + "ALTER USER 'ACCOUNT'@'HOST' IDENTIFIED BY 'PASSWORD', then the same in the channel; or ALTER USER 'ACCOUNT'@'HOST' PASSWORD EXPIRE NEVER", startAgain},
		},
		{
			numbers: []int{3159}, mark: "require_secure_transport", rest: true,
			means: "the source refuses every login without TLS (require_secure_transport)",
			do:    []string{"let the channel use TLS: replssl apply; by hand: SOURCE_SSL=1 with a CA file", "only if that must wait: SET GLOBAL require_secure_transport=OFF on the source"},
		},
		{
			numbers: []int{2061}, mark: "requires secure connection", rest: true,
			means: "the account logs in with caching_sha2_password or sha256_password, which sends its password over TLS alone, and the receiver does not use TLS",
			do: []string{
				"let the channel use TLS: replssl apply; the login works again over TLS",
				"only if that must wait: GET_SOURCE_PUBLIC_KEY=1 (GET_MASTER_PUBLIC_KEY=1) in the channel",
			},
		},
		{
			numbers: []int{1251}, mark: "authentication protocol requested by server", rest: true,
			means: "the replica's server is too old for the authentication plugin of the account; TLS is not the cause",
			do:    []string{"bring the replica to a newer release, or let the account use a plugin that both know; " + otherPlugin},
		},
		{
			numbers: []int{2059}, mark: "cannot be loaded", rest: true,
			means: "the replica's server has no client part for the authentication plugin of the account; TLS is not the cause",
			do: []string{
				"put the plugin that the text names into plugin_dir of the replica (MariaDB: caching_sha2_password.so, client_ed25519.so)",
				"or let the account use a plugin that both know; " + otherPlugin,
			},
		},
		{
			numbers: []int{1045}, mark: "access denied for user", rest: true, of: facts.MySQL,
			means: "the source refused the login: the password is wrong, or the account's row demands TLS or a client certificate that the login did not present, or the " +
				"source matched another row than expected; it does not tell which",
			do: []string{lookAtRows, "REQUIRE SSL needs SOURCE_SSL=1 (MASTER_SSL=1) in the channel, X509 and SUBJECT a client certificate by a CA in ssl_ca of the source"},
		},
		{
			numbers: []int{1045}, mark: "access denied for user", rest: true,
			means: "the source refused the login: the password is wrong, or the account's row demands TLS or a client certificate that the login did not present, or " +
				"require_secure_transport is on, or the source matched another row than expected; it does not tell which",
			do: []string{
				lookAtRows, "SELECT @@require_secure_transport there: MariaDB gives the same error for it",
				"REQUIRE SSL needs MASTER_SSL=1 in the channel, X509 and SUBJECT a client certificate by a CA in ssl_ca of the source",
			},
		},
		{
			numbers: []int{2005}, mark: "server host", rest: true,
			means: "the name of the source does not resolve on the replica; TLS was not reached",
			do:    []string{"on the replica: getent hosts NAME; correct DNS or /etc/hosts, or the channel's host"},
		},
		{
			numbers: []int{2002}, mark: "through socket", rest: true,
			means: "the channel's host is localhost, which the replica takes for a unix socket, and no server answers there; TLS was not reached",
			do:    []string{"name the source by its address or its host name in the channel"},
		},
		{
			numbers: []int{2003}, mark: "can't connect to", rest: true,
			means: "no TCP connection to the source came about; TLS was not reached",
			do:    []string{"see whether the source runs, and at its port, bind_address and skip_networking; then at firewalls: nc -vz HOST PORT from the replica"},
		},
		{
			numbers: []int{2013}, mark: "lost connection to", rest: true,
			means: "the connection to the source was cut, before or in the middle of the login",
			do: []string{
				"see whether the source is just restarting; if it comes again, look at its error log, at max_connections, and at firewalls and proxies in between",
				"a source that resolves names slowly cuts logins off after connect_timeout: mend its DNS",
			},
		},
		{
			numbers: []int{1040}, mark: "too many connections", rest: true,
			means: "the source has no room for another connection (max_connections); TLS was not reached",
			do:    []string{"see who is connected there (SHOW PROCESSLIST), and raise max_connections: SET GLOBAL, and in the option file"},
		},
		{
			numbers: []int{1218}, mark: "error connecting to master", rest: true,
			means: "the replica could not connect to its source; MySQL up to 8.0 tells why by a number alone, which stands in Last_IO_Errno of SHOW SLAVE STATUS",
			do:    []string{"replssl doctor with that number"},
		},
		{
			numbers: []int{1396}, mark: " user failed for", rest: true,
			means: "a statement about an account came through the binary log, or was given here, and the account's row is missing on this server, or already there",
			do: []string{
				"look at mysql.user on both sides; make the row on this replica under SET sql_log_bin=0 (a row that is already there: drop it so), then " + applyOn,
			},
		},
		{
			numbers: []int{1410}, mark: "allowed to create a user with grant", rest: true,
			means: "a GRANT for an account that is missing on this server came through the binary log, or was given here",
			do:    []string{"make the row on this replica under SET sql_log_bin=0: CREATE USER ..., then " + applyOn},
		},
		{
			numbers: []int{1133}, mark: "find any matching row in the user table", rest: true,
			means: "a GRANT or SET PASSWORD for an account that is missing on this server came through the binary log, or was given here",
			do:    []string{"make the row on this replica under SET sql_log_bin=0: CREATE USER ..., then " + applyOn},
		},
		{
			numbers: []int{3021}, mark: "io thread; run stop", rest: true,
			means: "the receiver of the channel still runs: MySQL changes its options only while it is stopped",
			do:    []string{stopFirst, "stop the receiver alone (STOP REPLICA IO_THREAD): with both stopped, the relay logs are fetched again"},
		},
		{
			numbers: []int{1198}, mark: "running slave", rest: true,
			means: "a thread of the channel still runs: MariaDB and MySQL before 5.7.4 change a channel only while both are stopped",
			do:    []string{stopFirst},
		},
		{
			numbers: []int{3081}, mark: "running replication threads", rest: true,
			means: "threads of the channel still run: this statement needs both of them stopped",
			do:    []string{stopFirst},
		},
		{
			numbers: []int{1200}, mark: "not configured as", rest: true,
			means: "the channel was never given a source",
			do:    []string{setUpFirst},
		},
		{
			numbers: []int{1200}, mark: "master_host was not set",
			means: "the channel was never given a source",
			do:    []string{setUpFirst},
		},
		{
			numbers: []int{1617}, mark: "there is no master connection", rest: true,
			means: "the server has no channel of this name",
			do:    []string{"SHOW ALL SLAVES STATUS names those that it has"},
		},
		{
			numbers: []int{3074}, mark: "channel '", rest: true,
			means: "the server has no channel of this name",
			do:    []string{"SHOW REPLICA STATUS (SHOW SLAVE STATUS) names those that it has"},
		},
		{
			numbers: []int{3079}, mark: "multiple channels exist", rest: true,
			means: "the server has several channels, and the statement names none",
			do:    []string{"add FOR CHANNEL 'NAME': without it some statements refuse, and STOP REPLICA stops all of them"},
		},
		{
			numbers: []int{1802}, mark: "gaps", rest: true,
			means: "the parallel applier was stopped in the middle of its work, and has left gaps: the channel cannot be changed until they are filled",
			do:    []string{"START REPLICA UNTIL SQL_AFTER_MTS_GAPS (before MySQL 8.0.22: START SLAVE ...), wait until it stops, then change; changing with the applier running avoids this"},
		},
		{
			numbers: []int{1755}, mark: "in the parallel mode", rest: true,
			means: "the parallel applier met an event that it can apply only alone; TLS is not the cause",
			do:    []string{"SET GLOBAL replica_parallel_workers = 0 (slave_parallel_workers), " + applyOn + ", and put it back later"},
		},
		{
			numbers: []int{1227}, mark: "privilege(s) for this operation", rest: true,
			means: "the account that asked lacks a privilege, which the text names",
			do:    []string{"grant it, or let replssl log in as another administrator (mysql.admin.user)"},
		},
		{
			numbers: []int{1238}, mark: "is a read only variable", rest: true,
			means: "this version reads its certificate paths at its start alone: MariaDB, and MySQL before 8.0.16",
			do:    []string{"write them into an option file and restart, as replssl apply does with policy.allow_restart; MariaDB from 10.4 on reads the same files anew by FLUSH SSL"},
		},
		{
			numbers: []int{1290}, mark: "read-only option", rest: true,
			means: "the server is read-only, even for administrators under super_read_only: it takes no statement about accounts",
			do:    []string{"change the account on the source; it arrives through the binary log, or is to be made here under SET GLOBAL super_read_only=OFF"},
		},
		{
			numbers: []int{1290}, mark: "running with the",
			means: "an option of the server, which the text names, forbids the statement",
			do:    []string{"look whether somebody set that option on purpose; skip_grant_tables forbids all statements about accounts"},
		},
		{
			numbers: []int{3024}, mark: "maximum statement execution time", rest: true,
			means: "a question took longer than max_execution_time allows; nothing was changed",
			do:    []string{"run it again when the server is less busy, or let the administrator's account have no such limit"},
		},
	}
}
