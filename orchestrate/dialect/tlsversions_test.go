package dialect_test

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

func TestTLSVersions(t *testing.T) {
	mysql := func(major, minor, patch int) dialect.Dialect {
		return of(t, facts.Version{Flavour: facts.MySQL, Major: major, Minor: minor, Patch: patch})
	}
	mariadb := mariadb1011(t)
	for _, c := range []struct {
		source   dialect.Dialect
		setting  string
		receiver dialect.Dialect
		meet     bool
		serves   string
	}{
		{mysql(5, 6, 24), "", mysql(5, 6, 24), true, "TLS 1.0"},
		{mysql(5, 6, 24), "", mysql(5, 7, 22), true, "TLS 1.0"},
		{mysql(5, 7, 22), "TLSv1,TLSv1.1", mysql(8, 0, 15), true, "TLS 1.0 to 1.1"},
		{mysql(5, 7, 22), "TLSv1,TLSv1.1", mysql(8, 0, 33), false, "TLS 1.0 to 1.1"},
		{mysql(5, 7, 22), "TLSv1,TLSv1.1", mariadb, false, "TLS 1.0 to 1.1"},
		{mysql(5, 7, 44), "TLSv1,TLSv1.1,TLSv1.2", mysql(8, 0, 33), true, "TLS 1.0 to 1.2"},
		{mysql(5, 7, 44), "TLSv1,TLSv1.1", mysql(8, 0, 33), false, "TLS 1.0 to 1.1"},
		{mysql(8, 0, 33), "TLSv1.2,TLSv1.3", mysql(8, 0, 15), true, "TLS 1.2 to 1.3"},
		{mysql(8, 0, 33), "TLSv1.3", mysql(8, 0, 15), false, "TLS 1.3"},
		{mysql(8, 0, 33), "", mysql(9, 7, 4), true, "TLS 1.2 to 1.3"},
		{mysql(8, 0, 33), "nonsense", mysql(9, 7, 4), true, "TLS 1.2 to 1.3"},
		{mariadb, "TLSv1.1, TLSv1.2", mysql(5, 7, 22), true, "TLS 1.1 to 1.2"},
		{mariadb, "TLSv1.2,TLSv1.3", mysql(5, 7, 22), false, "TLS 1.2 to 1.3"},
		{of(t, facts.Version{Flavour: facts.Percona, Major: 5, Minor: 7, Patch: 22}), "TLSv1,TLSv1.1,TLSv1.2", mysql(8, 0, 33), true, "TLS 1.0 to 1.2"},
	} {
		served := c.source.ServedVersions(c.setting)
		if served.String() != c.serves || served.Meet(c.receiver.TLSVersions()) != c.meet {
			t.Errorf("%s with %q serves %s, a receiver of %s speaks %s: they meet: %t", c.source, c.setting, served, c.receiver, c.receiver.TLSVersions(), !c.meet)
		}
	}
}
