package dialect_test

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
)

func TestReaderOf(t *testing.T) {
	yaSSL := pki.Reader{RSAOnly: true, PKCS1Only: true, CommonNameOnly: true, FirstCertOnly: true, NoEd25519: true, NoCRL: true}
	for _, test := range []struct {
		version, comment string
		want             pki.Reader
	}{
		{"10.11.19-MariaDB-log", "", pki.Reader{}},
		{"5.5.5-10.3.1-MariaDB", "", pki.Reader{}},
		{"5.5.62", "MySQL Community Server (GPL)", yaSSL},
		{"5.6.24-log", "MySQL Community Server (GPL)", yaSSL},
		{"5.6.45", "MySQL Community Server (GPL)", yaSSL},
		{"5.6.46", "MySQL Community Server (GPL)", pki.Reader{CommonNameOnly: true, FirstCertOnly: true, NoEd25519: true}},
		{"5.7.27", "MySQL Community Server (GPL)", yaSSL},
		{"5.7.28", "MySQL Community Server (GPL)", pki.Reader{CommonNameOnly: true, FirstCertOnly: true, NoEd25519: true}},
		{"5.6.35-80.0", "Percona Server (GPL)", pki.Reader{CommonNameOnly: true, FirstCertOnly: true, NoEd25519: true}},
		{"5.6.36-82.0", "Percona Server (GPL)", pki.Reader{FirstCertOnly: true, NoEd25519: true}},
		{"5.7.17-13", "Percona Server (GPL)", pki.Reader{CommonNameOnly: true, FirstCertOnly: true, NoEd25519: true}},
		{"5.7.44-48", "Percona Server (GPL)", pki.Reader{FirstCertOnly: true, NoEd25519: true}},
		{"8.0.17", "MySQL Community Server - GPL", pki.Reader{FirstCertOnly: true, NoEd25519: true}},
		{"8.0.29", "MySQL Community Server - GPL", pki.Reader{FirstCertOnly: true}},
		{"8.0.30", "MySQL Community Server - GPL", pki.Reader{}},
		{"8.0.36-28", "Percona Server (GPL)", pki.Reader{}},
		{"9.7.4", "MySQL Community Server - GPL", pki.Reader{WholeChainInCA: true}},
		{"26.10.0", "MySQL Community Server - GPL", pki.Reader{WholeChainInCA: true}},
	} {
		version, err := dialect.ParseVersion(test.version, test.comment)
		if err != nil {
			t.Fatal(err)
		}
		got := dialect.ReaderOf(facts.Instance{Version: version})
		got.Who = ""
		if got != test.want {
			t.Errorf("%s %s:\n%+v, want\n%+v", test.version, test.comment, got, test.want)
		}
	}
}

func TestReadersAreNamed(t *testing.T) {
	reader := dialect.ReaderOf(facts.Instance{Version: facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 6, Patch: 24}}).On("db2")
	if reader.Who != "db2 (MySQL 5.6.24)" {
		t.Errorf("it is called %q", reader.Who)
	}
}

// A receiver that has its TLS from wolfSSL looks for an address in the common name alone.
func TestReaderOfWolfSSL(t *testing.T) {
	wolf := dialect.ReaderOf(facts.Instance{Version: version(facts.MariaDB, 11, 4, 5), TLSLibrary: "WolfSSL 5.7.6"})
	if open := dialect.ReaderOf(facts.Instance{Version: version(facts.MariaDB, 11, 8, 6), TLSLibrary: "OpenSSL 3.5.5 27 Jan 2026"}); !wolf.NoAddresses || !wolf.NoCRL || open.NoAddresses || open.NoCRL {
		t.Errorf("%+v, %+v", wolf, open)
	}
	if wolf.Calling("db1.example.com").CommonNameOnly || !wolf.Calling("192.0.2.1").CommonNameOnly || !wolf.Calling("2001:db8::1").CommonNameOnly {
		t.Errorf("%+v", wolf)
	}
}
