package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// corporate is a PKI as a company has it, made by openssl: a root, an intermediate authority, and certificates by that.
type corporate struct {
	t   *testing.T
	dir string
}

// newCorporate makes a PKI and the files of every server of the lab.
func newCorporate(c *cluster) *corporate {
	c.t.Helper()
	p := &corporate{t: c.t, dir: c.t.TempDir()}
	p.authorities("")
	for _, s := range c.Servers {
		p.leaf(s.Name, s.Address, "")
	}
	return p
}

func (p *corporate) at(name string) string { return filepath.Join(p.dir, name) }

// authorities makes root and intermediate with a prefix, and the bundle ca.pem of the root alone.
func (p *corporate) authorities(prefix string) {
	p.t.Helper()
	p.openssl("req", "-new", "-x509", "-sha256", "-days", "3650", "-newkey", "rsa:2048", "-nodes", "-keyout", p.at(prefix+"root.key"), "-out", p.at(prefix+"root.pem"),
		"-subj", "/O=Example/CN="+prefix+"Example Root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
	p.request(prefix+"middle", "/O=Example/CN="+prefix+"Example Databases")
	p.sign(prefix+"middle", prefix+"root", "3650", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n")
}

// leaf makes a server's files: NAME.pem with the intermediate behind the certificate, and NAME.key.
func (p *corporate) leaf(name, address, prefix string) {
	p.t.Helper()
	p.leafOf(name, address, prefix, "/O=Example/OU=DBA/CN="+name)
}

// leafOf makes them with a subject of its own.
func (p *corporate) leafOf(name, address, prefix, subject string) {
	p.t.Helper()
	p.request(name, subject)
	p.sign(name, prefix+"middle", "365", "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:"+address+"\n")
	p.append(name+".pem", prefix+"middle.pem")
}

func (p *corporate) request(name, subject string) {
	p.t.Helper()
	p.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", p.at(name+".key"), "-out", p.at(name+".csr"), "-subj", subject)
	must(p.t, os.Chmod(p.at(name+".key"), 0o600))
}

func (p *corporate) sign(name, issuer, days, extensions string) {
	p.t.Helper()
	must(p.t, os.WriteFile(p.at(name+".ext"), []byte(extensions), 0o600))
	p.openssl("x509", "-req", "-sha256", "-in", p.at(name+".csr"), "-CA", p.at(issuer+".pem"), "-CAkey", p.at(issuer+".key"), "-CAcreateserial",
		"-days", days, "-extfile", p.at(name+".ext"), "-out", p.at(name+".pem"))
}

// append adds files to a file.
func (p *corporate) append(to string, from ...string) {
	p.t.Helper()
	text, err := os.ReadFile(p.at(to))
	must(p.t, err)
	for _, name := range from {
		more, err := os.ReadFile(p.at(name))
		must(p.t, err)
		text = append(text, more...)
	}
	must(p.t, os.WriteFile(p.at(to), text, 0o600))
}

func (p *corporate) openssl(args ...string) {
	p.t.Helper()
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		p.t.Fatalf("openssl %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// names writes the files of a PKI into the inventory.
func (p *corporate) names(c *cluster, more string) {
	c.t.Helper()
	c.edit(`policy:`, fmt.Sprintf("tls: {source: files, ca: '%s', cert: '%s', key: '%s'%s}\npolicy:",
		p.at("root.pem"), p.at("{server}.pem"), p.at("{server}.key"), more))
}

func TestOwnFiles(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	pki := newCorporate(c)
	pki.names(c, "")
	want := []string{
		"files/primary", "files/replica1", "files/replica2", "config/primary", "serve/primary", "wake/replica1", "wake/replica2",
		"change/replica1", "change/replica2", "require/primary", "rehearse/replica1", "rehearse/replica2",
	}
	if ids := c.plan(2).ids(); !slices.Equal(ids, want) {
		t.Errorf("steps %v, want %v", ids, want)
	}
	allArrived := c.write()
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	allArrived()
	c.ownNothingMoves()

	// A new certificate by the same authority: the next version, and everybody reads it.
	allArrived = c.write()
	primary := c.Primary()
	pki.leaf("primary", primary.Address, "")
	pki.leaf("replica1", c.Replicas()[0].Address, "")
	c.want(0, "apply", "--yes").says(t, "proven: replication of cluster lab")
	c.proven()
	allArrived()
	if s := c.status(); s.Servers[0].Set != 2 || s.Servers[1].Set != 2 || s.Servers[2].Set != 1 {
		t.Errorf("%+v", s.Servers)
	}
	c.ownNothingMoves()
}

// ownNothingMoves applies again, also without journal and local folder, and looks for anything that moved.
func (c *cluster) ownNothingMoves() {
	c.t.Helper()
	elsewhere := c.t.TempDir()
	c.nothingMoves("--pki", filepath.Join(elsewhere, "pki"), "--journal", filepath.Join(elsewhere, "journal"))
}

// nothingMoves applies again and looks for anything that moved. Only the journal tells what a server has read of two sets with one certificate.
func (c *cluster) nothingMoves(options ...string) {
	c.t.Helper()
	before := c.everything()
	c.plan(0)
	c.want(0, append([]string{"apply", "--yes"}, options...)...).says(c.t, "nothing to do")
	c.verify(0)
	c.want(0, "status").says(c.t, "apply has nothing to do")
	if after := c.everything(); !slices.Equal(before, after) {
		c.t.Errorf("something moved:\n%s", difference(before, after))
	}
}

// TestOwnFilesByHand carries out the runbook of a cluster with own files, whose chain stands in a file of its own.
func TestOwnFilesByHand(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.openssl("x509", "-in", pki.at("replica1.pem"), "-out", pki.at("replica1.pem")) // the certificate alone
	pki.openssl("x509", "-in", pki.at("primary.pem"), "-out", pki.at("primary.pem"))
	pki.append("middle.pem", "root.pem") // people put the whole chain there
	pki.names(c, ", chain: "+pki.at("middle.pem"))
	text := c.want(0, "runbook").stdout
	dir, err := os.MkdirTemp("", "hand")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	allArrived := c.write()
	c.byHand(dir, runbookBlocks(text, "sh"))
	c.proven()
	if p := c.plan(0); len(p.Steps) > 0 {
		t.Errorf("replssl finds something left to do: %v", p.ids())
	}
	allArrived()
	if left, err := filepath.Glob(filepath.Join(dir, "tmp.*", "*.pem")); err != nil || len(left) > 0 {
		t.Errorf("something is left on this machine: %v %v", left, err)
	}
}

// TestOwnFilesThatAreRefused: each fault is told with its code, file and cure before anything is copied.
func TestOwnFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 1})
	pki := newCorporate(c)
	pki.names(c, "")
	primary, replica := c.Primary(), c.Replicas()[0]
	for _, test := range []struct {
		name  string
		spoil func()
		says  []string
	}{
		{"a key with a passphrase", func() {
			pki.openssl("rsa", "-aes256", "-passout", "pass:secret1234", "-in", pki.at("primary.key"), "-out", pki.at("sealed.key"))
			must(t, os.Rename(pki.at("sealed.key"), pki.at("primary.key")))
		}, []string{"primary:", "key-sealed", pki.at("primary.key"), "passphrase"}},
		{"the key of another certificate", func() {
			pki.openssl("genrsa", "-out", pki.at("primary.key"), "2048")
		}, []string{"key-mismatch", pki.at("primary.key"), "put the key there"}},
		{"a certificate that has expired", func() {
			pki.expired("replica1")
		}, []string{"replica1:", "expired", pki.at("replica1.pem"), "issue a new certificate"}},
		{"no name by which the replica calls the primary", func() {
			pki.leaf("primary", "127.9.9.9", "")
		}, []string{"primary:", "name-missing", primary.Address, pki.at("primary.pem")}},
		{"no intermediate", func() {
			pki.openssl("x509", "-in", pki.at("primary.pem"), "-out", pki.at("primary.pem"))
		}, []string{"not-chained", "Example Databases"}},
		{"a key that others can read", func() { must(t, os.Chmod(pki.at("replica1.key"), 0o644)) }, []string{"chmod 600 " + pki.at("replica1.key")}},
		{"another authority", func() {
			pki.authorities("other")
			pki.leaf("replica1", replica.Address, "other")
			c.edit(`(?m)^(  replica1: \{.*tls: \{)dir:`, "${1}ca: "+pki.at("otherroot.pem")+", dir:")
		}, []string{"replica1:", "it would refuse what primary shows", "primary:", "it would refuse what replica1 shows"}},
	} {
		test.spoil()
		c.want(3, "plan").says(t, test.says...)
		c.want(3, "apply", "--yes")
		if _, err := os.Stat(primary.TLSDir); err == nil {
			t.Errorf("%s: something was copied", test.name)
		}
		for _, s := range c.Servers {
			pki.leaf(s.Name, s.Address, "")
		}
	}
}

// database is what openssl ca keeps its books in, and the configuration that names it.
func (p *corporate) database(name string) (config string) {
	p.t.Helper()
	index, serial := p.at(name+".index"), p.at(name+".serial")
	must(p.t, os.WriteFile(index, nil, 0o600))
	must(p.t, os.WriteFile(serial, []byte("77\n"), 0o600))
	must(p.t, os.WriteFile(p.at(name+".cnf"), fmt.Appendf(nil, `[ca]
default_ca = d
[d]
database = %s
serial = %s
new_certs_dir = %s
default_md = sha256
policy = p
unique_subject = no
[p]
O = optional
OU = optional
CN = supplied
`, index, serial, p.dir), 0o600))
	return p.at(name + ".cnf")
}

// expired makes the certificate of a server anew, valid until yesterday.
func (p *corporate) expired(name string) {
	p.t.Helper()
	day := func(days int) string { return time.Now().AddDate(0, 0, days).UTC().Format("20060102150405Z") }
	p.openssl("ca", "-batch", "-notext", "-config", p.database("expired"), "-cert", p.at("middle.pem"), "-keyfile", p.at("middle.key"), "-in", p.at(name+".csr"),
		"-extfile", p.at(name+".ext"), "-startdate", day(-9), "-enddate", day(-1), "-out", p.at(name+".pem"))
	p.append(name+".pem", "middle.pem")
}
