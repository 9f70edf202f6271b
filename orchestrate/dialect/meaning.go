package dialect

import "github.com/replssl/replssl/orchestrate/facts"

// ChangeNeedsBothStopped says that [Dialect.ChangeTLS] is refused (1198) while the applier runs, not only while the receiver does.
func (d Dialect) ChangeNeedsBothStopped() bool { return d.bothStopped }

// PurgesRelayLogs says that [Dialect.ChangeTLS] deletes the relay logs: the receiver fetches again from the applied position,
// so that the primary must still hold the binary logs from there on.
func (d Dialect) PurgesRelayLogs() bool { return d.purgesRelayLogs }

// FilesReload says that [Dialect.ReloadTLS] brings new certificate files into use without a restart, at unchanged paths and on
// a server that runs with TLS.
func (d Dialect) FilesReload() bool { return d.filesReload }

// SettingsReload says that the paths themselves, ssl_ca and its like, can be changed without a restart. MariaDB cannot: 1238.
func (d Dialect) SettingsReload() bool { return d.settingsReload }

// ReadsECDSA says that the server, as a source and as a receiver, takes certificates and keys of ECDSA (P-256, SEC 1), its own and those
// of its peers. Servers built with yaSSL, MySQL up to 5.6.45 and 5.7.27, read RSA alone.
func (d Dialect) ReadsECDSA() bool { return d.readsECDSA }

// PersistsSettings says that the server itself keeps the paths of its TLS files for the next start: [Dialect.Persist].
func (d Dialect) PersistsSettings() bool { return d.dynamicPaths }

// RefusesPlaintext says whether a receiver with these options refuses a source that offers no TLS; where it does not, why.
//
// MySQL 9.7 refuses with SOURCE_SSL=1 (tried: 2026 "SSL is required but the server doesn't support it").
//
// MariaDB 10.11 refuses only with MASTER_SSL_VERIFY_SERVER_CERT=1 (tried: 2026 "SSL is required, but the server does not
// support it"); with MASTER_SSL=1 alone, even with a CA, it goes on in plaintext without a word.
func (d Dialect) RefusesPlaintext(o facts.TLSOptions) (ok bool, why string) {
	switch {
	case !o.Enabled:
		return false, d.words.option + "SSL is 0"
	case d.refusesPlain:
		return true, ""
	case !o.VerifyIdentity:
		return false, "MariaDB before 11.4 with MASTER_SSL_VERIFY_SERVER_CERT=0 goes on in plaintext when the source offers no TLS"
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
