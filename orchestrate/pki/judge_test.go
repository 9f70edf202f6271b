package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// good is a set without fault for db1.example.com and 192.0.2.1.
func good(t testing.TB) (Authority, Set, Want) {
	t.Helper()
	authority := newAuthority(t, 1)
	leaf := newLeaf(t, authority, "db1.example.com", "192.0.2.1")
	key, err := ParseKey([]byte(leaf.KeyPEM().Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	set := Set{CA: []*x509.Certificate{authority.Cert}, Cert: leaf.Cert, KeyFingerprint: key.Fingerprint()}
	return authority, set, Want{Names: []string{"db1.example.com", "192.0.2.1"}, Now: today(), MinLeft: 30 * 24 * time.Hour}
}

func codes(found []Finding) string {
	var list []string
	for _, finding := range found {
		list = append(list, string(finding.File)+" "+string(finding.Code))
	}
	return strings.Join(list, ", ")
}

func TestJudge(t *testing.T) {
	authority, base, want := good(t)
	other := craft(t, nil, 2, asCA)
	for _, test := range []struct {
		name   string
		change func(*Set, *Want)
		codes  string
	}{
		{"good", func(*Set, *Want) {}, ""},
		{"bundle of two", func(s *Set, _ *Want) { s.CA = []*x509.Certificate{other.Cert, authority.Cert} }, ""},
		{"key unknown", func(s *Set, _ *Want) { s.KeyFingerprint = "" }, ""},
		{"another key", func(s *Set, _ *Want) { s.KeyFingerprint = KeyFingerprint(other.Cert) }, "key.pem key-mismatch"},
		{"nothing", func(s *Set, _ *Want) { *s = Set{} }, "ca.pem ca-missing, cert.pem cert-missing"},
		{"no CA", func(s *Set, _ *Want) { s.CA = nil }, "ca.pem ca-missing"},
		{"another CA", func(s *Set, _ *Want) { s.CA = []*x509.Certificate{other.Cert} }, "cert.pem not-chained"},
		{"too early", func(_ *Set, w *Want) { w.Now = today().Add(-time.Hour) }, "ca.pem not-yet-valid, cert.pem not-yet-valid"},
		{"expired", func(_ *Set, w *Want) { w.Now = today().Add(LeafLife + time.Hour) }, "cert.pem expired"},
		{"all expired", func(_ *Set, w *Want) { w.Now = today().Add(AuthorityLife + time.Hour) }, "ca.pem expired, cert.pem expired"},
		{"expires soon", func(_ *Set, w *Want) { w.MinLeft = LeafLife + time.Hour }, "cert.pem expires-soon"},
		{
			"name missing", func(_ *Set, w *Want) { w.Names = []string{"DB1.example.com", "db1", "192.0.2.2", "db2"} },
			"cert.pem name-missing, cert.pem name-missing, cert.pem name-missing",
		},
	} {
		set, wanted := base, want
		test.change(&set, &wanted)
		if got := codes(Judge(set, wanted)); got != test.codes {
			t.Errorf("%s: got %q, want %q", test.name, got, test.codes)
		}
	}
}

// Certificates that other tools or people made.
func TestJudgeCrafted(t *testing.T) {
	authority := newAuthority(t, 1)
	for _, test := range []struct {
		name   string
		usage  Usage
		change func(*x509.Certificate)
		codes  string
	}{
		{"nothing is limited", UsageBoth, func(*x509.Certificate) {}, ""},
		{"outlives its CA", UsageBoth, func(c *x509.Certificate) { c.NotAfter = authority.Cert.NotAfter.Add(time.Hour) }, "cert.pem outlives-ca"},
		{"no alternative names", UsageBoth, func(c *x509.Certificate) { c.DNSNames = nil }, "cert.pem name-missing"},
		{"server only", "", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, "cert.pem usage-missing"},
		{"server as wanted", UsageServer, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, ""},
		{"client instead", UsageServer, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, "cert.pem usage-missing"},
		{"any usage", UsageClient, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, "cert.pem usage-missing"},
		{"encipherment only", UsageClient, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, "cert.pem usage-missing"},
		{"encipherment serves", UsageServer, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, ""},
		{"name of the CA", UsageBoth, func(c *x509.Certificate) { c.Subject = authority.Cert.Subject }, "cert.pem name-of-ca, cert.pem not-chained"},
		{"common name of the CA", UsageBoth, func(c *x509.Certificate) {
			c.Subject = pkix.Name{Organization: []string{"x"}, CommonName: authority.Cert.Subject.CommonName}
		}, ""},
		{"SHA-1", UsageBoth, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }, "cert.pem weak-signature"},
	} {
		if test.name == "SHA-1" && !canSHA1(t) {
			continue
		}
		leaf := craft(t, &authority, 1, test.change)
		set := Set{CA: []*x509.Certificate{authority.Cert}, Cert: leaf.Cert}
		if got := codes(Judge(set, Want{Names: []string{"db1.example.com"}, Now: today(), Usage: test.usage})); got != test.codes {
			t.Errorf("%s: got %q, want %q", test.name, got, test.codes)
		}
	}
}

func TestJudgeReadsLikeASentence(t *testing.T) {
	_, set, want := good(t)
	want.Names = []string{"db9"}
	found := Judge(set, want)
	if len(found) != 1 || found[0].String() != `cert.pem: "db9" is not among its alternative names (db1.example.com, 192.0.2.1)` ||
		found[0].Cure.String() != "issue a new certificate for this server with that name" {
		t.Errorf("got %+v", found)
	}
}

// An intermediate authority may be in the certificate's file or in the bundle, but a root must be in the bundle.
func TestJudgeChains(t *testing.T) {
	root := newAuthority(t, 1)
	middle := craft(t, &root, 2, asCA)
	leaf := craft(t, &middle, 1, func(*x509.Certificate) {})
	want := Want{Names: []string{"db1.example.com"}, Now: today()}
	list := func(certs ...*x509.Certificate) []*x509.Certificate { return certs }
	for name, test := range map[string]struct {
		ca, sent []*x509.Certificate
		codes    string
	}{
		"sent":         {list(root.Cert), list(middle.Cert), ""},
		"in bundle":    {list(root.Cert, middle.Cert), nil, ""},
		"missing":      {list(root.Cert), nil, "cert.pem not-chained"},
		"without root": {list(middle.Cert), nil, "cert.pem not-chained"},
		"root is sent": {list(middle.Cert), list(root.Cert), "cert.pem not-chained"},
	} {
		set := Set{CA: test.ca, Cert: leaf.Cert, Intermediates: test.sent}
		if got := codes(Judge(set, want)); got != test.codes {
			t.Errorf("%s: got %q, want %q", name, got, test.codes)
		}
		agree(t, name, set, test.codes == "")
		err := VerifyServed(append(list(leaf.Cert), test.sent...), test.ca, "db1.example.com", today())
		if (err == nil) != (test.codes == "") {
			t.Errorf("%s: the served chain: %v", name, err)
		}
	}
}

// agree asks openssl what it thinks of a set.
func agree(t *testing.T, name string, set Set, want bool) {
	t.Helper()
	args := []string{"verify", "-CAfile", write(t, EncodeCert(set.CA...))}
	if len(set.Intermediates) > 0 {
		args = append(args, "-untrusted", write(t, EncodeCert(set.Intermediates...)))
	}
	if out, ok := openssl(t, append(args, write(t, EncodeCert(set.Cert)))...); ok != want {
		t.Errorf("%s: openssl says %v: %s", name, ok, out)
	}
}

func TestWeakKey(t *testing.T) {
	dir := t.TempDir()
	if out, ok := openssl(t, "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", dir+"/key", "-out", dir+"/cert", "-subj", "/CN=weak", "-sha1"); !ok {
		t.Skip("openssl makes no weak keys here: " + out)
	}
	out, _ := openssl(t, "x509", "-in", dir+"/cert")
	certs, err := ParseBundle([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	found := codes(Judge(Set{CA: certs, Cert: certs[0]}, Want{Now: today()}))
	if !strings.Contains(found, "weak-key") || strings.Contains(found, "weak-signature") {
		t.Errorf("got %s: the key is weak, and the signature of a root is nobody's concern", found)
	}
}

func canSHA1(t *testing.T) (can bool) {
	defer func() { _ = recover() }()
	authority := newAuthority(t, 1)
	template := *authority.Cert
	template.SignatureAlgorithm = x509.SHA1WithRSA
	_, err := x509.CreateCertificate(fixed(1), &template, authority.Cert, testKeys()[1].Public(), authority.Key)
	return err == nil
}

// What is issued is found good, by both judges, for exactly the names that it was issued for.
func TestIssuedSetsAreGood(t *testing.T) {
	authority := newAuthority(t, 1)
	ca := []*x509.Certificate{authority.Cert}
	name := rapid.OneOf(
		rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,8}){0,3}`),
		rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("10.0.%d.%d", rapid.Byte().Draw(t, "c"), rapid.Byte().Draw(t, "d"))
		}),
		rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("2001:db8::%x", rapid.Uint16Min(1).Draw(t, "h")) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(name, 1, 5).Draw(t, "names")
		stranger := "stranger." + names[0]
		dns, ips := SplitNames(names)
		leaf, err := authority.Issue(means(60, 1), LeafRequest{Server: "db1", CommonName: names[0], DNS: dns, IPs: ips})
		if err != nil {
			t.Fatal(err)
		}
		set := Set{CA: ca, Cert: leaf.Cert, KeyFingerprint: KeyFingerprint(leaf.Cert)}
		if found := Judge(set, Want{Names: names, Now: today(), MinLeft: time.Hour}); len(found) > 0 {
			t.Fatalf("got %v", found)
		}
		for _, wanted := range names {
			if err := VerifyServed([]*x509.Certificate{leaf.Cert}, ca, wanted, today()); err != nil {
				t.Fatal(err)
			}
		}
		if err := VerifyServed([]*x509.Certificate{leaf.Cert}, ca, stranger, today()); err == nil {
			t.Fatalf("%q is accepted", stranger)
		}
		if got := codes(Judge(set, Want{Names: []string{stranger}, Now: today()})); got != "cert.pem name-missing" {
			t.Fatalf("got %q", got)
		}
	})
}
