package dialect

import (
	"fmt"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// TLSVersions are versions of TLS without a gap: 1.Oldest to 1.Newest.
type TLSVersions struct{ Oldest, Newest int }

func (v TLSVersions) String() string {
	if v.Oldest == v.Newest {
		return fmt.Sprintf("TLS 1.%d", v.Oldest)
	}
	return fmt.Sprintf("TLS 1.%d to 1.%d", v.Oldest, v.Newest)
}

// Meet says that there is a version which both speak.
func (v TLSVersions) Meet(other TLSVersions) bool {
	return v.Oldest <= other.Newest && other.Oldest <= v.Newest
}

// TLSVersions are those that a server of this version speaks at most, as source and as receiver.
//
// yaSSL speaks TLS 1.0, that of MySQL 5.7 also 1.1 (tried on 5.6.24 and 5.7.22); MySQL speaks 1.3 from 8.0.16 on, and neither 1.0 nor 1.1 from
// 8.0.28 on (release notes; tried on 8.0.15, 8.0.33 and 9.7.4). MariaDB leaves it to its library: with that of Debian 12 it speaks 1.2 and 1.3
// (tried on 10.11), and so it does by its own default since then; before, also 1.1.
func (d Dialect) TLSVersions() TLSVersions {
	v := d.version
	switch {
	case v.Flavour == facts.MariaDB && before(v, 10, 11, 0):
		return TLSVersions{1, 3}
	case v.Flavour == facts.MariaDB:
		return TLSVersions{2, 3}
	case yaSSL(v) && before(v, 5, 7, 0):
		return TLSVersions{0, 0}
	case yaSSL(v):
		return TLSVersions{0, 1}
	case before(v, 8, 0, 16):
		return TLSVersions{0, 2}
	case before(v, 8, 0, 28):
		return TLSVersions{0, 3}
	}
	return TLSVersions{2, 3}
}

// ServedVersions are those that a server speaks as source, given what its variable tls_version says; empty where that was not seen. What MySQL
// names there and has no code for, it does not speak.
func (d Dialect) ServedVersions(setting string) TLSVersions {
	most := d.TLSVersions()
	named := namedVersions(setting)
	switch {
	case len(named) == 0:
		return most
	case d.version.Flavour == facts.MariaDB:
		return TLSVersions{named[0], named[len(named)-1]}
	}
	served := TLSVersions{max(most.Oldest, named[0]), min(most.Newest, named[len(named)-1])}
	if served.Oldest > served.Newest {
		return most
	}
	return served
}

// namedVersions are those of a list such as TLSv1.2,TLSv1.3, oldest first.
func namedVersions(setting string) []int {
	list := versions(setting)
	var named []int
	for i, name := range []string{"tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"} {
		for _, listed := range list {
			if strings.TrimSpace(listed) == name {
				named = append(named, i)
			}
		}
	}
	return named
}

// SpeaksModernTLS says from which release on a server of this line speaks TLS 1.2; empty where all do.
func (d Dialect) SpeaksModernTLS() string {
	if !yaSSL(d.version) {
		return ""
	}
	return "MySQL 5.6.46, 5.7.28 and later are built with OpenSSL, and speak TLS 1.2"
}
