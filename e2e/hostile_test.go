package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
)

// TestHostileCertificates: names in a certificate of somebody else would colour a terminal and ring its bell. They are told as the bytes
// that they are, by whatever tells of certificates.
func TestHostileCertificates(t *testing.T) {
	t.Parallel()
	const bell, told = "db1\x1b[31m\a.example.com", `db1\x1B[31m\x07.example.com`
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.names(c, "")
	primary := c.Primary()
	hostile := func(address string) {
		pki.request("primary", "/O=Example/CN="+bell)
		pki.sign("primary", "middle", "365",
			"keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:"+bell+",IP:"+address+"\n")
		pki.append("primary.pem", "middle.pem")
	}
	tells := func(o outcome) {
		t.Helper()
		o.says(t, told)
		if strings.ContainsAny(o.stdout+o.stderr, "\x1b\a") {
			t.Errorf("a terminal would carry it out: %q", o.stdout+o.stderr)
		}
	}
	served := fmt.Sprintf("%s:%d", primary.Address, primary.Port)

	hostile("127.9.9.9")
	tells(c.want(3, "plan"))
	tells(c.want(3, "apply", "--yes"))
	tells(c.want(3, "pki", "lint"))
	tells(c.want(3, "pki", "lint", "--ca", pki.at("root.pem"), "--cert", pki.at("primary.pem"), "--name", "db9"))
	tells(c.want(0, "pki", "list"))

	hostile(primary.Address)
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	tells(c.want(0, "pki", "inspect", pki.at("primary.pem")))
	tells(c.want(0, "pki", "inspect", "primary"))
	tells(c.want(0, "pki", "inspect", served))
	tells(c.want(3, "pki", "inspect", served, "--ca", pki.at("root.pem"), "--name", "db9"))
	for _, command := range []string{"plan", "status", "verify"} {
		if o := c.want(0, command); strings.ContainsAny(o.stdout+o.stderr, "\x1b\a") {
			t.Errorf("%s: %q", command, o.stdout+o.stderr)
		}
	}
}
