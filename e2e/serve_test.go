package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/e2e/lab"
	"github.com/replssl/replssl/orchestrate/run"
)

// elsewhere makes an authority by openssl, and a certificate of it for the primary that is valid from and for so many days, in a folder of the
// primary; the server's settings name them. It gives the folder.
func (c *cluster) elsewhere(days int) string {
	c.t.Helper()
	p := c.Primary()
	dir := filepath.Join(p.Dir, "elsewhere")
	must(c.t, os.MkdirAll(dir, 0o755))
	must(c.t, os.Chmod(dir, 0o755))
	script := `set -e; cd "$1"
[ -e ca.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 3650 -subj "/CN=elsewhere CA" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out req.pem -subj "/CN=elsewhere" 2>/dev/null
printf 'subjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n' "$2" >ext
if [ "$3" -gt 0 ]; then openssl x509 -req -in req.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile ext -days "$3" -out cert.pem 2>/dev/null
else faketime=$(date -u -d '-2 days' +%y%m%d%H%M%SZ); until=$(date -u -d '-1 day' +%y%m%d%H%M%SZ)
: >index; echo 01 >serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' >ca.cnf
openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca-key.pem -in req.pem -extfile ext -startdate "$faketime" -enddate "$until" -notext -out cert.pem 2>/dev/null
fi
chmod 644 *.pem`
	out, err := exec.CommandContext(c.t.Context(), "sh", "-c", script, "sh", dir, p.Address, fmt.Sprint(days)).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	text := fmt.Sprintf("[mysqld]\nssl_ca=%s/ca.pem\nssl_cert=%s/cert.pem\nssl_key=%s/key.pem\n", dir, dir, dir)
	must(c.t, os.WriteFile(filepath.Join(p.ConfDir, "50-elsewhere.cnf"), []byte(text), 0o644))
	must(c.t, c.RestartServer(c.t.Context(), "primary"))
	for _, s := range c.Replicas() {
		c.sql(s.Name, "STOP SLAVE; START SLAVE")
	}
	return dir
}

// checks lets a replica use TLS and check its source against another authority.
func (c *cluster) checks(replica, bundle string) {
	c.t.Helper()
	c.sql(replica, "STOP SLAVE; CHANGE MASTER TO MASTER_SSL=1, MASTER_SSL_CA='"+bundle+"', MASTER_SSL_VERIFY_SERVER_CERT=1; START SLAVE")
}

func (c *cluster) receiver(name string) string {
	c.t.Helper()
	status, err := c.SlaveStatus(c.t.Context(), name)
	must(c.t, err)
	return status["Slave_IO_Running"] + " " + status["Last_IO_Errno"]
}

// served is the serial number of the certificate that the primary shows.
func (c *cluster) served() string {
	c.t.Helper()
	p := c.Primary()
	cmd := exec.CommandContext(c.t.Context(), "sh", "-c",
		`openssl s_client -starttls mysql -connect "$1" </dev/null 2>/dev/null | openssl x509 -noout -serial -issuer`, "sh", fmt.Sprintf("%s:%d", p.Address, p.Port))
	out, err := cmd.Output()
	must(c.t, err)
	return strings.TrimSpace(string(out))
}

func (p planned) impactOf(id string) string {
	for _, s := range p.Steps {
		if s.ID == id {
			return s.Impact
		}
	}
	return ""
}

// TestAnotherCertificateBefore: the primary serves TLS by somebody else's certificate; replica1 checks it, replica2 replicates in plaintext.
func TestAnotherCertificateBefore(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	dir := c.elsewhere(365)
	c.checks("replica1", filepath.Join(dir, "ca.pem"))
	c.await("replica1 checks its source", func() bool { return c.receiver("replica1") == "Yes 0" })
	before := c.served()
	allArrived := c.write()
	impact := c.plan(2).impactOf("serve/primary")
	for _, text := range []string{"clients that trust only the issuer", "elsewhere CA", "tls.source: files", "replica1, whose options do not trust"} {
		if !strings.Contains(impact, text) {
			t.Errorf("the impact does not tell %q: %s", text, impact)
		}
	}
	spoil := filepath.Join(c.Dir, "spoil")
	must(t, os.WriteFile(spoil, nil, 0o600))
	c.restartBy(`own=$(grep -l current/cert.pem "$conf"/*.cnf); if [ -e ` + spoil + ` ] && [ -n "$own" ]; then echo no_such_option >>"$own"; fi; exec "$restart"`)
	c.want(4, "apply", "--yes").says(t, "serve/primary", "FAILED", "(taken back)")
	c.serves(before)
	for _, name := range []string{"replica1", "replica2"} {
		if now := c.receiver(name); now != "Yes 0" {
			t.Errorf("the receiver of %s: %s", name, now)
		}
	}
	if status, err := c.SlaveStatus(t.Context(), "replica1"); err != nil || status["Master_SSL_CA_File"] != filepath.Join(dir, "ca.pem") {
		t.Errorf("replica1 has not its former options: %v %v", status, err)
	}
	must(t, os.Remove(spoil))
	c.want(0, "apply", "--yes")
	c.proven()
	if now := c.served(); now == before || strings.Contains(now, "elsewhere") {
		t.Errorf("it serves %s", now)
	}
	c.want(0, "apply", "--yes").says(t, "nothing to do")
	allArrived()
}

