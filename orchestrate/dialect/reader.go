package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// ReaderOf says what a server can make of certificates and keys, by its version and its library; [pki.Reader.On] adds which server it is.
// Neither yaSSL nor wolfSSL takes a list of revoked certificates: @@ssl_crl stays empty (tried on 5.6.24, 5.7.22 and 11.4.5).
//
// MariaDB is a current reader; built with wolfSSL it looks for an address in the common name alone (tried on 11.4.5). MySQL's own builds have yaSSL up to 5.6.45 and 5.7.27, which reads RSA
// alone and keys in PKCS#1 alone (tried on 5.6.24 and 5.7.22). 8.0.15 loads a key of ECDSA, and nobody can connect over TLS then (tried; when that
// ended is not known, so that up to there it is taken to read RSA alone). MySQL sends the first certificate of its file alone until 8.0.30 (--ssl-cert
// in the manual, Command Options for Connecting to the Server; tried on 5.6.24, 5.7.22 and 8.0.15, and on 8.0.33, which sends all).
// The rest was read, not tried: receivers look at alternative names since MySQL 8.0 and Percona Server 5.5.57, 5.6.36 and 5.7.18 (bug 68052);
// Ed25519 wants OpenSSL 1.1.1, which MySQL's builds have since 8.0.18. What a distribution built otherwise, its version does not tell.
func ReaderOf(in facts.Instance) pki.Reader {
	v := in.Version
	reader := pki.Reader{Who: fmt.Sprintf("%s %d.%d.%d", v.Flavour, v.Major, v.Minor, v.Patch)}
	if v.Flavour == facts.MariaDB {
		wolfSSL := strings.HasPrefix(strings.ToLower(in.TLSLibrary), "wolfssl")
		reader.NoAddresses, reader.NoCRL = wolfSSL, wolfSSL
		return reader
	}
	reader.RSAOnly, reader.PKCS1Only = yaSSL(v) || is80(v) && before(v, 8, 0, 16), yaSSL(v)
	reader.NoCRL = yaSSL(v)
	reader.FirstCertOnly = before(v, 8, 0, 30)
	reader.NoEd25519 = before(v, 8, 0, 18)
	reader.WholeChainInCA = !before(v, 9, 0, 0) // tried on 9.7: ALTER INSTANCE RELOAD TLS gives 3888, where 8.0.33 takes the same files
	reader.CommonNameOnly = before(v, 8, 0, 0) && !readsAlternativeNames(v)
	return reader
}

// yaSSL says that the server is a build of MySQL's own with that library.
func yaSSL(v facts.Version) bool {
	return v.Flavour == facts.MySQL && (before(v, 5, 6, 46) || v.Minor == 7 && before(v, 5, 7, 28))
}

func is80(v facts.Version) bool { return v.Flavour == facts.MySQL && v.Major == 8 && v.Minor == 0 }

// readsAlternativeNames says that a server before MySQL 8.0 is a Percona Server that does.
func readsAlternativeNames(v facts.Version) bool {
	if v.Flavour != facts.Percona || before(v, 5, 5, 57) {
		return false
	}
	return v.Minor == 5 || v.Minor == 6 && v.Patch >= 36 || v.Minor == 7 && v.Patch >= 18
}

func before(v facts.Version, major, minor, patch int) bool {
	return slices.Compare([]int{v.Major, v.Minor, v.Patch}, []int{major, minor, patch}) < 0
}
