package pki

import (
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The name check is compared with that of OpenSSL, which MariaDB and MySQL call.
func TestVerifyServedAgreesWithOpenSSL(t *testing.T) {
	authority := newAuthority(t, 1)
	ca := write(t, EncodeCert(authority.Cert))
	leaves := map[string]func(*x509.Certificate){
		"common name only": func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = "db1.example.com", nil },
		"address as common name": func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "192.0.2.1", nil
		},
		"address beside common name": func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames, c.IPAddresses = "db1.example.com", nil, []net.IP{net.ParseIP("192.0.2.1")}
		},
		"name hides common name": func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "db1.example.com", []string{"db2.example.com"}
		},
		"address as name": func(c *x509.Certificate) { c.DNSNames = []string{"192.0.2.1"} },
		"star":            func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com"} },
		"star of all":     func(c *x509.Certificate) { c.DNSNames = []string{"*.com", "*"} },
		"star address":    func(c *x509.Certificate) { c.DNSNames = []string{"*.0.2.1"} },
		"IPv6":            func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.ParseIP("2001:db8::1")} },
	}
	hosts := []string{"db1.example.com", "DB1.EXAMPLE.com", "db2.example.com", "example.com", "a.b.example.com", "192.0.2.1", "2001:db8:0::1", "x.com", ".example.com"}
	for name, change := range leaves {
		leaf := craft(t, &authority, 1, change).Cert
		file := write(t, EncodeCert(leaf))
		for _, host := range hosts {
			_, byName := openssl(t, "verify", "-CAfile", ca, "-verify_hostname", host, file)
			_, byAddress := openssl(t, "verify", "-CAfile", ca, "-verify_ip", host, file)
			ip, _ := netip.ParseAddr(host)
			want := byName || ip.IsValid() && byAddress
			if host == ".example.com" || name == "star address" {
				want = false // OpenSSL takes a leading dot for any name below, and a star for a part of an address: not here
			}
			err := VerifyServed([]*x509.Certificate{leaf}, []*x509.Certificate{authority.Cert}, host, today())
			if (err == nil) != want {
				t.Errorf("%s, host %s: openssl says %v, here: %v", name, host, want, err)
			}
		}
	}
}

func TestVerifyServedRefuses(t *testing.T) {
	authority, other := newAuthority(t, 1), craft(t, nil, 2, asCA)
	leaf := newLeaf(t, authority, "db1").Cert
	client := craft(t, &authority, 1, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }).Cert
	list := func(certs ...*x509.Certificate) []*x509.Certificate { return certs }
	for name, test := range map[string]struct {
		chain, bundle []*x509.Certificate
		host          string
		now           time.Time
		says          string
	}{
		"nothing shown":   {nil, list(authority.Cert), "db1", today(), "showed no certificate"},
		"empty bundle":    {list(leaf), nil, "db1", today(), "issued by no authority that is trusted here"},
		"another CA":      {list(leaf), list(other.Cert), "db1", today(), "issued by no authority that is trusted here"},
		"its own CA sent": {list(leaf, authority.Cert), list(other.Cert), "db1", today(), "issued by no authority that is trusted here"},
		"expired":         {list(leaf), list(authority.Cert), "db1", today().Add(LeafLife + time.Hour), "is not valid now: "},
		"no host":         {list(leaf), list(authority.Cert), "", today(), "is not for \"\""},
		"for clients":     {list(client), list(authority.Cert), "db1.example.com", today(), "may not be used by a server"},
		"pinned leaf":     {list(leaf), list(leaf), "db1", today(), ""},
	} {
		err := VerifyServed(test.chain, test.bundle, test.host, test.now)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "x509") {
			t.Errorf("%s: got %v, want it to tell %q", name, err, test.says)
		}
	}
}
