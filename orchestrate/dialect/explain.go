package dialect

import "strings"

// explanation is the meaning of an error where the text, in lower case, has a mark; an empty mark fits any text.
type explanation struct {
	errno int
	mark  string
	means string
}

// explanations are searched in order. All were met on MariaDB 10.11.
func explanations() []explanation {
	return []explanation{
		{1045, "", "the source refused the login: the password is wrong, the account's row demands TLS or a client certificate that the" +
			" login did not present, or the source matched another row than expected; look at SHOW CREATE USER of every row of the account" +
			" on the source, and at require_secure_transport"},
		{1130, "", "the source has no account row at all that allows the address of this replica"},
		{1198, "", "a thread of the channel still runs: MariaDB changes a channel only while both are stopped"},
		{1133, "", "on this server the account has no such row, and none is made: look at mysql.user on both sides"},
		{1200, "", "the channel was never given a source"},
		{1227, "", "the account that asked lacks a privilege, which the text names"},
		{1236, "", "connecting and logging in worked, TLS included; the source no longer has, or never had, the binary log or GTID" +
			" that the replica asks for: look at SHOW BINARY LOGS on the source and at the channel's position"},
		{1396, "", "a statement about an account came through the binary log, and on this replica the account's row is missing or already" +
			" there: look at mysql.user on both sides"},
		{1593, "server id", "source and replica have the same server_id"},
		{1597, "", "connecting and logging in worked, TLS included; the account lacks the privilege REPLICATION SLAVE on the source"},
		{1617, "", "the server has no channel of this name"},
		{1820, "", "connecting and logging in worked, TLS included; the password of the account has expired, and the receiver has stopped" +
			" for good: after a new password it must be started"},
		{2003, "", "no TCP connection to the source came about: look at its port, bind_address and firewall; TLS was not reached"},
		{2005, "", "the name of the source does not resolve on the replica; TLS was not reached"},
		{2026, "required, but the server does not support", "the receiver demands TLS and the source offers none: look at @@have_ssl on" +
			" the source"},
		{2026, "required but the server doesn't support", "the receiver demands TLS and the source offers none: look whether its certificate" +
			" files can be read, and at its error log"},
		{2026, "certificate verify failed", "the source's certificate was signed by no CA in the channel's CA file, or is not valid today, or" +
			" does not carry the channel's host name"},
		{2026, "default_verify_paths", "the server could not read the channel's CA file: look whether it exists, is PEM, and may be read" +
			" by the server's own user"},
		{2026, "unable to get certificate", "the server could not read the channel's certificate file: look whether it exists, is PEM," +
			" and may be read by the server's own user"},
		{2026, "unable to get private key", "the server could not use the channel's key file: look whether it exists, belongs to the" +
			" certificate, has no passphrase, and may be read by the server's own user"},
		{2026, "certificate validation failure", "the source's certificate does not carry the channel's host name: look at its subject" +
			" alternative names, which must have that name to the letter"},
		{2026, "failed to verify the server certificate", "the source's certificate was signed by no CA that the replica trusts: look" +
			" whether the channel names a CA file, and whether that holds the CA"},
		{2026, "", "the TLS handshake with the source failed, and MariaDB does not tell why: look whether the channel's CA file holds the CA" +
			" of the source's certificate, at the dates of both, and at the TLS versions that both sides allow"},
		{2061, "", "the account logs in with caching_sha2_password, which sends its password over TLS alone, and the receiver does not use TLS:" +
			" the login works again over TLS"},
		{3021, "", "the receiver of the channel still runs: MySQL changes its options only while it is stopped"},
		{3074, "", "the server has no channel of this name"},
		{3118, "", "the account is locked on the source (ACCOUNT LOCK)"},
		{3159, "", "the source refuses every login without TLS (require_secure_transport)"},
		{3888, "", "the server could not use its certificate files and goes on with those that it had: look whether its OS user may read them," +
			" whether the key belongs to the certificate, and whether ssl_ca has signed it, which MySQL 9 wants of a reload and not of a start"},
		{4151, "", "the account is locked on the source (ACCOUNT LOCK)"},
	}
}

// Refuses says that an error of a login is the server's refusal of the account as it came: wrong password, or no TLS where the row
// requires it (1045 for both, tried on MariaDB 10.11, also under require_secure_transport, and on MySQL 9.7, which then gives 3159). Every
// other error, such as a limit that is reached, tells nothing about the account.
func Refuses(errno int) bool { return errno == 1045 || errno == 3159 }

// Explain tells in one sentence what an error of a receiver, an applier or a login means for replication over TLS, and what to
// look at. The text is the server's; it is only searched, never quoted. It is empty for errors that are not known here.
func Explain(errno int, text string) string { return explained(errno, text).means }

func explained(errno int, text string) explanation {
	text = strings.ToLower(text)
	for _, e := range explanations() {
		if e.errno == errno && strings.Contains(text, e.mark) {
			return e
		}
	}
	return explanation{}
}

// Lasts says that an error of a receiver comes again at each try until somebody mends something: the source refused it, or one side the files of
// the other. Where nobody was reached, or the connection was cut in the handshake, the next try may do better. MariaDB 10.11 does not tell why a
// handshake failed ("error:00000000:lib(0)::reason(0)" for a certificate that is not trusted): that counts as what lasts.
func Lasts(errno int, text string) bool {
	switch explained(errno, text).errno {
	case 0, 2003, 2005:
		return false
	case 2026:
		text = strings.ToLower(text)
		return !strings.Contains(text, "unexpected eof") && !strings.Contains(text, "reset by peer")
	}
	return true
}