// TestExpiredCertificateBefore: receivers that check it are out; apply lets them back in.
func TestExpiredCertificateBefore(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	dir := c.elsewhere(0)
	c.checks("replica1", filepath.Join(dir, "ca.pem"))
	c.await("replica1 is kept out", func() bool { return c.receiver("replica1") == "Connecting 2026" })
	allArrived := c.write()
	c.want(5, "verify").says(t, "has expired at")
	c.want(0, "apply", "--yes")
	c.proven()
	allArrived()
}

// TestCompleteByHand: somebody else made the certificates, the settings, the channels and the requirement. That is proven as it is; a plan makes
// one thing of it, the certificates that it can renew, and says how they are kept.
func TestCompleteByHand(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	dir := c.elsewhere(365)
	for _, s := range c.Replicas() {
		c.checks(s.Name, filepath.Join(dir, "ca.pem"))
	}
	c.sql("primary", "SET sql_log_bin = 0; ALTER USER "+c.Account.User+"@'%' REQUIRE SSL")
	for _, s := range c.Replicas() {
		c.sql(s.Name, "STOP SLAVE; START SLAVE")
		c.await(s.Name+" checks its source", func() bool { return c.receiver(s.Name) == "Yes 0" })
	}
	allArrived := c.write()
	for _, replica := range c.verify(0).Replicas {
		if !replica.Encrypted || replica.Proof != "demanded" || replica.Verified != "identity" {
			t.Errorf("%+v", replica)
		}
	}
	for _, s := range c.status().Servers {
		if primary := s.Server == "primary"; s.ServesSet || s.Serves != primary || primary && (s.DaysLeft < 363 || s.DaysLeft > 365) {
			t.Errorf("%+v", s)
		}
	}
	before := c.served()
	p := c.plan(2)
	for _, id := range []string{"files/primary", "config/primary", "serve/primary", "files/replica1"} {
		if !slices.Contains(p.ids(), id) {
			t.Errorf("no step %s in %v", id, p.ids())
		}
	}
	if impact := p.impactOf("serve/primary"); !strings.Contains(impact, "elsewhere CA") || !strings.Contains(impact, "to keep it: tls.source: files") {
		t.Errorf("the impact tells nothing of the certificate that it replaces: %s", impact)
	}
	c.want(2, "plan").says(t, "today ssl_cert is "+dir+"/cert.pem")
	c.proven()
	c.serves(before)
	c.want(0, "apply", "--yes")
	c.proven()
	c.want(0, "apply", "--yes").says(t, "nothing to do")
	allArrived()
}

// TestAllServersServe: the replicas are prepared for a failover, one after the other.
func TestAllServersServe(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{Replicas: 3})
	c.edit(`(?m)^account:`, "tls: {servers: all}\naccount:")
	allArrived := c.write()
	c.want(0, "apply", "--yes")
	c.proven()
	for _, s := range c.Servers {
		have, err := c.Value(t.Context(), s.Name, "SELECT @@have_ssl")
		must(t, err)
		if have != "YES" {
			t.Errorf("%s: have_ssl is %s", s.Name, have)
		}
	}
	c.want(0, "apply", "--yes").says(t, "nothing to do")
	allArrived()
}

// serves asserts that the primary shows the certificate that it did before.
func (c *cluster) serves(before string) {
	c.t.Helper()
	if now := c.served(); now != before {
		c.t.Errorf("it served %s, and serves %s", before, now)
	}
}

// usesFirstSet asserts that the first set is the one in use on the primary's host.
func (c *cluster) usesFirstSet() {
	c.t.Helper()
	if link, err := os.Readlink(filepath.Join(c.Primary().TLSDir, "current")); err != nil || filepath.Base(link) != "1" {
		c.t.Errorf("the set in use is %s: %v", link, err)
	}
}

// TestReloadThatTheServerRefuses: the key goes bad after the set was laid down. The server goes on with the former set, and starts with it.
func TestReloadThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	c := start(t, lab.Options{})
	allArrived := c.write()
	c.want(0, "apply", "--yes")
	c.renewPrimary()
	before := c.served()
	bad, key := otherKey(t), filepath.Join(c.Primary().TLSDir, "versions", "2", "key.pem")
	var good []byte
	c.takenBack(c.hastily(run.DefaultPace(), beforeReload(func() {
		if good == nil {
			good = replace(t, key, bad)
		}
	})), "let primary read its certificate files again")
	c.serves(before)
	c.usesFirstSet()
	replace(t, key, good)
	c.want(0, "apply", "--yes")
	if now := c.served(); now == before {
		t.Errorf("it still serves %s", now)
	}
	c.proven()
	allArrived()
}
