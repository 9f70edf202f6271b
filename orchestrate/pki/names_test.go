package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplitNames(t *testing.T) {
	dns, ips := SplitNames([]string{
		"db1.example.com", "192.0.2.1", "", "DB1.example.com", "db1", "2001:db8:0::1", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0", "1.2.3",
	})
	if want := []string{"db1.example.com", "db1", "1.2.3"}; !reflect.DeepEqual(dns, want) {
		t.Errorf("got %q, want %q", dns, want)
	}
	if want := []netip.Addr{addr("192.0.2.1"), addr("2001:db8::1"), addr("fe80::1")}; !reflect.DeepEqual(ips, want) {
		t.Errorf("got %v, want %v", ips, want)
	}
}

func TestWhatOpenSSLCallsThem(t *testing.T) {
	serials := []*big.Int{big.NewInt(1), big.NewInt(0xabc), big.NewInt(0x80), new(big.Int).Lsh(big.NewInt(0xf1), 120)}
	for i, serial := range serials {
		cert := craft(t, nil, 1, func(template *x509.Certificate) {
			template.SerialNumber = serial
			template.Subject = pkix.Name{
				Country: []string{"DE"}, Province: []string{"BW"}, Locality: []string{"Ulm / Mün+ster"}, StreetAddress: []string{"Hof 1"},
				Organization: []string{"Ex=ample", "Two"}, OrganizationalUnit: []string{"DBA"}, CommonName: fmt.Sprintf("db%d \\ \x01~", i),
				SerialNumber: "77", PostalCode: []string{"89073"},
				ExtraNames: []pkix.AttributeTypeAndValue{
					{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "dba@example.com"},
					{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "example"},
					{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "u"},
					{Type: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Value: "own"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 12}, Value: "t"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: "g"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: "s"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 13}, Value: "d"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 41}, Value: "n"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 43}, Value: "i"},
					{Type: asn1.ObjectIdentifier{2, 5, 4, 46}, Value: "q"},
				},
			}
		}).Cert
		file := write(t, EncodeCert(cert))
		compare(t, file, "subject=", SubjectOneLine(cert), "-subject", "-nameopt", "compat")
		compare(t, file, "issuer=", IssuerOneLine(cert), "-issuer", "-nameopt", "compat")
	}
}

func compare(t *testing.T, file, prefix, got string, options ...string) {
	t.Helper()
	out, _ := openssl(t, append([]string{"x509", "-noout", "-in", file}, options...)...)
	if want := strings.TrimSuffix(strings.TrimPrefix(out, prefix), "\n"); got != want {
		t.Errorf("%s%q; openssl says %q", prefix, got, want)
	}
}

func TestOneLineIsAlwaysOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SliceOf(rapid.Byte()).Draw(t, "name")
		for _, char := range oneLine(name) {
			if char < ' ' || char > '~' {
				t.Fatalf("%q", oneLine(name))
			}
		}
	})
}
