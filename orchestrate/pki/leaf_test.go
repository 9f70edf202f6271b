package pki

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIssueAsOpenSSLSeesIt(t *testing.T) {
	for _, c := range []struct {
		authority, leaf KeyKind
		begins          string
		shows           []string
	}{
		{P256, P256, "-----BEGIN EC PRIVATE KEY-----\n", []string{"ecdsa-with-SHA256", "NIST CURVE: P-256", "critical\n                Digital Signature\n"}},
		{Ed25519, Ed25519, "-----BEGIN PRIVATE KEY-----\n", []string{"ED25519", "critical\n                Digital Signature\n"}},
		{RSA3072, P256, "-----BEGIN EC PRIVATE KEY-----\n", []string{"sha256WithRSAEncryption", "NIST CURVE: P-256"}},
		{RSA3072, RSA2048, "-----BEGIN RSA PRIVATE KEY-----\n", []string{
			"sha256WithRSAEncryption", "Public-Key: (2048 bit)", "Digital Signature, Key Encipherment",
		}},
	} {
		t.Run(fmt.Sprintf("%s by %s", c.leaf, c.authority), func(t *testing.T) {
			authority, err := NewAuthority(Means{Random: fixed(3), Now: today(), NewKey: NewKeys(c.authority)}, "orders")
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := authority.Issue(Means{Random: fixed(4), Now: today(), NewKey: NewKeys(c.leaf)}, LeafRequest{
				Server: "db1", CommonName: "db1.example.com", DNS: []string{"db1.example.com", "db1"},
				IPs: []netip.Addr{addr("192.0.2.1"), addr("2001:db8::1")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(leaf.KeyPEM().Reveal(), c.begins) {
				t.Error("the key is not in the oldest form of its kind")
			}
			checkByOpenSSL(t, authority, leaf, c.shows)
		})
	}
}

func checkByOpenSSL(t *testing.T, authority Authority, leaf Leaf, shows []string) {
	t.Helper()
	ca, cert, key := write(t, EncodeCert(authority.Cert)), write(t, leaf.CertPEM()), write(t, []byte(leaf.KeyPEM().Reveal()))
	for _, purpose := range []string{"sslserver", "sslclient"} {
		if out, ok := openssl(t, "verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, cert); !ok {
			t.Errorf("%s: %s", purpose, out)
		}
	}
	if out, ok := openssl(t, "pkey", "-check", "-noout", "-in", key); !ok {
		t.Error(out)
	}
	ofKey, _ := openssl(t, "pkey", "-pubout", "-in", key)
	if ofCert, _ := openssl(t, "x509", "-pubkey", "-noout", "-in", cert); ofKey != ofCert {
		t.Error("openssl sees another key than the certificate's")
	}
	text, _ := openssl(t, "x509", "-noout", "-text", "-in", cert)
	for _, want := range append([]string{
		"Subject: CN = db1.example.com", "CA:FALSE", "TLS Web Server Authentication, TLS Web Client Authentication",
		"DNS:db1.example.com, DNS:db1, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1",
	}, shows...) {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not show %q:\n%s", want, text)
		}
	}
}

func TestIssueHoldsItsRules(t *testing.T) {
	authority := newAuthority(t, 1)
	text := rapid.StringMatching(`[A-Za-z0-9._:-]{0,90}`)
	rapid.Check(t, func(t *rapid.T) {
		request := LeafRequest{
			Server: text.Draw(t, "server"), CommonName: text.Draw(t, "common name"),
			DNS:  rapid.SliceOfN(rapid.StringMatching(`[a-z0-9.-]{1,60}`), 0, 5).Draw(t, "dns"),
			Life: time.Duration(rapid.Int64Range(1, int64(20*365*24*time.Hour)).Draw(t, "life")),
		}
		if rapid.Bool().Draw(t, "with address") {
			request.IPs = []netip.Addr{netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))}
		}
		leaf, err := authority.Issue(means(50, 1), request)
		if err != nil {
			t.Fatal(err)
		}
		checkLeaf(t, authority.Cert, leaf.Cert, request)
	})
}

func checkLeaf(t *rapid.T, ca, cert *x509.Certificate, request LeafRequest) {
	name := cert.Subject.CommonName
	if name == "" || len(name) > maxCommonName || name == ca.Subject.CommonName {
		t.Fatalf("the common name is %q", name)
	}
	if want := request.CommonName; want != "" && len(want) <= maxCommonName && name != want {
		t.Fatalf("the common name is %q, not %q", name, want)
	}
	if len(request.DNS)+len(cert.DNSNames) > 0 && !reflect.DeepEqual(cert.DNSNames, request.DNS) {
		t.Fatalf("the names are %q, not %q", cert.DNSNames, request.DNS)
	}
	if len(cert.IPAddresses) != len(request.IPs) {
		t.Fatalf("the addresses are %v, not %v", cert.IPAddresses, request.IPs)
	}
	if cert.NotAfter.After(ca.NotAfter) || cert.NotBefore.Before(ca.NotBefore) || cert.IsCA {
		t.Fatalf("from %v to %v, CA %v", cert.NotBefore, cert.NotAfter, cert.IsCA)
	}
	if err := cert.CheckSignatureFrom(ca); err != nil {
		t.Fatal(err)
	}
}

func TestCommonNamesDiffer(t *testing.T) {
	authority := newAuthority(t, 1)
	long := strings.Repeat("a", 70)
	seen := map[string]string{authority.Cert.Subject.CommonName: "the authority"}
	for _, server := range []string{"db1", "db2", long + "1", long + "2", authority.Cert.Subject.CommonName, ""} {
		leaf, err := authority.Issue(means(50, 1), LeafRequest{Server: server})
		if err != nil {
			t.Fatal(err)
		}
		name := leaf.Cert.Subject.CommonName
		if other, again := seen[name]; again {
			t.Errorf("%q is the common name of %q and %q", name, server, other)
		}
		seen[name] = server
	}
}

func TestValidity(t *testing.T) {
	authority := newAuthority(t, 1)
	authority.Cert.NotBefore = today()
	until := authority.Cert.NotAfter
	for name, test := range map[string]struct {
		now  time.Time
		life time.Duration
		want time.Time
		err  string
	}{
		"by default":            {now: today(), want: today().Add(LeafLife)},
		"as long as told":       {now: today(), life: time.Hour, want: today().Add(time.Hour)},
		"cut at the authority":  {now: until.Add(-time.Hour), want: until},
		"before the authority":  {now: today().Add(-time.Hour), err: "certificate for db1: the authority is not valid before"},
		"the authority expired": {now: until.Add(time.Hour), err: "certificate for db1: the authority has expired on"},
		"negative":              {now: today(), life: -1, err: "shorter than nothing"},
	} {
		made := means(1, 1)
		made.Now = test.now
		leaf, err := authority.Issue(made, LeafRequest{Server: "db1", Life: test.life})
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || leaf.Cert.NotAfter.Sub(test.want).Abs() > time.Minute || leaf.Cert.NotBefore.Before(authority.Cert.NotBefore) {
			t.Errorf("%s: %v to %v, %v", name, leaf.Cert.NotBefore, leaf.Cert.NotAfter, err)
		}
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	leaf := newLeaf(t, newAuthority(t, 1), "db1")
	number := testKeys()[1].D.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, leaf); strings.Contains(text, number) || strings.Contains(text, "PRIVATE") {
			t.Errorf("%s shows the key", verb)
		}
	}
}
