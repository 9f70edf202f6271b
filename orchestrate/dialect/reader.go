package dialect

import (
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

// ReaderOf says what a server of this version can make of certificates and keys; [pki.Reader.On] adds which server it is.
//
// MariaDB 10.11 was tried (TestRealServer) and is a current reader. The rest was read, not tried: MySQL's own builds have yaSSL up to 5.6.45
// and 5.7.27, which reads RSA alone and keys in PKCS#1 alone; MySQL up to 5.6 loads no more than the first certificate of its file, whatever
// it is built with; receivers look at alternative names since MySQL 8.0 and Percona Server 5.5.57, 5.6.36 and 5.7.18 (bug 68052); Ed25519
// wants OpenSSL 1.1.1, which MySQL's builds have since 8.0.18. What a distribution built otherwise, its version does not tell.
func ReaderOf(v facts.Version) pki.Reader {
	reader := pki.Reader{Who: fmt.Sprintf("%s %d.%d.%d", v.Flavour, v.Major, v.Minor, v.Patch)}
	if v.Flavour == facts.MariaDB {
		return reader
	}
	yaSSL := v.Flavour == facts.MySQL && (before(v, 5, 6, 46) || v.Minor == 7 && before(v, 5, 7, 28))
	reader.RSAOnly, reader.PKCS1Only = yaSSL, yaSSL
	reader.FirstCertOnly = yaSSL || before(v, 5, 7, 0)
	reader.NoEd25519 = before(v, 8, 0, 18)
	reader.CommonNameOnly = before(v, 8, 0, 0) && !readsAlternativeNames(v)
	return reader
}

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
