package dialect

import "github.com/replssl/replssl/orchestrate/facts"

// ChangeNeedsBothStopped says that [Dialect.ChangeTLS] is refused (1198) while the applier runs, not only while the receiver does.
func (d Dialect) ChangeNeedsBothStopped() bool { return d.bothStopped }

// PurgesRelayLogs says that [Dialect.ChangeTLS] deletes the relay logs: the receiver fetches again from the applied position,
// so that the primary must still hold the binary logs from there on.
func (d Dialect) PurgesRelayLogs() bool { return d.purgesRelayLogs }

// ForgetsLogins says that START REPLICA takes USER and PASSWORD, which are in memory alone: the receiver is not let in any more once it was
// stopped (tried on MySQL 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7). MariaDB has no such clause.
func (d Dialect) ForgetsLogins() bool { return d.forgetsLogins }

// FilesReload says that [Dialect.ReloadTLS] brings new certificate files into use without a restart, at unchanged paths and on
// a server that runs with TLS.
func (d Dialect) FilesReload() bool { return d.filesReload }

// SettingsReload says that the paths themselves, ssl_ca and its like, can be changed without a restart. MariaDB cannot: 1238.
func (d Dialect) SettingsReload() bool { return d.settingsReload }

// ShowsTransports says that the server shows in performance_schema, which is on, how another session is carried.
func (d Dialect) ShowsTransports(in facts.Instance) bool { return d.showsTransports && in.PerfSchema }

// ReadsRowsOf says that a replica can apply the row events that a source writes. MySQL 8.0.33 and 9.7 stop at those of MariaDB ("Could not parse
// relay log event entry"), which 8.0.15 applies (tried; since 8.0.31 by the release notes).
func (d Dialect) ReadsRowsOf(source Dialect) bool {
	return !d.onlyOwnRows || source.version.Flavour != facts.MariaDB
}

// ConfigCheck are the arguments by which the server's program judges what the next start would read, and starts nothing. MySQL 8.0 and newer let
// names pass in their help that they do not know (tried on 8.0.33 and 9.7), and have --validate-config from 8.0.16 on; older ones would start
// with it (tried on 8.0.15 and 5.7.22). MySQL 5.6 would open its binary log for its help (tried on 5.6.24).
func (d Dialect) ConfigCheck() []string {
	switch {
	case d.validates:
		return []string{"--validate-config"}
	case d.version.Flavour != facts.MariaDB && before(d.version, 5, 7, 0):
		return []string{"--skip-log-bin", "--verbose", "--help"}
	}
	return []string{"--verbose", "--help"}
}

// PersistsSettings says that the server itself keeps the paths of its TLS files for the next start: [Dialect.Persist].
func (d Dialect) PersistsSettings() bool { return d.dynamicPaths }

// RefusesPlaintext says whether a receiver with these options refuses a source that offers no TLS; where it does not, why.
//
// MySQL from 5.7.11 on refuses with SOURCE_SSL=1 (tried on 5.7.22, 8.0.15, 8.0.33 and 9.7: 2026 "SSL is required but the server doesn't
// support it"). Before that nothing refuses: with a CA and MASTER_SSL_VERIFY_SERVER_CERT=1, too, it goes on in plaintext (tried on 5.6.24).
//
// MariaDB refuses only with MASTER_SSL_VERIFY_SERVER_CERT=1 (tried on 10.5, 10.11, 11.4 and 11.8: 2026 "SSL is required, but the server does
// not support it"); with MASTER_SSL=1 alone, even with a CA, it goes on in plaintext without a word.
func (d Dialect) RefusesPlaintext(o facts.TLSOptions) (ok bool, why string) {
	switch {
	case !o.Enabled:
		return false, d.words.option + "SSL is 0"
	case d.refusal == refusesNever:
		return false, "MySQL before 5.7.11 goes on in plaintext when the source offers no TLS, whatever its options"
	case d.refusal == refusesByVerify && !o.VerifyIdentity:
		return false, "MariaDB with MASTER_SSL_VERIFY_SERVER_CERT=0 goes on in plaintext when the source offers no TLS"
	}
	return true, ""
}

// Verified says how much of the source's certificate a receiver checks, when TLS is used.
type Verified string

// The levels, strongest first.
const (
	VerifiesIdentity Verified = "identity" // chain and host name
	VerifiesChain    Verified = "chain"
	VerifiesNothing  Verified = "none"
)

// Checks says how much of the source's certificate a receiver with these options checks. Without a CA, identity is checked
// against the certificate store of the system.
func (Dialect) Checks(o facts.TLSOptions) Verified {
	switch {
	case !o.Enabled:
		return VerifiesNothing
	case o.VerifyIdentity:
		return VerifiesIdentity
	case o.CA != "" || o.CAPath != "":
		return VerifiesChain
	}
	return VerifiesNothing
}
